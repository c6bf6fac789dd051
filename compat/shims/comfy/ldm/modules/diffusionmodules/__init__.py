"""ComfyUI's package `comfy.ldm.modules.diffusionmodules`: the few modules of it that Weft has."""
