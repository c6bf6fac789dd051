"""Operators that change how a model is used: how its output is read, how it is guided, what goes on inside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from diffusion.levels import FLUX_LEVELS, AngularLevels, DiscreteLevels, shift_for_size
from diffusion.model_patches.differential import DifferentialMask
from diffusion.model_patches.free_u import FreeU as FreeUHook
from diffusion.model_patches.norm import LimitedNorm, MatchedNorm
from diffusion.model_patches.perp_neg import PerpendicularNegative
from diffusion.model_patches.perturbed_attention import PerturbedAttention
from diffusion.model_patches.rescale import RescaledGuidance
from diffusion.model_patches.self_attention import SelfAttention
from diffusion.parameterization import LCM_STRIDE, Parameterization, Prediction
from graph.annotations import Options
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import MAX_RESOLUTION, Conditioning, Model

PREDICTIONS: Mapping[str, Prediction] = {
    "eps": "eps",
    "v_prediction": "v",
    "lcm": "lcm",
    "x0": "x0",
    "img_to_img": "img_to_img",
    "img_to_img_flow": "img_to_img_flow",
}
Shift = Annotated[float, Range(0.0, 100.0, step=0.01)]
FluxSide = Annotated[int, Range(16, MAX_RESOLUTION, step=8)]
Factor = Annotated[float, Range(0.0, 10.0, step=0.01)]
Sigma = Annotated[float, Range(0.0, 1000.0, step=0.001, round=False)]


@node(category="model/patch")
def ModelSamplingDiscrete(
    model: Model, sampling: Annotated[str, Choice(tuple(PREDICTIONS))] = "eps", zsnr: bool = False
) -> Model:
    """Say what the model predicts, where the file does not.

    sampling: eps is usual; lcm is for distilled models with a few steps.
    zsnr: let the noise levels end where nothing is left of the picture, for models that were trained so.
    """
    levels = DiscreteLevels(zsnr, LCM_STRIDE if sampling == "lcm" else 1)
    return model.with_parameterization(Parameterization(PREDICTIONS[sampling], levels=levels))


@node(category="model/patch")
def ModelSamplingContinuousV(
    model: Model,
    sampling: Annotated[str, Choice(("v_prediction",))] = "v_prediction",
    sigma_max: Sigma = 500.0,
    sigma_min: Sigma = 0.03,
) -> Model:
    """Say that the model predicts v over any noise level between two.

    sigma_max: the highest level.
    sigma_min: the lowest.
    """
    return model.with_parameterization(Parameterization("v", levels=AngularLevels(sigma_min, sigma_max)))


@node(category="model/patch")
def RescaleCFG(model: Model, multiplier: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.7) -> Model:
    """Keep high guidance from burning out pictures.

    multiplier: 0 is plain guidance, 1 gives the guided prediction the contrast of the positive one.
    """
    return model.with_guidance(RescaledGuidance(multiplier))


@node(category="model/patch/unet")
def FreeU(model: Model, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2) -> Model:
    """Strengthen shapes against details inside the network.

    b1: how much stronger the backbone is in the deepest stage.
    b2: the same in the stage after it.
    s1: what is left of the coarse part of the skips in the deepest stage.
    s2: the same in the stage after it.
    """
    return model.with_hooks(FreeUHook(b1, b2, s1, s2))


@node(category="model/patch/unet")
def FreeU_V2(model: Model, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2) -> Model:
    """Strengthen shapes against details inside the network, most where there are shapes.

    b1: how much stronger the backbone is in the deepest stage.
    b2: the same in the stage after it.
    s1: what is left of the coarse part of the skips in the deepest stage.
    s2: the same in the stage after it.
    """
    return model.with_hooks(FreeUHook(b1, b2, s1, s2, by_structure=True))


@node(category="model/patch/unet")
def PerturbedAttentionGuidance(
    model: Model, scale: Annotated[float, Range(0.0, 100.0, step=0.01, round=0.01)] = 3.0
) -> Model:
    """Guide away from what the model gives when it cannot compare places; costs a half more time.

    scale: 0 changes nothing.
    """
    return model.with_refinement(PerturbedAttention(scale))


@node(category="experimental", display_name="Self-Attention Guidance", experimental=True)
def SelfAttentionGuidance(
    model: Model,
    scale: Annotated[float, Range(-2.0, 5.0, step=0.01)] = 0.5,
    blur_sigma: Annotated[float, Range(0.0, 10.0, step=0.1)] = 2.0,
) -> Model:
    """Guide away from what the model gives when the details it looks at are blurred; costs a half more time.

    scale: 0 changes nothing.
    blur_sigma: how strongly they are blurred, in cells of the latent.
    """
    return model.with_refinement(SelfAttention(scale, blur_sigma))


@node(
    category="experimental",
    display_name="Perp-Neg (DEPRECATED by Perp-Neg Guider)",
    experimental=True,
    deprecated=True,
)
def PerpNeg(
    model: Model,
    empty_conditioning: Conditioning,
    neg_scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Model:
    """Let the negative prompt act only where it does not contradict the positive one.

    empty_conditioning: the embedding of an empty prompt.
    neg_scale: how strongly the negative prompt acts.
    """
    return model.with_guidance(PerpendicularNegative(empty_conditioning, neg_scale))


@node(category="experimental", display_name="Differential Diffusion", experimental=True)
def DifferentialDiffusion(model: Model, strength: Annotated[float, Range(0.0, 1.0, step=0.01)] | None = 1.0) -> Model:
    """Let the brightness of an inpainting mask say how much each place changes.

    strength: below 1 the mask itself is mixed in.
    """
    return model.with_mask(DifferentialMask(1.0 if strength is None else strength))


@node(category="advanced/guidance", experimental=True, output_names=("patched_model",))
def CFGNorm(
    model: Model, strength: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0, pre_cfg: bool | None = False
) -> Model:
    """Keep guidance from making predictions larger than the positive prompt's.

    strength: a factor on the prediction; with pre_cfg, how much of the correction counts.
    pre_cfg: correct the noise, up and down, in place of the prediction.
    """
    return model.with_guidance(MatchedNorm(strength)) if pre_cfg else model.with_refinement(LimitedNorm(strength))


@node(category="model/patch/stable diffusion")
def ModelSamplingSD3(model: Model, shift: Shift = 3.0) -> Model:
    """Move the noise levels of a flow model.

    shift: higher spends more steps at high noise, where shapes are made.
    """
    return model.with_parameterization(model.parameterization.shifted(shift))


@node(category="model/patch")
def ModelSamplingAuraFlow(model: Model, shift: Shift = 1.73) -> Model:
    """Move the noise levels of a flow model.

    shift: higher spends more steps at high noise, where shapes are made.
    """
    return model.with_parameterization(model.parameterization.shifted(shift))


@node(category="model/patch/flux")
def ModelSamplingFlux(
    model: Model,
    max_shift: Annotated[float, Range(0.0, 100.0, step=0.01), Options(advanced=True)] = 1.15,
    base_shift: Annotated[float, Range(0.0, 100.0, step=0.01), Options(advanced=True)] = 0.5,
    width: FluxSide = 1024,
    height: FluxSide = 1024,
) -> Model:
    """Move the noise levels of a flow model by the size of the picture, larger ones upwards.

    max_shift: for pictures of 4096 tokens (1024 x 1024).
    base_shift: for those of 256 (256 x 256).
    """
    return model.with_parameterization(
        model.parameterization.shifted(math.exp(shift_for_size(width, height, base_shift, max_shift)), FLUX_LEVELS)
    )
