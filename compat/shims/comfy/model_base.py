"""ComfyUI's `comfy.model_base`: what stands at `patcher.model`."""

from __future__ import annotations

from typing import Any

from compat.wires.base_model import SDXL, BaseModel, InstructSDXL, SDXLRefiner
from compat.wires.families import ModelType
from compat.wires.sampling_levels import (
    ModelSamplingContinuousEDM,
    ModelSamplingContinuousV,
    ModelSamplingDiscrete,
    ModelSamplingDiscreteFlow,
    ModelSamplingFlux,
)
from compat.wires.sampling_parts import CONST, EDM, EPS, IMG_TO_IMG, V_PREDICTION

__all__ = ["SDXL", "BaseModel", "ModelType", "SDXLRefiner", "SDXL_instructpix2pix", "model_sampling"]

SDXL_instructpix2pix = InstructSDXL

KINDS = {
    ModelType.EPS: (ModelSamplingDiscrete, EPS),
    ModelType.V_PREDICTION: (ModelSamplingDiscrete, V_PREDICTION),
    ModelType.V_PREDICTION_EDM: (ModelSamplingContinuousEDM, V_PREDICTION),
    ModelType.V_PREDICTION_CONTINUOUS: (ModelSamplingContinuousV, V_PREDICTION),
    ModelType.EDM: (ModelSamplingContinuousEDM, EDM),
    ModelType.FLOW: (ModelSamplingDiscreteFlow, CONST),
    ModelType.FLUX: (ModelSamplingFlux, CONST),
    ModelType.IMG_TO_IMG: (ModelSamplingDiscrete, IMG_TO_IMG),
}


def model_sampling(model_config: Any, model_type: ModelType) -> Any:
    """Return noise levels and what the network's output means, for a kind of model."""
    if model_type not in KINDS:
        raise NotImplementedError(f"Weft has no model_sampling of the type {model_type.name}.")
    return type("ModelSampling", KINDS[model_type], {})(model_config)
