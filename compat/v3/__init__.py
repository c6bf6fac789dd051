"""The V3 schema of ComfyUI's node API: what `comfy_api.latest` offers to packs, and how such nodes become NodeSpecs."""
