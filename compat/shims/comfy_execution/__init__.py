"""ComfyUI's package `comfy_execution`: what of it makes sense with another engine behind it."""
