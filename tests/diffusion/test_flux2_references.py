"""References of Flux.2: told that they are free of noise, and seen by later steps without being there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from diffusion.checkpoints.load import load_diffusion_model
from diffusion.checkpoints.networks.flux import flux_part
from diffusion.checkpoints.networks.flux2 import flux2_part
from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.flux2 import keeping_references
from diffusion.guidance import guide
from diffusion.models import Model
from nodes.edit_models import FluxKVCache
from tests.diffusion.checkpoints.test_flux import random
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import FLUX, state_of
from tests.tiny_flux2 import FLUX2

X = random(1, 128, 3, 5)
REFERENCES = (random(1, 128, 2, 2, seed=5), random(1, 128, 1, 3, seed=6))
CLEAN = "index_timestep_zero"
LATENT, ALL = 15, 15 + 4 + 3  # tokens


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A network to which time and references matter more than to one of small random weights."""
    state = {
        name: tensor * (40 if "modulation" in name or "attn.qkv" in name or "linear1" in name else 1)
        for name, tensor in state_of(flux2_part(FLUX2, "")).items()
    }
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("flux2") / "flux2.safetensors", state))


def prompt(method: str | None = None, seed: int = 1, references: tuple[Tensor, ...] = REFERENCES) -> Cond:
    extras: dict[str, Any] = {"reference_latents": references}
    embedding = random(1, 512, FLUX2.context_width, seed=seed)
    return Cond(embedding, extras=extras if method is None else {**extras, "reference_latents_method": method})


@torch.no_grad()
def denoised(model: Model, cond: Cond, sigma: float = 0.7, x: Tensor = X) -> Tensor:
    return guide(model, (cond,), (), x.shape, 1.0)(x, torch.tensor([sigma]))


@contextmanager
def counted(backbone: nn.Module) -> Iterator[list[int]]:
    """Count the tokens of pictures in each call."""
    counts: list[int] = []
    handle = backbone.register_forward_pre_hook(lambda layer, args: counts.append(args[0].shape[1]))
    try:
        yield counts
    finally:
        handle.remove()


@torch.no_grad()
def with_both_times(model: Model, sigma: float) -> Tensor:
    """Compute one step with modulations for each token, which diffusers' blocks take."""
    network: Any = model.backbone
    is_latent = torch.arange(ALL) < LATENT
    embeddings = [
        network.time_guidance_embed(torch.tensor([time]), torch.tensor([3500.0])) for time in (sigma * 1000, 0.0)
    ]

    def spread(words: int) -> Any:
        mask = torch.cat((torch.ones(words, dtype=torch.bool), is_latent))[None, :, None]

        def modulated(layer: Any, args: Any, output: Tensor) -> Tensor:
            noisy, clean = (layer.linear(nn.functional.silu(each))[:, None] for each in embeddings)
            return torch.where(mask, noisy, clean)

        return modulated

    handles = [
        network.double_stream_modulation_img.register_forward_hook(spread(0)),
        network.single_stream_modulation.register_forward_hook(spread(512)),
    ]
    try:
        return denoised(model, prompt("index"), sigma)
    finally:
        for handle in handles:
            handle.remove()


def test_references_are_told_that_they_are_free_of_noise(model: Model) -> None:
    found = denoised(model, prompt(CLEAN))
    torch.testing.assert_close(found, with_both_times(model, 0.7), atol=1e-5, rtol=0)
    assert (found - denoised(model, prompt("index"))).abs().max() > 1e-3


def test_without_noise_both_times_are_one(model: Model) -> None:
    torch.testing.assert_close(denoised(model, prompt(CLEAN), 1e-9), denoised(model, prompt("index"), 1e-9))


def test_the_first_step_sees_references_and_later_ones_remember_them(model: Model) -> None:
    keeping = FluxKVCache(model)
    assert keeping.digest != model.digest
    plain = denoised(model, prompt(CLEAN))
    denoiser = guide(keeping, (prompt(),), (), X.shape, 1.0)
    with torch.no_grad(), counted(model.backbone) as counts:
        first, again = (denoiser(X, torch.tensor([0.7])) for _ in range(2))
        later = denoiser(X, torch.tensor([0.3]))
    assert counts == [ALL, LATENT, LATENT]
    torch.testing.assert_close(first, plain)
    torch.testing.assert_close(again, plain, atol=1e-5, rtol=0)  # what it remembers is what it saw
    assert (later - denoised(model, prompt(CLEAN, references=()), 0.3)).abs().max() > 1e-3


def test_every_sampling_looks_again_and_every_prompt_has_its_own(model: Model) -> None:
    sides = [prompt(CLEAN), prompt(CLEAN, seed=9, references=REFERENCES[::-1])]  # which do not go together
    cond, uncond = (denoised(model, each) for each in sides)
    with torch.no_grad(), counted(model.backbone) as counts:
        for _ in range(2):
            denoiser = guide(FluxKVCache(model), (sides[0],), (sides[1],), X.shape, 2.0)
            for _ in range(2):
                found = denoiser(X, torch.tensor([0.7]))
                torch.testing.assert_close(found, uncond + (cond - uncond) * 2, atol=1e-4, rtol=0)
    assert counts == [ALL, ALL, LATENT, LATENT] * 2


def test_a_rehearsal_shows_nothing_to_remember(model: Model) -> None:
    denoiser = guide(FluxKVCache(model), (prompt(),), (), X.shape, 1.0)
    with torch.no_grad(), counted(model.backbone) as counts:
        with FakeTensorMode(allow_non_fake_inputs=True):
            assert isinstance(denoiser(X, torch.tensor([0.7])), FakeTensor)
        found = denoiser(X, torch.tensor([0.7]))
    assert counts == [ALL, ALL]
    torch.testing.assert_close(found, denoised(model, prompt(CLEAN)))


def test_nothing_is_kept_without_references(model: Model) -> None:
    with counted(model.backbone) as counts:
        torch.testing.assert_close(
            denoised(FluxKVCache(model), prompt(references=())), denoised(model, prompt(references=()))
        )
    assert counts == [LATENT, LATENT]


def test_other_models_are_refused(model: Model, tmp_path: Path) -> None:
    flux = load_diffusion_model(write_state(tmp_path / "flux.safetensors", state_of(flux_part(FLUX, ""))))
    with pytest.raises(DiffusionError, match="this one is of the family flux"):
        keeping_references(flux)
    extras = {"reference_latents": (X,), "reference_latents_method": CLEAN}
    cond = Cond(random(1, 5, FLUX.context_width), extras=extras)
    with pytest.raises(DiffusionError, match=r"Flux.1 places reference latents by offset, index, uxo, not by"):
        guide(flux, (cond,), (), (1, 16, 4, 4), 1.0)
