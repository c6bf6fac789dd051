"""ComfyUI's `comfy.model_patcher`."""

from __future__ import annotations

from compat.wires.extension import CallbacksMP, PatcherInjection, WrappersMP
from compat.wires.model_options import (
    create_model_options_clone,
    set_model_options_patch_replace,
    set_model_options_post_cfg_function,
    set_model_options_pre_cfg_function,
)
from compat.wires.patcher import ModelPatcher

CoreModelPatcher = ModelPatcher

__all__ = [
    "CallbacksMP",
    "CoreModelPatcher",
    "ModelPatcher",
    "PatcherInjection",
    "WrappersMP",
    "create_model_options_clone",
    "set_model_options_patch_replace",
    "set_model_options_post_cfg_function",
    "set_model_options_pre_cfg_function",
]
