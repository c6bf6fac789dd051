"""Model files: telling them apart by their headers, and building the networks that they hold.

checkpoint = load_checkpoint(Path("models/checkpoints/weft-demo.safetensors"))
checkpoint.model, checkpoint.clip, checkpoint.vae
"""

from diffusion.checkpoints.load import Checkpoint, load_checkpoint, load_clip, load_diffusion_model, load_vae

__all__ = ["Checkpoint", "load_checkpoint", "load_clip", "load_diffusion_model", "load_vae"]
