"""Linear light from the signals of pictures.

srgb_to_linear(torch.tensor([0.5]))  # about 0.214
"""

from __future__ import annotations

import torch
from torch import Tensor

HLG_A, HLG_B, HLG_C = 0.17883277, 0.28466892, 0.55991072928  # ITU-R BT.2100, table 5


def srgb_to_linear(image: Tensor) -> Tensor:
    """Return the light of sRGB values (IEC 61966-2-1); a fourth channel is transparency and stays."""
    colours, alpha = image[..., :3], image[..., 3:]
    bright = ((colours.clamp(min=0.0) + 0.055) / 1.055) ** 2.4
    return torch.cat([torch.where(colours <= 0.04045, colours / 12.92, bright), alpha], dim=-1)


def hlg_to_linear(image: Tensor) -> Tensor:
    """Return the scene's light of HLG values (ITU-R BT.2100); a fourth channel is transparency and stays."""
    colours, alpha = image[..., :3], image[..., 3:]
    bright = (torch.exp((colours.clamp(min=0.5) - HLG_C) / HLG_A) + HLG_B) / 12.0
    return torch.cat([torch.where(colours <= 0.5, colours**2 / 3.0, bright), alpha], dim=-1)
