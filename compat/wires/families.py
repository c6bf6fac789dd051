"""What packs may read of a model's family: sizes of its network, what it predicts.

config_of(model, latent_format).unet_config["context_dim"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch

from diffusion.models import Model


class ModelType(Enum):
    """What networks predict, by ComfyUI's names."""

    EPS = 1
    V_PREDICTION = 2
    V_PREDICTION_EDM = 3
    STABLE_CASCADE = 4
    EDM = 5
    FLOW = 6
    V_PREDICTION_CONTINUOUS = 7
    FLUX = 8
    IMG_TO_IMG = 9


@dataclass
class BASE:
    """What is known of a family's models."""

    unet_config: Mapping[str, Any] = field(default_factory=dict)
    latent_format: Any = None
    sampling_settings: dict[str, Any] = field(default_factory=dict)
    manual_cast_dtype: torch.dtype | None = None
    memory_usage_factor: float = 2.0
    optimizations: dict[str, Any] = field(default_factory=lambda: {"fp8": False})
    custom_operations: Any = None
    prediction: str = "eps"

    def model_type(self, state_dict: Any = None, prefix: str = "") -> ModelType:
        """Return what its network predicts."""
        return {"v": ModelType.V_PREDICTION, "flow": ModelType.FLOW}.get(self.prediction, ModelType.EPS)


class SD15(BASE):
    """Stable Diffusion 1."""


class SD20(BASE):
    """Stable Diffusion 2."""


class SDXL(BASE):
    """Stable Diffusion XL."""


class SDXLRefiner(BASE):
    """The refiner of Stable Diffusion XL."""


CLASSES: Mapping[str, type[BASE]] = {
    "sd1": SD15,
    "sd2": SD20,
    "sd2_unclip": SD20,
    "sdxl": SDXL,
    "sdxl_refiner": SDXLRefiner,
}


def config_of(handle: Model, latent_format: Any) -> BASE:
    """Return what is known of a handle's model."""
    cls = CLASSES.get(handle.family, BASE)
    prediction = handle.parameterization.prediction
    return cls(unet_config_of(handle.backbone), latent_format, {}, handle.computed, prediction=prediction)


def unet_config_of(backbone: Any) -> dict[str, Any]:
    """Return a network's sizes under the names of the original files' code."""
    config: Mapping[str, Any] = getattr(backbone, "config", {})
    channels = config.get("block_out_channels") or (0,)
    return {
        "in_channels": config.get("in_channels"),
        "out_channels": config.get("out_channels"),
        "model_channels": channels[0],
        "channel_mult": [count // (channels[0] or 1) for count in channels],
        "context_dim": config.get("cross_attention_dim"),
        "adm_in_channels": config.get("projection_class_embeddings_input_dim"),
        "use_linear_in_transformer": config.get("use_linear_projection"),
        "num_res_blocks": [config.get("layers_per_block")] * len(channels),
        "image_model": None,
    }
