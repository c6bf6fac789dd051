"""Damaged weights end in a sentence, not in a black picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import nn

from diffusion.clip import Clip
from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.finite import require_finite
from diffusion.latents import Latent
from diffusion.models import Model, Vae
from diffusion.sampling import sample
from diffusion.vae import decode, encode


@contextmanager
def damaged(module: nn.Module) -> Iterator[None]:
    """Make one weight of a network's last tensor NaN for a while."""
    weight = list(module.parameters())[-1].data
    kept = weight.clone()
    weight.view(-1)[0] = torch.nan
    try:
        yield
    finally:
        weight.copy_(kept)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_values_that_are_no_numbers_are_counted(value: float) -> None:
    assert require_finite(torch.zeros(3), "", "").tolist() == [0, 0, 0]
    with pytest.raises(DiffusionError, match=r"^It has 1 of 3 values that are not numbers .* Do this\.$"):
        require_finite(torch.tensor([0, value, 1e30]), "It has", "Do this.")


def test_a_damaged_model_is_told_after_sampling(tiny_model: Model) -> None:
    cond = (Cond(torch.zeros(1, 77, 32)),)
    latent = Latent(torch.zeros(1, 4, 8, 8))
    with damaged(tiny_model.backbone), pytest.raises(DiffusionError, match="checkpoint may be damaged"):
        sample(tiny_model, cond, cond, latent, seed=1, steps=1, cfg=1.0, sampler_name="euler", scheduler="normal")


def test_a_damaged_vae_is_told_both_ways(tiny_vae: Vae) -> None:
    with damaged(tiny_vae.autoencoder.decoder), pytest.raises(DiffusionError, match="gave a picture with"):  # type: ignore[arg-type]
        decode(tiny_vae, torch.zeros(1, 4, 8, 8))
    with damaged(tiny_vae.autoencoder.encoder), pytest.raises(DiffusionError, match="gave a latent with"):  # type: ignore[arg-type]
        encode(tiny_vae, torch.zeros(1, 16, 16, 3))


def test_a_damaged_text_encoder_is_told(tiny_clip: Clip) -> None:
    with damaged(tiny_clip.encoder), pytest.raises(DiffusionError, match="The text encoder gave"):
        tiny_clip.encode("a cat")
