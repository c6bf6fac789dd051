"""Tiny random networks of Stable Diffusion 3 as files have them: in one checkpoint, or a file each.

parts = sd3_parts()            # by the folder and name of a file of its own
write_sd3(tmp_path / "models")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from diffusion.checkpoints.networks.clip_text import TextSizes, build_text, text_keys
from diffusion.checkpoints.networks.kl_vae import VaeSizes, vae_part
from diffusion.checkpoints.networks.mmdit import MmditSizes, mmdit_part
from diffusion.checkpoints.networks.t5 import T5Sizes, t5_part
from diffusion.checkpoints.part import Part
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import state_of

L = TextSizes(49_408, 77, 64, 128, 3, projection=64)
G = TextSizes(49_408, 77, 128, 256, 32, projection=96)
T5 = T5Sizes(32_128, width=208, inner_width=64, layers=2, heads=2, head_width=16)
SD3 = MmditSizes(16, 2, width=128, layers=3, context_width=T5.width, pooled_width=L.width + G.projection, table=12)
SD35_LARGE = SD3._replace(has_qk_norm=True)
SD35_MEDIUM = SD35_LARGE._replace(dual_layers=(0, 1))
VAE = VaeSizes((32, 32, 32, 32), 1, 16, has_quant_conv=False)
UNET, FIRST_STAGE, TEXTS = "model.diffusion_model.", "first_stage_model.", "text_encoders."


def text_part(sizes: TextSizes, activation: str, prefix: str) -> Part:
    """Return a CLIP in transformers' layout."""
    return Part(lambda: build_text(sizes, activation), lambda module: text_keys(module, f"{prefix}text_model."))


def text_parts(*, inside: bool = False) -> Mapping[str, Part]:
    """Return the text encoders by their kinds; inside: as a checkpoint has them."""
    prefixes = {kind: f"{TEXTS}{kind}.transformer." if inside else "" for kind in ("clip_l", "clip_g", "t5xxl")}
    return {
        "clip_l": text_part(L, "quick_gelu", prefixes["clip_l"]),
        "clip_g": text_part(G, "gelu", prefixes["clip_g"]),
        "t5xxl": t5_part(T5, prefixes["t5xxl"]),
    }


def checkpoint_state(sizes: MmditSizes = SD3) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint with everything in it."""
    parts = [mmdit_part(sizes, UNET), vae_part(VAE, FIRST_STAGE), *text_parts(inside=True).values()]
    return {key: tensor for part in parts for key, tensor in state_of(part).items()}


def write_sd3(models: Path, sizes: MmditSizes = SD3) -> None:
    """Write a file for each network where its loader looks for it."""
    parts = {"diffusion_models/sd3": mmdit_part(sizes, ""), "vae/sd3": vae_part(VAE, "")}
    parts |= {f"text_encoders/{name}": part for name, part in text_parts().items()}
    for name, part in parts.items():
        path = models / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_state(path, state_of(part))
