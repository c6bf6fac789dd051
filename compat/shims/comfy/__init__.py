"""ComfyUI's package `comfy`: what of it Weft has. A module that is missing says so when it is imported."""
