"""Sampling nodes: progress, previews, cancel, shared schedules, forward noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.conditioning import Cond
from diffusion.latents import Latent
from diffusion.models import Model
from graph.errors import Cancelled
from nodes import custom_sampling as parts
from nodes import noise
from nodes.sampling import KSampler, KSamplerAdvanced
from tests.nodes.folder_host import FolderHost

POSITIVE = (Cond(torch.ones(1, 7, 32)),)
NEGATIVE = (Cond(torch.zeros(1, 7, 32)),)
EMPTY = Latent(torch.zeros(1, 4, 8, 8))


class FakeRun:
    """A run that remembers what it was told and is cancelled at a step."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.told: list[tuple[int, int]] = []
        self.pictures: list[Any] = []
        self.extra: dict[str, Any] = {}
        self._cancel_at = cancel_at

    def progress(self, value: int, total: int, text: str = "") -> None:
        self.told.append((value, total))
        if value == self._cancel_at:
            raise Cancelled("cancelled")

    def preview(self, image: Any) -> None:
        self.pictures.append(image)

    def resource(self, kind: type[Any]) -> Any:
        return FolderHost(Path())


def inputs(model: Model, **changes: Any) -> dict[str, Any]:
    given = {"model": model, "positive": POSITIVE, "negative": NEGATIVE, "latent_image": EMPTY, "run": FakeRun()}
    return {**given, "steps": 4, "cfg": 2.0, **changes}


def test_ksampler_tells_every_step_and_shows_it(tiny_model: Model) -> None:
    run = FakeRun()
    result = KSampler(**inputs(tiny_model, run=run))
    assert result.samples.shape == EMPTY.samples.shape
    assert run.told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [make().size for make in run.pictures] == [(8, 8)] * 4


def test_a_cancelled_run_stops_within_a_step(tiny_model: Model) -> None:
    run = FakeRun(cancel_at=2)
    with pytest.raises(Cancelled):
        KSampler(**inputs(tiny_model, run=run))
    assert run.told == [(1, 4), (2, 4)]


def test_two_advanced_samplers_share_the_steps_of_one(tiny_model: Model) -> None:
    whole = KSampler(**inputs(tiny_model, seed=3))
    first = KSamplerAdvanced(**inputs(tiny_model, noise_seed=3, end_at_step=2, return_with_leftover_noise="enable"))
    second = KSamplerAdvanced(**inputs(tiny_model, latent_image=first, add_noise="disable", start_at_step=2))
    torch.testing.assert_close(second.samples, whole.samples, atol=1e-4, rtol=1e-4)


def test_a_sampler_from_parts_gives_the_same(tiny_model: Model) -> None:
    sigmas = parts.BasicScheduler(tiny_model, "simple", 4, 1.0)
    chosen = inputs(tiny_model, sigmas=sigmas, sampler=parts.KSamplerSelect("euler"), noise_seed=3)
    del chosen["steps"]
    output, denoised = parts.SamplerCustom(**chosen)
    whole = KSampler(**inputs(tiny_model, seed=3, scheduler="simple"))
    torch.testing.assert_close(output.samples, whole.samples, atol=0, rtol=0)
    torch.testing.assert_close(denoised.samples, whole.samples, atol=1e-4, rtol=1e-4)


def test_part_of_a_schedule_has_the_steps_asked_for(tiny_model: Model) -> None:
    assert len(parts.BasicScheduler(tiny_model, "simple", 4, 0.5)) == 5
    assert len(parts.BasicScheduler(tiny_model, "simple", 4, 0.0)) == 0
    split = parts.SplitSigmas(parts.BasicScheduler(tiny_model, "simple", 4, 1.0), 1)
    assert (len(split.high_sigmas), len(split.low_sigmas)) == (2, 4)
    assert bool((parts.FlipSigmas(split.low_sigmas).diff() > 0).all())


def test_added_noise_replaces_the_samplers_own(tiny_model: Model) -> None:
    latent = Latent(torch.ones(1, 4, 8, 8))
    sigmas = parts.BasicScheduler(tiny_model, "simple", 4, 0.5)
    noisy = noise.AddNoise(tiny_model, noise.RandomNoise(3), sigmas, latent)
    assert not torch.allclose(noisy.samples, latent.samples)
    unchanged = noise.AddNoise(tiny_model, noise.DisableNoise(), sigmas, latent)
    torch.testing.assert_close(unchanged.samples, latent.samples)


def test_forward_noise_grows_with_the_timestep(tiny_model: Model) -> None:
    latent = Latent(torch.ones(1, 4, 8, 8))
    steps = [noise.ForwardNoise(tiny_model, latent, 0, timestep).samples for timestep in (0, 100, 400, 1000)]
    torch.testing.assert_close(steps[0], latent.samples)
    spreads = [float(step.std()) for step in steps]
    assert spreads == sorted(spreads)
