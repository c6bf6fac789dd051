"""Guidance: sides are mixed by cfg, regions by weight, and jobs of one size share a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
import torch

from diffusion.adapters import NOTHING, Adapter, Given, UNetAdapter
from diffusion.conditioning import Area, Cond
from diffusion.errors import DiffusionError
from diffusion.guidance import guide
from diffusion.parameterization import Parameterization
from diffusion.patches import Usage
from diffusion.predictions import join_contexts

SHAPE = (2, 4, 32, 32)


@dataclass(frozen=True)
class FlatModel:
    """A model whose output is everywhere the mean of its context; it notes the shapes that it was given."""

    parameterization: Parameterization
    dtype: torch.dtype = torch.float32
    calls: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    adapter: Adapter = field(default_factory=UNetAdapter)
    context_width: int = 8
    family: str = "flat"

    def for_sampling(self) -> FlatModel:
        return self

    def at(self, sigma: torch.Tensor) -> FlatModel:
        return self

    def apply(
        self,
        x: torch.Tensor,
        timestep: torch.Tensor,
        context: torch.Tensor,
        sides: Sequence[int] = (),
        given: Given = NOTHING,
    ) -> torch.Tensor:
        assert timestep.shape == (x.shape[0],)
        assert context.shape[0] == x.shape[0]
        self.calls.append((tuple(x.shape), tuple(context.shape)))
        return context.mean(dim=(1, 2)).view(-1, 1, 1, 1).expand(x.shape)


def cond(value: float, tokens: int = 77, **fields: object) -> Cond:
    return Cond(torch.full((1, tokens, 8), value), **fields)


def outputs(
    model: FlatModel, positive: list[Cond], negative: list[Cond], cfg: float = 1.0, sigma: float = 1.0
) -> torch.Tensor:
    """Return what the model is taken to have put out (its noise), for x = 0."""
    denoise = guide(model, tuple(positive), tuple(negative), SHAPE, cfg)
    return -denoise(torch.zeros(SHAPE), torch.full((SHAPE[0],), sigma)) / sigma


@pytest.fixture
def model(eps: Parameterization) -> FlatModel:
    return FlatModel(eps)


def test_cfg_goes_from_the_negative_over_the_positive(model: FlatModel) -> None:
    result = outputs(model, [cond(3.0)], [cond(1.0)], cfg=4.0)
    torch.testing.assert_close(result, torch.full(SHAPE, 1.0 + 4.0 * (3.0 - 1.0)))


def test_both_sides_share_one_call(model: FlatModel) -> None:
    outputs(model, [cond(3.0)], [cond(1.0)], cfg=4.0)
    assert model.calls == [((4, 4, 32, 32), (4, 77, 8))]


def test_cfg_one_does_not_compute_the_negative_side(model: FlatModel) -> None:
    result = outputs(model, [cond(3.0)], [cond(1.0)], cfg=1.0)
    torch.testing.assert_close(result, torch.full(SHAPE, 3.0))
    assert model.calls == [((2, 4, 32, 32), (2, 77, 8))]


def test_guided_computes_both_sides_at_any_cfg(model: FlatModel) -> None:
    guided = guide(model, (cond(3.0),), (cond(1.0),), SHAPE, 1.0).guided(torch.zeros(SHAPE), torch.ones(2))
    torch.testing.assert_close(guided.denoised, torch.full(SHAPE, -3.0))
    torch.testing.assert_close(guided.uncond_denoised, torch.full(SHAPE, -1.0))


def test_prompts_of_one_side_are_averaged_by_strength(model: FlatModel) -> None:
    torch.testing.assert_close(outputs(model, [cond(1.0), cond(5.0)], []), torch.full(SHAPE, 3.0))
    weighted = outputs(model, [cond(1.0, strength=3.0), cond(5.0)], [])
    torch.testing.assert_close(weighted, torch.full(SHAPE, 2.0))


def test_contexts_of_unequal_length_share_a_call_without_changing_the_result(model: FlatModel) -> None:
    result = outputs(model, [cond(3.0, tokens=154)], [cond(1.0)], cfg=2.0)
    torch.testing.assert_close(result, torch.full(SHAPE, 5.0))
    assert model.calls == [((4, 4, 32, 32), (4, 154, 8))]


def test_contexts_that_would_be_repeated_too_often_get_calls_of_their_own(model: FlatModel) -> None:
    outputs(model, [cond(3.0, tokens=77 * 5)], [cond(1.0)], cfg=2.0)
    assert len(model.calls) == 2


def test_contexts_are_repeated_to_the_least_common_length() -> None:
    joined = join_contexts([torch.ones(1, 154, 8), torch.zeros(1, 231, 8)])
    assert joined.shape == (2, 462, 8)
    assert bool((joined[0] == 1).all())


def test_an_area_is_computed_at_its_size_and_counts_inside(model: FlatModel) -> None:
    result = outputs(model, [cond(1.0), cond(5.0, area=Area(32, 16, 0, 16))], [])
    assert {shape[-2:] for shape, _ in model.calls} == {(32, 32), (32, 16)}
    assert bool((result[..., :16] == 1).all())
    torch.testing.assert_close(result[..., 20:], torch.full((2, 4, 32, 12), 3.0))
    edge = (1.0 + 0.25 * 5.0) / 1.25  # first cell of the fade
    torch.testing.assert_close(result[..., 16], torch.full((2, 4, 32), edge))


def test_an_area_alone_leaves_zero_outside(model: FlatModel) -> None:
    denoise = guide(model, (cond(5.0, area=Area(32, 16, 0, 16)),), (), SHAPE, 1.0)
    denoised = denoise(torch.ones(SHAPE), torch.ones(2))
    assert not denoised[..., :16].any()
    torch.testing.assert_close(denoised[..., 16:], torch.full((2, 4, 32, 16), 1.0 - 5.0))


def test_areas_of_one_size_share_a_call(model: FlatModel) -> None:
    result = outputs(model, [cond(1.0, area=Area(32, 16, 0, 0)), cond(5.0, area=Area(32, 16, 0, 16))], [])
    assert [shape for shape, _ in model.calls] == [(4, 4, 32, 16)]
    torch.testing.assert_close(result[..., :16], torch.full((2, 4, 32, 16), 1.0))
    torch.testing.assert_close(result[..., 16:], torch.full((2, 4, 32, 16), 5.0))


def test_masks_mix_prompts_cell_by_cell(model: FlatModel) -> None:
    left = torch.zeros(1, 32, 32)
    left[..., :16] = 1
    result = outputs(model, [cond(1.0, mask=left), cond(5.0, mask=1 - left)], [])
    torch.testing.assert_close(result[..., :16], torch.full((2, 4, 32, 16), 1.0))
    torch.testing.assert_close(result[..., 16:], torch.full((2, 4, 32, 16), 5.0))


def test_masks_of_a_batch_belong_to_its_entries(model: FlatModel) -> None:
    masks = torch.stack([torch.zeros(32, 32), torch.ones(32, 32)])
    result = outputs(model, [cond(1.0), cond(5.0, mask=masks)], [])
    assert bool((result[0] == 1).all())
    torch.testing.assert_close(result[1], torch.full(SHAPE[1:], 3.0))


def test_prompts_act_only_in_their_range(model: FlatModel, eps: Parameterization) -> None:
    early, late = cond(1.0, end_percent=0.5), cond(5.0, start_percent=0.5)
    middle = float(eps.percent_to_sigma(0.5))
    for sigma, value in ((middle * 2, 1.0), (middle / 2, 5.0)):
        result = outputs(model, [early, late], [], sigma=sigma)
        torch.testing.assert_close(result, torch.full(SHAPE, value))
    assert {shape[0] for shape, _ in model.calls} == {2}


def test_no_acting_prompt_predicts_zero(model: FlatModel) -> None:
    denoise = guide(model, (cond(1.0, start_percent=0.9),), (), SHAPE, 1.0)
    assert not denoise(torch.ones(SHAPE), torch.full((2,), 14.0)).any()
    assert not model.calls


def test_a_limit_splits_calls_but_changes_nothing(model: FlatModel) -> None:
    prompts = (cond(1.0), cond(2.0), cond(6.0))
    x, sigma = torch.zeros(SHAPE), torch.ones(2)
    together = guide(model, prompts, (cond(0.5),), SHAPE, 3.0)(x, sigma)
    model.calls.clear()
    limited = guide(model, prompts, (cond(0.5),), SHAPE, 3.0, max_jobs=1)(x, sigma)
    torch.testing.assert_close(limited, together)
    assert len(model.calls) == 4


def test_prompts_of_another_familys_text_encoders_are_refused(model: FlatModel) -> None:
    other = Cond(torch.zeros(1, 77, 16))
    with pytest.raises(DiffusionError, match=r"16 wide; this model, of the family flat, attends to vectors 8 wide"):
        guide(model, (cond(3.0),), (other,), SHAPE, 1.0)
