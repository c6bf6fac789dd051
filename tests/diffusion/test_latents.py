"""Latent formats: the model's scale and the VAE's are inverse."""

from __future__ import annotations

import torch

from diffusion.latents import LatentFormat


def test_the_scales_are_inverse() -> None:
    samples = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    for latent_format in (
        LatentFormat(),
        LatentFormat(scale_factor=2.0),
        LatentFormat(scale_factor=1.5, shift_factor=0.1),
    ):
        torch.testing.assert_close(latent_format.process_out(latent_format.process_in(samples)), samples)


def test_latents_of_sd1_are_made_smaller_for_the_model() -> None:
    torch.testing.assert_close(LatentFormat().process_in(torch.ones(1)), torch.tensor([0.18215]))


def test_the_mean_is_taken_off_before_scaling() -> None:
    shifted = LatentFormat(scale_factor=2.0, shift_factor=0.25)
    torch.testing.assert_close(shifted.process_in(torch.ones(1)), torch.tensor([1.5]))


def test_there_is_a_colour_for_each_channel() -> None:
    latent_format = LatentFormat()
    assert len(latent_format.rgb_factors) == latent_format.channels
