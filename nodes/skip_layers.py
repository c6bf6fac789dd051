"""Operators that guide transformers away from what they give without some of their layers."""

from __future__ import annotations

import re
from typing import Annotated

from diffusion.model_patches.skip_layers import SkipLayerGuidance, SkippedLayers, SkippedNegative, Span
from graph.annotations import Options
from graph.spec import node
from graph.widgets import Range
from nodes.sockets import Model

Layers = Annotated[str, Options(advanced=True)]
Scale = Annotated[float, Range(0.0, 10.0, step=0.1)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001), Options(advanced=True)]


@node(category="advanced/guidance", experimental=True)
def SkipLayerGuidanceSD3(
    model: Model,
    layers: Layers = "7, 8, 9",
    scale: Scale = 3.0,
    start_percent: Percent = 0.01,
    end_percent: Percent = 0.15,
) -> Model:
    """Guide Stable Diffusion 3 away from what it gives without some of its layers; costs a half more time where it acts.

    layers: their numbers, from 0.
    scale: 0 changes nothing.
    start_percent: the share of the way from which it acts.
    end_percent: the share up to which it acts.
    """
    return _guided(model, _layers(layers), scale, _span(model, start_percent, end_percent))


@node(category="advanced/guidance", experimental=True)
def SkipLayerGuidanceDiT(
    model: Model,
    double_layers: Layers = "7, 8, 9",
    single_layers: Layers = "7, 8, 9",
    scale: Scale = 3.0,
    start_percent: Percent = 0.01,
    end_percent: Percent = 0.15,
    rescaling_scale: Annotated[float, Range(0.0, 10.0, step=0.01)] = 0.0,
) -> Model:
    """Guide a transformer away from what it gives without some of its layers; costs a half more time where it acts.

    double_layers: the numbers of those that keep picture and text apart, from 0.
    single_layers: the numbers of those that have both in one row.
    scale: 0 changes nothing.
    start_percent: the share of the way from which it acts.
    end_percent: the share up to which it acts.
    rescaling_scale: brings the contrast back to that of the positive prompt; 1 fully.
    """
    span = _span(model, start_percent, end_percent)
    return _guided(model, _layers(double_layers, single_layers), scale, span, rescaling_scale)


@node(category="advanced/guidance", experimental=True)
def SkipLayerGuidanceDiTSimple(
    model: Model,
    double_layers: Layers = "7, 8, 9",
    single_layers: Layers = "7, 8, 9",
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Model:
    """Leave some layers of a transformer out where it computes the negative prompt.

    double_layers: the numbers of those that keep picture and text apart, from 0.
    single_layers: the numbers of those that have both in one row.
    start_percent: the share of the way from which it acts.
    end_percent: the share up to which it acts.
    """
    layers = _layers(double_layers, single_layers)
    if layers == SkippedLayers():
        return model
    return model.with_sides(SkippedNegative(layers, _span(model, start_percent, end_percent)))


def _guided(model: Model, layers: SkippedLayers, scale: float, span: Span, rescaling: float = 0.0) -> Model:
    if layers == SkippedLayers():
        return model
    return model.with_refinement(SkipLayerGuidance(layers, scale, span, rescaling))


def _layers(double: str, single: str = "") -> SkippedLayers:
    """Read all whole numbers in texts."""
    found = (tuple(int(number) for number in re.findall(r"\d+", text)) for text in (double, single))
    return SkippedLayers(*found)


def _span(model: Model, start_percent: float, end_percent: float) -> Span:
    parameterization = model.parameterization
    return Span(parameterization.percent_to_sigma(start_percent), parameterization.percent_to_sigma(end_percent))
