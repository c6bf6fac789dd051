"""A tiny random Z-Image with its Qwen3, in the original layouts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from diffusion.checkpoints.networks.language import LanguageSizes
from diffusion.checkpoints.networks.qwen3 import build_qwen3, qwen3_part
from diffusion.checkpoints.networks.z_image import ZImageSizes, build_z_image, z_image_part
from tests.diffusion.checkpoints.written import original_state

TEXT = LanguageSizes(151_936, width=32, inner_width=48, layers=4, heads=4, key_heads=2, head_width=16)
SIZES = ZImageSizes(channels=16, width=48, head_width=16, layers=2, refiners=1, context_width=TEXT.width)


class Networks:
    """The two networks, with weights of a seed."""

    def __init__(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.transformer: Any = build_z_image(SIZES).eval()
            self.text: Any = build_qwen3(TEXT).eval()
            for parameter in (self.transformer.x_pad_token, self.transformer.cap_pad_token):
                torch.nn.init.normal_(parameter)

    def state(self, prefix: str) -> dict[str, Tensor]:
        """Return the transformer's tensors under the names of a file."""
        return original_state([(self.transformer, z_image_part(SIZES, prefix).keys(self.transformer))])

    def text_state(self, prefix: str) -> dict[str, Tensor]:
        """Return the text encoder's."""
        return original_state([(self.text, qwen3_part(TEXT, prefix).keys(self.text))])
