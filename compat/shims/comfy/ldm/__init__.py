"""ComfyUI's package `comfy.ldm`: the few modules of it that Weft has."""
