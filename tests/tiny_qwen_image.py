"""A tiny random Qwen-Image with its Qwen2.5-VL, in the original layouts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from diffusion.checkpoints.networks.language import LanguageSizes
from diffusion.checkpoints.networks.qwen25_vl import Qwen25Sizes, VisionSizes, build_qwen25, qwen25_part
from diffusion.checkpoints.networks.qwen_image import QwenImageSizes, build_qwen_image, qwen_image_part
from diffusion.checkpoints.networks.wan_vae import WanVaeSizes, wan_vae_part
from tests.diffusion.checkpoints.written import original_state

TEXT = LanguageSizes(152_064, width=128, inner_width=48, layers=2, heads=1, key_heads=1, head_width=128)
SIZES = QwenImageSizes(64, 16, width=64, head_width=32, layers=2, context_width=TEXT.width)
LAYERED = SIZES._replace(is_layered=True)
VISION = VisionSizes(width=80, inner_width=48, blocks=9, patch=14, out_width=TEXT.width)


def tiny_text() -> Any:
    """Return the text encoder with the weights of a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_qwen25(Qwen25Sizes(TEXT, VISION)).eval()


def text_state(text: Any, prefix: str) -> dict[str, Tensor]:
    """Return its tensors under the names of a file."""
    return original_state([(text, qwen25_part(Qwen25Sizes(TEXT, VISION), prefix).keys(text))])


def tiny_transformer(sizes: QwenImageSizes = SIZES) -> Any:
    """Return the transformer with the weights of a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_qwen_image(sizes).eval()


def transformer_state(transformer: Any, prefix: str) -> dict[str, Tensor]:
    """Return its tensors under the names of a file."""
    return original_state([(transformer, qwen_image_part(SIZES, prefix).keys(transformer))])


def tiny_vae_state(pixel_channels: int = 3) -> dict[str, Tensor]:
    """Return the tensors of a VAE under the names of a file."""
    part = wan_vae_part(WanVaeSizes((4, 4, 8, 8), 1, 16, (False, True, True), pixel_channels), "")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = part.build()
    return original_state([(vae, part.keys(vae))])
