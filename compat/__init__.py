"""What node packs written for ComfyUI import and expect; used by runtime only when such a pack is present."""
