"""ComfyUI's package `comfy.ldm.modules`: the few modules of it that Weft has."""
