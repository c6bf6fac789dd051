"""diffusion.train: the forward process, what is learned, and the reverse process."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor, nn

from diffusion.parameterization import Parameterization
from diffusion.train import (
    TIMESTEPS,
    Ema,
    drop_prompts,
    forward_process,
    noise_prediction_loss,
    noise_schedule,
    reverse_process,
)

BATCH = 512


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def test_the_schedule_is_that_of_the_samplers(eps: Parameterization) -> None:
    abar = noise_schedule()
    sigma = ((1 - abar) / abar).sqrt()  # Karras et al. 2022: noise over signal
    assert torch.allclose(sigma, eps.sigmas, rtol=1e-4)


@pytest.mark.parametrize("timestep", [0, 400, TIMESTEPS - 1])
def test_the_forward_process_keeps_the_variance_of_normalised_latents(timestep: int) -> None:
    x0, noise = torch.randn(2, BATCH, 4, 4, 4, generator=generator())
    x = forward_process(x0, noise, noise_schedule()[[timestep] * BATCH])
    assert float(x.var()) == pytest.approx(1.0, abs=0.03)


def test_the_forward_process_ends_in_noise_and_begins_with_the_picture() -> None:
    x0, noise = torch.randn(2, 8, 4, 4, 4, generator=generator())
    abar = noise_schedule()
    first, last = (forward_process(x0, noise, abar[[timestep] * 8]) for timestep in (0, TIMESTEPS - 1))
    assert float((first - x0).abs().max()) < 0.2
    assert float((last - noise).abs().max()) < 0.3


def test_prompts_are_dropped_as_often_as_asked() -> None:
    tokens, empty = torch.ones(4000, 5), torch.zeros(1, 5)
    dropped = (drop_prompts(tokens, empty, 0.1, generator()) == 0).all(dim=1)
    assert float(dropped.float().mean()) == pytest.approx(0.1, abs=0.02)


def test_the_loss_is_zero_for_who_knows_the_noise_and_not_for_who_guesses() -> None:
    x0, abar = torch.randn(64, 4, 4, 4, generator=generator()), noise_schedule()

    def knows(noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        return noise_in(noisy, x0, abar[timestep])

    def guesses_none(noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        return torch.zeros_like(noisy)

    losses = [
        float(noise_prediction_loss(predict, x0, torch.empty(64, 0), abar, 5.0, generator()))
        for predict in (knows, guesses_none)
    ]
    assert losses[0] < 1e-6
    assert losses[1] > 0.5


def test_almost_noiseless_pictures_count_less() -> None:
    x0, abar = torch.zeros(BATCH, 1, 2, 2), noise_schedule()

    def guesses_none(noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        return torch.zeros_like(noisy)

    weighted, plain = (
        float(noise_prediction_loss(guesses_none, x0, torch.empty(BATCH, 0), abar, min_snr, generator()))
        for min_snr in (5.0, float("inf"))
    )
    snr = abar / (1 - abar)
    expected = float((snr.clamp(max=5.0) / snr).mean())
    assert plain == pytest.approx(1.0, abs=0.1)
    assert weighted / plain == pytest.approx(expected, abs=0.1)


def test_the_reverse_process_finds_the_picture_when_the_noise_is_known() -> None:
    target, abar = torch.randn(1, 4, 4, 4, generator=generator()), noise_schedule()

    def knows(noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        return noise_in(noisy, target.expand_as(noisy), abar[timestep])

    noise = torch.randn(3, 4, 4, 4, generator=generator(1))
    found = reverse_process(knows, torch.empty(3, 0), torch.empty(3, 0), noise, steps=10)
    assert torch.allclose(found, target.expand_as(found), atol=1e-3)


def test_guidance_goes_beyond_the_prompt_away_from_none() -> None:
    prompt, empty, noise = torch.tensor([1.0]), torch.tensor([0.0]), torch.randn(1, 1, 1, 1, generator=generator())
    abar = noise_schedule()

    def towards_context(noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        return noise_in(noisy, context.expand_as(noisy), abar[timestep])

    ends = [
        float(reverse_process(towards_context, prompt, empty, noise, steps=50, guidance=guidance))
        for guidance in (0.0, 1.0, 3.0)
    ]
    assert ends == pytest.approx([0.0, 1.0, 3.0], abs=1e-3)


def test_the_average_of_weights_follows_slowly() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    ema = Ema(module, decay=0.9)
    nn.init.ones_(module.weight)
    for step in range(1000, 1005):
        ema.update(module, step)
    averaged = nn.Linear(1, 1, bias=False)
    ema.copy_to(averaged)
    assert averaged.weight.item() == pytest.approx(1 - 0.9**5)


def noise_in(noisy: Tensor, x0: Tensor, abar: Tensor) -> Tensor:
    """Solve the forward process for its noise."""
    abar = abar.view(-1, 1, 1, 1)
    return (noisy - abar.sqrt() * x0) / (1 - abar).sqrt()
