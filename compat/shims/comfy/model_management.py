"""ComfyUI's `comfy.model_management` on this machine's device and its memory.

What a pack loads by itself is its own affair; what Weft loads is moved by its scheduler, which these functions ask.
"""

from __future__ import annotations

import threading
from typing import Any

from comfy._devices import (  # noqa: F401  # what packs ask this module for
    amd_min_version,
    comfy_kitchen_attention_enabled,
    cpu_mode,
    cuda_device_context,
    device_supports_non_blocking,
    flash_attention_enabled,
    force_channels_last,
    get_all_torch_devices,
    get_autocast_device,
    get_gpu_device_options,
    get_gpu_device_options_no_cpu,
    get_torch_device,
    get_torch_device_name,
    intermediate_device,
    is_amd,
    is_ascend_npu,
    is_device_cpu,
    is_device_cuda,
    is_device_mps,
    is_device_type,
    is_device_xpu,
    is_directml_enabled,
    is_intel_xpu,
    is_ixuca,
    is_mlu,
    is_nvidia,
    is_wsl,
    mac_version,
    mps_mode,
    resolve_gpu_device_option,
    sage_attention_enabled,
    set_torch_device,
    text_encoder_device,
    text_encoder_initial_device,
    text_encoder_offload_device,
    unet_inital_load_device,
    unet_offload_device,
    vae_device,
    vae_offload_device,
    xformers_enabled,
    xformers_enabled_vae,
)
from comfy._memory import (  # noqa: F401  # what packs ask this module for
    cast_to,
    cast_to_device,
    cleanup_models,
    cleanup_models_gc,
    current_stream,
    debug_memory_summary,
    extra_reserved_memory,
    free_memory,
    get_free_memory,
    get_offload_stream,
    get_total_memory,
    is_oom,
    load_model_gpu,
    load_models_gpu,
    loaded_models,
    maximum_vram_for_weights,
    minimum_inference_memory,
    module_size,
    pin_memory,
    raise_non_oom,
    soft_empty_cache,
    synchronize,
    unload_all_models,
    unload_model_and_clones,
    unload_model_clones,
    unpin_memory,
)
from comfy._precisions import (  # noqa: F401  # what packs ask this module for
    HALVES,
    dtype_size,
    extended_fp16_support,
    force_upcast_attention_dtype,
    intermediate_dtype,
    lora_compute_dtype,
    pick_weight_dtype,
    pytorch_attention_enabled,
    pytorch_attention_enabled_vae,
    pytorch_attention_flash_attention,
    should_use_bf16,
    should_use_fp16,
    supports_cast,
    supports_dtype,
    supports_fp8_compute,
    supports_fp64,
    supports_mxfp8_compute,
    supports_nvfp4_compute,
    text_encoder_dtype,
    unet_dtype,
    unet_manual_cast,
    vae_dtype,
)
from comfy._states import (  # noqa: F401
    CPU,
    DISABLE_SMART_MEMORY,
    ENABLE_PYTORCH_ATTENTION,
    EXTRA_RESERVED_VRAM,
    FLOAT8_TYPES,
    FORCE_FP32,
    MIN_WEIGHT_MEMORY_RATIO,
    NUM_STREAMS,
    OOM_EXCEPTION,
    PRIORITIZE_FP16,
    SUPPORT_FP8_OPS,
    WINDOWS,
    XFORMERS_ENABLED_VAE,
    XFORMERS_IS_AVAILABLE,
    XFORMERS_VERSION,
    CPUState,
    VRAMState,
    cpu_state,
    directml_enabled,
    in_training,
    ixuca_available,
    lowvram_available,
    mlu_available,
    npu_available,
    set_vram_to,
    torch_version,
    torch_version_numeric,
    total_ram,
    total_vram,
    training_fp8_bwd,
    vram_state,
    xpu_available,
)

from compat.current import end_current, is_interrupted, raise_if_interrupted
from compat.interruption import InterruptProcessingException  # noqa: F401
from compat.shims.finder import lent

current_loaded_models: list[Any] = []  # Weft's networks are not in it: `loaded_models()` names them
interrupt_processing_mutex = threading.RLock()


def interrupt_current_processing(value: bool = True) -> None:
    """End the run: in a node its own, elsewhere the one that is on."""
    if not end_current(value) and value:
        lent().interrupt()


def processing_interrupted() -> bool:
    """Return whether the node that calls should end."""
    return is_interrupted()


def throw_exception_if_processing_interrupted() -> None:
    """Raise InterruptProcessingException if the node that calls should end."""
    raise_if_interrupted()
