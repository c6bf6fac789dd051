"""Inpainting: the kept part is the latent's, the other part is the inner denoiser's."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.denoiser import Guided
from diffusion.inpaint import InpaintDenoiser, fit_noise_mask
from diffusion.parameterization import Parameterization

SHAPE = (2, 4, 8, 8)


@dataclass(frozen=True)
class Halving:
    """A denoiser that returns half of what it sees."""

    parameterization: Parameterization

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return x / 2

    def guided(self, x: Tensor, sigma: Tensor) -> Guided:
        return Guided(x / 2, x / 4)


def randn(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def test_the_kept_part_is_the_latent_whatever_the_noise(eps: Parameterization) -> None:
    latent, noise, mask = randn(0), randn(1), torch.zeros(SHAPE)
    mask[..., 4:] = 1
    x = randn(2)
    denoised = InpaintDenoiser(Halving(eps), mask, latent, noise)(x, torch.full((2,), 3.0))
    torch.testing.assert_close(denoised[..., :4], latent[..., :4])
    torch.testing.assert_close(denoised[..., 4:], x[..., 4:] / 2)


def test_the_inner_denoiser_sees_the_latent_at_the_present_noise_level(eps: Parameterization) -> None:
    latent, noise = randn(0), randn(1)
    inpaint = InpaintDenoiser(Halving(eps), torch.zeros(SHAPE), latent, noise)
    guided = inpaint.guided(randn(2), torch.full((2,), 3.0))
    torch.testing.assert_close(guided.denoised, latent)
    torch.testing.assert_close(guided.uncond_denoised, (latent + 3.0 * noise) / 4)


def test_soft_masks_mix(eps: Parameterization) -> None:
    latent = randn(0)
    inpaint = InpaintDenoiser(Halving(eps), torch.full(SHAPE, 0.5), latent, torch.zeros(SHAPE))
    torch.testing.assert_close(inpaint(latent, torch.ones(2)), latent * 0.75)


def test_masks_of_any_size_and_batch_are_fitted() -> None:
    mask = torch.zeros(1, 64, 64)
    mask[:, :32] = 1
    fitted = fit_noise_mask(mask, torch.zeros(3, 4, 8, 8))
    assert fitted.shape == (3, 4, 8, 8)
    assert bool((fitted[..., :4, :] == 1).all())
    assert not fitted[..., 4:, :].any()
