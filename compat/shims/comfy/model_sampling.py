"""ComfyUI's `comfy.model_sampling`."""

from __future__ import annotations

from compat.wires.sampling_levels import (
    ModelSamplingContinuousEDM,
    ModelSamplingContinuousV,
    ModelSamplingDiscrete,
    ModelSamplingDiscreteEDM,
    ModelSamplingDiscreteFlow,
    ModelSamplingFlux,
    flux_time_shift,
    time_snr_shift,
)
from compat.wires.sampling_parts import (
    CONST,
    EDM,
    EPS,
    IMG_TO_IMG,
    IMG_TO_IMG_FLOW,
    V_PREDICTION,
    X0,
    rescale_zero_terminal_snr_sigmas,
    reshape_sigma,
)

__all__ = [
    "CONST",
    "EDM",
    "EPS",
    "IMG_TO_IMG",
    "IMG_TO_IMG_FLOW",
    "V_PREDICTION",
    "X0",
    "ModelSamplingContinuousEDM",
    "ModelSamplingContinuousV",
    "ModelSamplingDiscrete",
    "ModelSamplingDiscreteEDM",
    "ModelSamplingDiscreteFlow",
    "ModelSamplingFlux",
    "flux_time_shift",
    "rescale_zero_terminal_snr_sigmas",
    "reshape_sigma",
    "time_snr_shift",
]
