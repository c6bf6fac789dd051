"""ComfyUI's package `comfy.k_diffusion`."""
