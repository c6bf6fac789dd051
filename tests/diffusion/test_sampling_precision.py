"""Sampling in half precision: how far the latents may be from those of float32 (docs/weights.md states the bounds)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints import load_checkpoint
from diffusion.latents import Latent
from diffusion.quantize import Precision, Precisions
from diffusion.sampling import sample

STEPS = 4
BOUNDS = {torch.bfloat16: 0.03, torch.float16: 0.005}  # of the latents' norm


def sampled(path: Path, dtype: torch.dtype) -> Tensor:
    """Return latents of a network that computes in a precision, on prompts encoded in float32."""
    exact = Precision(torch.float32)
    checkpoint = load_checkpoint(path, precisions=Precisions(Precision(dtype), exact, exact))
    positive, negative = ((checkpoint.clip.encode(text),) for text in ("a red house", "blurry"))
    latent = Latent(torch.zeros(1, 4, 8, 8))
    settings = {"seed": 3, "steps": STEPS, "cfg": 4.0, "sampler_name": "euler", "scheduler": "karras"}
    return sample(checkpoint.model, positive, negative, latent, **settings).samples


@pytest.mark.parametrize("dtype", BOUNDS)
def test_half_precision_stays_near_float32(tiny_checkpoint: Path, dtype: torch.dtype) -> None:
    exact, rough = sampled(tiny_checkpoint, torch.float32), sampled(tiny_checkpoint, dtype)
    assert 0 < (rough - exact).norm() < BOUNDS[dtype] * exact.norm()
