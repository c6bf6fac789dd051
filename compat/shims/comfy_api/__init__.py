"""ComfyUI's API for node packs, under its public name. What is behind it is in compat.v3."""
