"""Operators that put a model between its prompts: guiders, for SamplerCustomAdvanced."""

from __future__ import annotations

from typing import Annotated

from diffusion import guiders
from graph.spec import node
from graph.widgets import Choice
from nodes.sampling import Cfg
from nodes.sockets import Conditioning, Guider, Model

STYLES = ("regular", "nested")


@node(category="model/sampling/guiders", display_name="Basic Guider")
def BasicGuider(model: Model, conditioning: Conditioning) -> Guider:
    """Let one prompt act, without a negative one."""
    return guiders.Guider(model, conditioning)


@node(category="model/sampling/guiders", display_name="CFG Guider")
def CFGGuider(model: Model, positive: Conditioning, negative: Conditioning, cfg: Cfg = 8.0) -> Guider:
    """Guide away from the negative prompt, towards the positive one.

    cfg: how strongly; 1 leaves the negative prompt out.
    """
    return guiders.Guider(model, positive, negative, cfg)


@node(category="model/sampling/guiders", display_name="Dual CFG Guider")
def DualCFGGuider(
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Cfg = 8.0,
    cfg_cond2_negative: Cfg = 8.0,
    style: Annotated[str, Choice(STYLES)] = "regular",
) -> Guider:
    """Guide from the negative prompt to the second, and from there to the first, each with a strength of its own.

    cfg_conds: from cond2 to cond1.
    cfg_cond2_negative: from negative to cond2.
    style: nested guides from negative to what guidance between the other two gives.
    """
    return guiders.dual_guider(
        model, cond1, cond2, negative, cfg_conds, cfg_cond2_negative, is_nested=style == "nested"
    )
