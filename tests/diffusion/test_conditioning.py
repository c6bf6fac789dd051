"""Conditionings: prompts are combined, mixed, placed and timed as in ComfyUI; nothing is changed in place."""

from __future__ import annotations

import logging

import pytest
import torch

from diffusion import conditioning as prompts
from diffusion.conditioning import Area, Cond, Conditioning, PercentArea
from diffusion.errors import DiffusionError


def prompt(value: float = 1.0, tokens: int = 77, pooled: float | None = None) -> Conditioning:
    vector = None if pooled is None else torch.full((1, 8), pooled)
    return (Cond(torch.full((1, tokens, 8), value), vector),)


def test_combined_prompts_keep_their_order() -> None:
    combined = prompts.combine(prompt(1.0), prompt(2.0) + prompt(3.0))
    assert [float(cond.embedding[0, 0, 0]) for cond in combined] == [1, 2, 3]


def test_concat_appends_tokens_to_every_prompt() -> None:
    joined = prompts.concat(prompt(1.0) + prompt(2.0), prompt(3.0, tokens=154))
    assert [cond.embedding.shape[1] for cond in joined] == [231, 231]
    assert [float(cond.embedding[0, -1, 0]) for cond in joined] == [3, 3]


@pytest.mark.parametrize(("strength", "expected"), [(1.0, 2.0), (0.0, 6.0), (0.25, 5.0)])
def test_average_goes_from_the_second_to_the_first(strength: float, expected: float) -> None:
    mixed = prompts.average(prompt(2.0, pooled=2.0), prompt(6.0, pooled=6.0), strength)[0]
    torch.testing.assert_close(mixed.embedding, torch.full((1, 77, 8), expected))
    torch.testing.assert_close(mixed.pooled, torch.full((1, 8), expected))


def test_average_fits_the_second_prompt_to_the_length_of_the_first() -> None:
    longer = prompts.average(prompt(2.0, tokens=154), prompt(6.0), 0.5)[0].embedding
    assert (float(longer[0, 76, 0]), float(longer[0, 77, 0])) == (4.0, 1.0)
    assert prompts.average(prompt(2.0), prompt(6.0, tokens=154), 0.5)[0].embedding.shape[1] == 77


def test_average_takes_the_pooled_vector_that_there_is() -> None:
    assert float(prompts.average(prompt(), prompt(pooled=3.0), 0.5)[0].pooled[0, 0]) == 3.0
    assert float(prompts.average(prompt(pooled=2.0), prompt(), 0.5)[0].pooled[0, 0]) == 2.0


def test_only_the_first_prompt_of_the_second_conditioning_is_used(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        mixed = prompts.average(prompt(0.0), prompt(2.0) + prompt(9.0), 0.5)
    assert float(mixed[0].embedding[0, 0, 0]) == 1.0
    assert "only the first of 2" in caplog.text


def test_an_empty_second_conditioning_is_refused_with_a_sentence() -> None:
    with pytest.raises(DiffusionError, match="second conditioning is empty"):
        prompts.concat(prompt(), ())


def test_zeroed_and_multiplied_prompts_keep_everything_else() -> None:
    placed = prompts.set_timestep_range(prompt(2.0, pooled=2.0), 0.25, 0.5)
    for result, value in ((prompts.zero_out(placed)[0], 0.0), (prompts.multiply(placed, -2.0)[0], -4.0)):
        assert (float(result.embedding.mean()), float(result.pooled.mean())) == (value, value)
        assert (result.start_percent, result.end_percent) == (0.25, 0.5)


def test_areas_in_pixels_are_rounded_down_to_cells() -> None:
    cond = prompts.set_area(prompt(), width=127, height=64, x=8, y=17, strength=0.5)[0]
    assert (cond.area, cond.strength) == (Area(height=8, width=15, y=2, x=1), 0.5)
    assert prompts.set_area_percent(prompt(), 0.5, 0.25, 0.1, 0.2)[0].area == PercentArea(0.25, 0.5, 0.2, 0.1)


def test_a_new_area_replaces_the_bounds_of_a_mask() -> None:
    masked = prompts.set_mask(prompt(), torch.ones(16, 16), 0.5, set_area_to_bounds=True)
    assert masked[0].mask.shape == (1, 16, 16)
    assert (masked[0].mask_strength, masked[0].set_area_to_bounds) == (0.5, True)
    assert not prompts.set_area(masked, 64, 64, 0, 0)[0].set_area_to_bounds


def test_the_given_conditioning_stays_as_it_was() -> None:
    before = prompt(1.0)
    prompts.set_area(before, 64, 64, 0, 0)
    prompts.average(before, prompt(3.0), 0.5)
    assert before[0].area is None
    assert float(before[0].embedding.mean()) == 1.0
