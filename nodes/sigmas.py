"""Operators on noise levels: typed in, changed, or made by the rules of a family."""

from __future__ import annotations

from typing import Annotated

from diffusion import sigma_ops
from graph.spec import node
from graph.widgets import Choice, Range, Text
from nodes.sockets import MAX_RESOLUTION, Model, Sigmas

AnySigma = Annotated[float, Range(0.0, 20000.0, step=0.001, round=False)]
Pixels = Annotated[int, Range(16, MAX_RESOLUTION, step=1)]


@node(category="model/sampling/sigmas", experimental=True)
def ManualSigmas(sigmas: Annotated[str, Text()] = "1, 0.5") -> Sigmas:
    """Take noise levels as they are typed.

    sigmas: numbers from high to low; end with 0 for a finished picture.
    """
    return sigma_ops.sigmas_from_text(sigmas)


@node(category="model/sampling/sigmas")
def SetFirstSigma(sigmas: Sigmas, sigma: AnySigma = 136.0) -> Sigmas:
    """Begin at another noise level."""
    return sigma_ops.with_first(sigmas, sigma)


@node(category="model/sampling/sigmas")
def ExtendIntermediateSigmas(
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100)] = 2,
    start_at_sigma: Annotated[float, Range(-1.0, 20000.0, step=0.01, round=False)] = -1.0,
    end_at_sigma: Annotated[float, Range(0.0, 20000.0, step=0.01, round=False)] = 12.0,
    spacing: Annotated[str, Choice(tuple(sigma_ops.SPACINGS))] = "linear",
) -> Sigmas:
    """Divide steps at high noise into several.

    steps: how many each becomes.
    start_at_sigma: the highest level of the steps to divide; -1 for all.
    end_at_sigma: the lowest.
    """
    return sigma_ops.extended(sigmas, steps, start_at_sigma, end_at_sigma, spacing)


@node(category="model/sampling/sigmas", output_names=("sigma_value",))
def SamplingPercentToSigma(
    model: Model,
    sampling_percent: Annotated[float, Range(0.0, 1.0, step=0.0001)] = 0.0,
    return_actual_sigma: bool = False,
) -> float:
    """Tell the noise level after a share of the sampling.

    return_actual_sigma: at 0 and 1 the ends of the model's levels, in place of what ranges are compared with.
    """
    parameterization = model.parameterization
    if return_actual_sigma and sampling_percent in (0.0, 1.0):
        return float(parameterization.sigma_min if sampling_percent else parameterization.sigma_max)
    return float(parameterization.percent_to_sigma(sampling_percent))


@node(category="model/sampling/schedulers")
def SDTurboScheduler(
    model: Model,
    steps: Annotated[int, Range(1, 10)] = 1,
    denoise: Annotated[float, Range(0, 1.0, step=0.01)] = 1.0,
) -> Sigmas:
    """Spread noise levels over the few steps of a Turbo model.

    denoise: below 1 the highest levels are left out.
    """
    return sigma_ops.turbo(model.parameterization, steps, denoise)


@node(category="model/sampling/schedulers")
def Flux2Scheduler(steps: Annotated[int, Range(1, 4096)] = 20, width: Pixels = 1024, height: Pixels = 1024) -> Sigmas:
    """Spread noise levels over some steps as Flux.2 wants them for pictures of a size."""
    return sigma_ops.flux2(steps, width, height)
