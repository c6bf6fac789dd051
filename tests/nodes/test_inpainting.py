"""Inpainting models: what they are shown is the picture without the covered part, in the VAE's scale."""

from __future__ import annotations

import pytest
import torch

from diffusion.conditioning import Cond
from diffusion.models import Vae
from diffusion.vae import encode
from nodes.inpainting import InpaintModelConditioning

POSITIVE, NEGATIVE = (Cond(torch.ones(1, 7, 32), extras={"guidance": 3.5}),), (Cond(torch.zeros(1, 7, 32)),)
MASK = torch.zeros(1, 19, 29)
MASK[:, 4:12, 8:20] = 1.0


@pytest.mark.parametrize("noise_mask", [True, False])
def test_the_model_sees_the_picture_without_what_is_covered(tiny_vae: Vae, noise_mask: bool) -> None:
    pixels = torch.rand(1, 38, 58, 3)  # six and two pixels too many
    found = InpaintModelConditioning(POSITIVE, NEGATIVE, tiny_vae, pixels, MASK, noise_mask)
    covered = torch.nn.functional.interpolate(MASK[None], size=(38, 58), mode="bilinear")
    grey = torch.where(covered.round().movedim(1, -1) == 1, 0.5, pixels)
    for side, other in ((found.positive, POSITIVE), (found.negative, NEGATIVE)):
        assert torch.equal(side[0].embedding, other[0].embedding)
        torch.testing.assert_close(side[0].extras["concat_latent_image"], encode(tiny_vae, grey))
        torch.testing.assert_close(side[0].extras["concat_mask"], covered[..., 3:35, 1:57])
    assert found.positive[0].extras["guidance"] == 3.5
    torch.testing.assert_close(found.latent.samples, encode(tiny_vae, pixels))
    assert (found.latent.noise_mask is not None) is noise_mask
    if noise_mask:
        assert found.latent.noise_mask.shape[-2:] == (32, 56)
