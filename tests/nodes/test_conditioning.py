"""Nodes for conditionings set what guidance reads."""

from __future__ import annotations

import torch

from diffusion.conditioning import Cond, Conditioning
from diffusion.regions import Box, resolve_area
from nodes import conditioning as nodes


def prompt(value: float = 1.0, tokens: int = 77) -> Conditioning:
    return (Cond(torch.full((1, tokens, 8), value), torch.full((1, 8), value)),)


def test_combined_prompts_stay_apart() -> None:
    combined = nodes.ConditioningCombine(prompt(1.0), prompt(2.0))
    assert [float(cond.embedding[0, 0, 0]) for cond in combined] == [1.0, 2.0]


def test_average_mixes_and_concat_appends() -> None:
    mixed = nodes.ConditioningAverage(prompt(1.0), prompt(3.0), 0.25)
    torch.testing.assert_close(mixed[0].embedding, torch.full((1, 77, 8), 2.5))
    assert nodes.ConditioningConcat(prompt(), prompt())[0].embedding.shape == (1, 154, 8)


def test_multiplied_and_zeroed_prompts_keep_their_shape() -> None:
    torch.testing.assert_close(nodes.ConditioningMultiply(prompt(2.0), -1.5)[0].embedding, prompt(-3.0)[0].embedding)
    zero = nodes.ConditioningZeroOut(prompt(2.0))[0]
    assert not zero.embedding.any()
    assert zero.embedding.shape == (1, 77, 8)


def test_areas_are_given_in_pixels_or_parts() -> None:
    area = nodes.ConditioningSetArea(prompt(), width=128, height=64, x=8, y=16, strength=0.5)[0]
    assert area.area is not None
    assert resolve_area(area.area, 64, 64) == Box(rows=8, columns=16, top=2, left=1)
    assert area.strength == 0.5
    part = nodes.ConditioningSetAreaPercentage(prompt(), width=0.5, height=0.25, x=0.0, y=0.75)[0]
    assert part.area is not None
    assert resolve_area(part.area, 64, 64) == Box(rows=16, columns=32, top=48, left=0)


def test_strength_masks_and_ranges_are_kept_with_the_prompt() -> None:
    assert nodes.ConditioningSetAreaStrength(prompt(), 0.3)[0].strength == 0.3
    masked = nodes.ConditioningSetMask(prompt(), torch.ones(64, 64), 0.7, "mask bounds")[0]
    assert masked.mask is not None
    assert masked.mask.shape == (1, 64, 64)
    assert (masked.mask_strength, masked.set_area_to_bounds) == (0.7, True)
    timed = nodes.ConditioningSetTimestepRange(prompt(), 0.2, 0.6)[0]
    assert (timed.start_percent, timed.end_percent) == (0.2, 0.6)
