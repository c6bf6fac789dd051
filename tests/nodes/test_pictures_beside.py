"""Pictures beside the latent: what the prompts and the latent get of a picture and its mask."""

from __future__ import annotations

import pytest
import torch

from diffusion.conditioning import Cond
from diffusion.models import Vae
from diffusion.vae import encode
from nodes.pictures_beside import InpaintModelConditioning, InstructPixToPixConditioning

PROMPT = (Cond(torch.zeros(1, 7, 32)),)
PICTURE = torch.rand(1, 35, 70, 3, generator=torch.Generator().manual_seed(0))
MASK = (torch.arange(70) >= 35).float().expand(1, 35, 70)


@pytest.mark.parametrize("noise_mask", [True, False])
def test_inpainting_shows_the_picture_without_its_masked_part(tiny_vae: Vae, noise_mask: bool) -> None:
    made = InpaintModelConditioning(PROMPT, PROMPT, tiny_vae, PICTURE, MASK, noise_mask)
    grey = torch.where(MASK.unsqueeze(-1) == 1, 0.5, PICTURE)
    for side in (made.positive, made.negative):
        torch.testing.assert_close(side[0].extras["concat_latent_image"], encode(tiny_vae, grey))
        assert torch.equal(side[0].extras["concat_mask"], MASK[None, :, 1:33, 3:67])
    torch.testing.assert_close(made.latent.samples, encode(tiny_vae, PICTURE))
    assert (made.latent.noise_mask is not None) == noise_mask


def test_a_mask_of_another_size_is_fitted_to_the_picture(tiny_vae: Vae) -> None:
    made = InpaintModelConditioning(PROMPT, (), tiny_vae, PICTURE, torch.ones(7, 10))
    assert made.positive[0].extras["concat_mask"].shape == (1, 1, 32, 64)
    assert made.negative == ()


def test_instructions_show_the_whole_picture_and_begin_with_nothing(tiny_vae: Vae) -> None:
    made = InstructPixToPixConditioning(PROMPT, PROMPT, tiny_vae, PICTURE)
    torch.testing.assert_close(made.positive[0].extras["concat_latent_image"], encode(tiny_vae, PICTURE))
    assert made.latent.samples.eq(torch.zeros(1, 4, 4, 8)).all()
