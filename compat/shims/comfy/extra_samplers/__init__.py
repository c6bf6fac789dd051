"""ComfyUI's package `comfy.extra_samplers`."""
