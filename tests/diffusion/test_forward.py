"""The forward process: closed form, ends, and that samplers can go on from it."""

from __future__ import annotations

import torch

from diffusion.forward import EmptyNoise, SeedNoise, add_noise, forward_noise
from diffusion.latents import Latent
from diffusion.models import Model

LATENT = Latent(torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 5)


def abar(model: Model, timestep: int) -> float:
    return float(1 / (1 + model.parameterization.sigmas[timestep - 1] ** 2))


def test_forward_noise_is_the_closed_form(tiny_model: Model) -> None:
    scale = tiny_model.latent_format.scale_factor
    noise = SeedNoise(3).generate(LATENT)
    for timestep in (1, 500, 1000):
        share = abar(tiny_model, timestep)
        expected = share**0.5 * LATENT.samples * scale + (1 - share) ** 0.5 * noise
        noisy = forward_noise(tiny_model, LATENT, 3, timestep).samples
        torch.testing.assert_close(noisy * scale, expected, atol=1e-4, rtol=1e-4)


def test_forward_noise_begins_at_the_picture_and_ends_at_noise(tiny_model: Model) -> None:
    assert forward_noise(tiny_model, LATENT, 3, 0) is LATENT
    noise = SeedNoise(3).generate(LATENT) / tiny_model.latent_format.scale_factor
    distances = [
        float((forward_noise(tiny_model, LATENT, 3, timestep).samples - noise).norm())
        for timestep in (1, 250, 500, 750, 1000)
    ]
    assert distances == sorted(distances, reverse=True)


def test_added_noise_is_the_difference_of_the_ends(tiny_model: Model) -> None:
    scale = tiny_model.latent_format.scale_factor
    noise = SeedNoise(3)
    noisy = add_noise(tiny_model, LATENT, noise, torch.tensor([5.0, 4.0, 2.0])).samples
    expected = LATENT.samples + 3.0 * noise.generate(LATENT) / scale
    torch.testing.assert_close(noisy, expected, atol=1e-4, rtol=1e-4)


def test_no_levels_or_no_noise_change_nothing(tiny_model: Model) -> None:
    assert add_noise(tiny_model, LATENT, SeedNoise(3), torch.empty(0)) is LATENT
    same = add_noise(tiny_model, LATENT, EmptyNoise(), torch.tensor([5.0])).samples
    torch.testing.assert_close(same, LATENT.samples)


def test_noise_follows_the_batch_index() -> None:
    whole = SeedNoise(3).generate(Latent(LATENT.samples, batch_index=(4, 7)))
    alone = SeedNoise(3).generate(Latent(LATENT.samples[:1], batch_index=(7,)))
    torch.testing.assert_close(alone[0], whole[1])
