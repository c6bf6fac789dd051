"""Skipped layers: they leave what goes in unchanged, act on the sides and levels they are for, and are put back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.load import load_diffusion_model
from diffusion.checkpoints.networks.flux import flux_part
from diffusion.checkpoints.networks.mmdit import mmdit_part
from diffusion.conditioning import Cond
from diffusion.guidance import guide
from diffusion.model_patches.skip_layers import SkipLayerGuidance, SkippedLayers, SkippedNegative, Span
from diffusion.models import Model
from nodes.skip_layers import SkipLayerGuidanceDiT, SkipLayerGuidanceDiTSimple, SkipLayerGuidanceSD3
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import FLUX, state_of
from tests.tiny_sd3 import SD35_MEDIUM

X = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(0))
SIGMA = torch.tensor([0.6])
ALWAYS = Span(1.0, 0.0)


@pytest.fixture(scope="module", params=["sd3", "flux"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    part = mmdit_part(SD35_MEDIUM, "") if request.param == "sd3" else flux_part(FLUX, "")
    return load_diffusion_model(
        write_state(tmp_path_factory.mktemp(request.param) / "tiny.safetensors", state_of(part))
    )


def prompt(model: Model, seed: int) -> tuple[Cond, ...]:
    generator = torch.Generator().manual_seed(seed)
    sizes = SD35_MEDIUM if model.family == "sd3" else FLUX
    return (
        Cond(
            *[
                torch.randn(*shape, generator=generator)
                for shape in ((1, 5, sizes.context_width), (1, sizes.pooled_width))
            ]
        ),
    )


@torch.no_grad()
def denoised(model: Model, cfg: float = 4.0, sigma: Tensor = SIGMA) -> Tensor:
    return guide(model, prompt(model, 1), prompt(model, 2), X.shape, cfg)(X, sigma)


def sides(model: Model, *layers: int) -> tuple[Tensor, Tensor]:
    """Return what both prompts give, the second without some layers."""
    skipped = model.with_hooks(SkippedLayers(layers, layers))
    negative = guide(skipped, prompt(model, 2), (), X.shape, 1.0)
    with torch.no_grad():
        return denoised(model, 1.0), negative(X, SIGMA)


def test_a_network_without_all_its_layers_is_one_without_blocks(model: Model) -> None:
    everything = tuple(range(9))
    positive, negative = sides(model, *everything)
    names = [name for name in ("transformer_blocks", "single_transformer_blocks") if hasattr(model.backbone, name)]
    lists = {name: getattr(model.backbone, name) for name in names}
    try:
        for name in names:
            setattr(model.backbone, name, torch.nn.ModuleList())
        with torch.no_grad():
            bare = guide(model, prompt(model, 2), (), X.shape, 1.0)(X, SIGMA)
    finally:
        for name, blocks in lists.items():
            setattr(model.backbone, name, blocks)
    torch.testing.assert_close(negative, bare)
    assert torch.equal(positive, denoised(model, 1.0))


def test_guidance_pushes_away_from_what_is_left_without_the_layers(model: Model) -> None:
    plain = denoised(model)
    layers = SkippedLayers((0,), (1,))
    positive = denoised(model, 1.0)
    left = denoised(model.with_hooks(layers), 1.0)
    guided = denoised(model.with_refinement(SkipLayerGuidance(layers, 2.0, ALWAYS)))
    expected = plain + 2.0 * (positive - left)
    torch.testing.assert_close(guided, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(guided, plain, atol=1e-3)
    rescaled = denoised(model.with_refinement(SkipLayerGuidance(layers, 2.0, ALWAYS, rescaling=1.0)))
    torch.testing.assert_close(rescaled.std(), positive.std(), atol=1e-4, rtol=1e-4)


def test_the_negative_side_alone_may_lack_layers(model: Model) -> None:
    positive, negative = sides(model, 0)
    patched = model.with_sides(SkippedNegative(SkippedLayers((0,), (0,)), ALWAYS))
    torch.testing.assert_close(denoised(patched), negative + 4.0 * (positive - negative), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(denoised(patched, 1.0), positive)


def test_beyond_its_levels_and_without_layers_nothing_changes(model: Model) -> None:
    plain = denoised(model)
    late = model.parameterization.percent_to_sigma(0.5) < float(SIGMA)
    start, end = (0.5, 1.0) if late else (0.0, 0.01)
    for patched in (
        SkipLayerGuidanceSD3(model, "", 3.0),
        SkipLayerGuidanceSD3(model, "0", 0.0),
        SkipLayerGuidanceSD3(model, "0", 3.0, start, end),
        SkipLayerGuidanceDiT(model, "77", "88", 3.0, 0.0, 1.0),
        SkipLayerGuidanceDiTSimple(model, "0", "0", start, end),
        SkipLayerGuidanceDiTSimple(model, "", "none"),
    ):
        torch.testing.assert_close(denoised(patched), plain, atol=1e-5, rtol=1e-5)


def test_nodes_act_between_their_percents_and_put_the_network_back(model: Model, tmp_path: Path) -> None:
    plain = denoised(model)
    for patched in (
        SkipLayerGuidanceSD3(model, "0", 3.0, 0.0, 1.0),
        SkipLayerGuidanceDiT(model, "0, 1", "1", 3.0, 0.0, 1.0, 0.5),
        SkipLayerGuidanceDiTSimple(SkipLayerGuidanceDiT(model, "0", "", 1.0, 0.0, 1.0), "0", "0"),
    ):
        assert not torch.allclose(denoised(patched), plain, atol=1e-3)
        assert patched.digest not in ("", model.digest)
    assert torch.equal(denoised(model), plain)
    assert not any("forward" in vars(module) for module in model.backbone.modules())
