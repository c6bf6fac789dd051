"""Operators that make one model of two."""

from __future__ import annotations

from typing import Annotated

from diffusion.merging import Mix, merge_blocks, merge_clips, merge_models
from graph.spec import node
from graph.widgets import Range
from nodes.sockets import Clip, Model

Ratio = Annotated[float, Range(0.0, 1.0, step=0.01)]
Multiplier = Annotated[float, Range(-10.0, 10.0, step=0.01)]


@node(category="model/merging")
def ModelMergeSimple(model1: Model, model2: Model, ratio: Ratio = 1.0) -> Model:
    """Mix the weights of two models.

    ratio: 1 is model1 alone, 0 model2 alone.
    """
    return merge_models(model1, model2, Mix.of(ratio))


@node(category="model/merging")
def ModelMergeBlocks(model1: Model, model2: Model, input: Ratio = 1.0, middle: Ratio = 1.0, out: Ratio = 1.0) -> Model:
    """Mix the weights of two models differently in the three parts of the network.

    input: model1's share where the picture is made smaller, and where the time is embedded.
    middle: model1's share at the bottom.
    out: model1's share where the picture is made larger again.
    """
    return merge_blocks(model1, model2, {"input": input, "middle": middle, "out": out})


@node(category="model/merging")
def ModelMergeAdd(model1: Model, model2: Model) -> Model:
    """Add the weights of two models, of which one is usually a difference."""
    return merge_models(model1, model2, Mix(1.0, 1.0))


@node(category="model/merging")
def ModelMergeSubtract(model1: Model, model2: Model, multiplier: Multiplier = 1.0) -> Model:
    """Take the weights of one model from those of another.

    multiplier: what the difference is multiplied with.
    """
    return merge_models(model1, model2, Mix(multiplier, -multiplier))


@node(category="model/merging")
def CLIPMergeSimple(clip1: Clip, clip2: Clip, ratio: Ratio = 1.0) -> Clip:
    """Mix the weights of two text encoders.

    ratio: 1 is clip1 alone, 0 clip2 alone.
    """
    return merge_clips(clip1, clip2, Mix.of(ratio))


@node(category="model/merging")
def CLIPMergeAdd(clip1: Clip, clip2: Clip) -> Clip:
    """Add the weights of two text encoders, of which one is usually a difference."""
    return merge_clips(clip1, clip2, Mix(1.0, 1.0))


@node(category="model/merging")
def CLIPMergeSubtract(clip1: Clip, clip2: Clip, multiplier: Multiplier = 1.0) -> Clip:
    """Take the weights of one text encoder from those of another.

    multiplier: what the difference is multiplied with.
    """
    return merge_clips(clip1, clip2, Mix(multiplier, -multiplier))
