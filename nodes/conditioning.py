"""Operators on conditionings: combine prompts and say where, when and how strongly they act."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from diffusion import conditioning as prompts
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import MAX_RESOLUTION, Conditioning, Mask

Ratio = Annotated[float, Range(0.0, 1.0, step=0.01)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]
Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Side = Annotated[int, Range(64, MAX_RESOLUTION, step=8)]
Place = Annotated[int, Range(0, MAX_RESOLUTION, step=8)]


@node(category="model/conditioning/transform", display_name="Conditioning (Combine)")
def ConditioningCombine(conditioning_1: Conditioning, conditioning_2: Conditioning) -> Conditioning:
    """Let both prompts act; their predictions are averaged."""
    return prompts.combine(conditioning_1, conditioning_2)


@node(category="model/conditioning/transform", display_name="Conditioning (Average)")
def ConditioningAverage(
    conditioning_to: Conditioning, conditioning_from: Conditioning, conditioning_to_strength: Ratio = 1.0
) -> Conditioning:
    """Mix the embeddings of two prompts.

    conditioning_to_strength: 1 is conditioning_to alone, 0 conditioning_from alone.
    """
    return prompts.average(conditioning_to, conditioning_from, conditioning_to_strength)


@node(category="model/conditioning/transform", display_name="Conditioning (Concat)")
def ConditioningConcat(conditioning_to: Conditioning, conditioning_from: Conditioning) -> Conditioning:
    """Put the tokens of the second prompt after those of the first."""
    return prompts.concat(conditioning_to, conditioning_from)


@node(category="model/conditioning/transform", display_name="Conditioning (Multiply)")
def ConditioningMultiply(
    conditioning: Conditioning, multiplier: Annotated[float, Range(-100.0, 100.0, step=0.01)] = 1.0
) -> Conditioning:
    """Multiply the embedding by a number."""
    return prompts.multiply(conditioning, multiplier)


@node(category="model/conditioning/transform", display_name="Conditioning (Set Area)")
def ConditioningSetArea(
    conditioning: Conditioning,
    width: Side = 64,
    height: Side = 64,
    x: Place = 0,
    y: Place = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt act in a rectangle only, given in pixels."""
    return prompts.set_area(conditioning, width, height, x, y, strength)


@node(category="model/conditioning/transform", display_name="Conditioning (Set Area with Percentage)")
def ConditioningSetAreaPercentage(
    conditioning: Conditioning,
    width: Ratio = 1.0,
    height: Ratio = 1.0,
    x: Ratio = 0.0,
    y: Ratio = 0.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt act in a rectangle only, given in parts of the picture (0 to 1)."""
    return prompts.set_area_percent(conditioning, width, height, x, y, strength)


@node(category="model/conditioning/transform", display_name="Conditioning (Set Area Strength)")
def ConditioningSetAreaStrength(conditioning: Conditioning, strength: Strength = 1.0) -> Conditioning:
    """Say how much a prompt counts where several overlap."""
    return tuple(replace(cond, strength=strength) for cond in conditioning)


@node(category="model/conditioning/transform", display_name="Conditioning (Set Mask)")
def ConditioningSetMask(
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength = 1.0,
    set_cond_area: Annotated[str, Choice(("default", "mask bounds"))] = "default",
) -> Conditioning:
    """Let a prompt act where a mask is white.

    set_cond_area: mask bounds computes the prompt only in the rectangle around the mask.
    """
    return prompts.set_mask(conditioning, mask, strength, set_area_to_bounds=set_cond_area == "mask bounds")


@node(category="model/conditioning/transform", display_name="Conditioning Zero Out")
def ConditioningZeroOut(conditioning: Conditioning) -> Conditioning:
    """Replace the embedding by zeros."""
    return prompts.zero_out(conditioning)


@node(category="model/conditioning/transform")
def ConditioningSetTimestepRange(conditioning: Conditioning, start: Moment = 0.0, end: Moment = 1.0) -> Conditioning:
    """Let a prompt act during a part of the sampling.

    start: 0 is the beginning (pure noise).
    end: 1 is the end (the picture).
    """
    return prompts.set_timestep_range(conditioning, start, end)
