"""ComfyUI's `comfy.ldm.modules.diffusionmodules.util`."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from compat.wires.sampling_levels import betas_of

__all__ = ["make_beta_schedule", "timestep_embedding"]


def make_beta_schedule(
    schedule: str, n_timestep: int, linear_start: float = 1e-4, linear_end: float = 2e-2, cosine_s: float = 8e-3
) -> Tensor:
    """Return the betas of a schedule."""
    return betas_of(schedule, n_timestep, linear_start, linear_end)


def timestep_embedding(timesteps: Tensor, dim: int, max_period: int = 10_000, repeat_only: bool = False) -> Tensor:
    """Return cosines and sines of timesteps (batch, dim) at falling frequencies (Vaswani et al. 2017)."""
    if repeat_only:
        return timesteps[:, None].repeat(1, dim)
    half = dim // 2
    frequencies = torch.exp(-math.log(max_period) * torch.arange(half, device=timesteps.device) / half)
    angles = timesteps[:, None].float() * frequencies
    found = torch.cat([angles.cos(), angles.sin()], dim=-1)
    return torch.cat([found, torch.zeros_like(found[:, :1])], dim=-1) if dim % 2 else found
