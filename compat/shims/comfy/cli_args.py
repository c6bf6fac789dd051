"""ComfyUI's `comfy.cli_args`: `args` says how this process was started; what was not chosen has ComfyUI's default."""

from __future__ import annotations

import argparse
import enum
import os
from typing import Any

from compat.shims.finder import lent


def _words(text: str) -> list[str]:
    return text.split()


DEFAULT_VERSION_STRING = "comfyanonymous/ComfyUI@latest"
SWITCHES = _words("""
    auto_launch disable_auto_launch cuda_malloc disable_cuda_malloc force_fp32 force_fp16 fp32_unet fp64_unet
    bf16_unet fp16_unet fp8_e4m3fn_unet fp8_e5m2_unet fp8_e8m0fnu_unet fp16_vae fp32_vae bf16_vae cpu_vae
    fp8_e4m3fn_text_enc fp8_e5m2_text_enc fp16_text_enc fp32_text_enc bf16_text_enc fp16_intermediates
    force_channels_last supports_fp8_compute enable_triton_backend disable_triton_backend cache_classic cache_none
    high_ram use_split_cross_attention use_quad_cross_attention use_pytorch_cross_attention use_sage_attention
    use_flash_attention use_ck_attention disable_xformers force_upcast_attention dont_upcast_attention
    enable_manager disable_manager_ui enable_manager_legacy_ui gpu_only highvram lowvram novram cpu
    disable_nvml_pressure disable_async_offload disable_dynamic_vram enable_dynamic_vram fast_disk
    disable_cuda_graphs force_non_blocking disable_smart_memory deterministic debug_hang disable_pinned_memory
    mmap_torch_files disable_mmap dont_print_server quick_test_for_ci windows_standalone_build disable_metadata
    disable_all_custom_nodes disable_api_nodes multi_user log_stdout enable_compress_response_body enable_assets
    enable_asset_hashing list_feature_flags
""")
NOTHING = _words("""
    tls_keyfile tls_certfile enable_cors_header base_directory extra_model_paths_config output_directory
    temp_directory input_directory cuda_device default_device directml oneapi_device_selector reserve_vram
    async_offload front_end_root user_directory models_directory
""")


class LatentPreviewMethod(enum.Enum):
    """How pictures of work in progress are made."""

    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"

    @classmethod
    def from_string(cls, value: str) -> LatentPreviewMethod | None:
        """Return the method of that name; None if there is none."""
        return next((method for method in cls if method.value == value), None)


class PerformanceFeature(enum.Enum):
    """What `--fast` may choose; Weft has none of it."""

    Fp16Accumulation = "fp16_accumulation"
    Fp8MatrixMultiplication = "fp8_matrix_mult"
    CublasOps = "cublas_ops"
    AutoTune = "autotune"


def _defaults() -> dict[str, Any]:
    return {
        **dict.fromkeys(SWITCHES, False),
        **dict.fromkeys(NOTHING),
        "listen": "127.0.0.1",
        "port": 8188,
        "max_upload_size": 100,
        "preview_method": LatentPreviewMethod.NoPreviews,
        "preview_size": 512,
        "cache_ram": [],
        "cache_lru": 0,
        "vram_headroom": 0,
        "default_hashing_function": "sha256",
        "fast": set(),
        "whitelist_custom_nodes": [],
        "verbose": [],
        "front_end_version": DEFAULT_VERSION_STRING,
        "comfy_api_base": "https://api.comfy.org",
        "database_url": f"sqlite:///{os.path.join(os.path.abspath(lent().folders.user), 'comfyui.db')}",
        "feature_flag": [],
    }


def _known(values: dict[str, Any]) -> dict[str, Any]:
    method = values.get("preview_method")
    return {**values, "preview_method": LatentPreviewMethod(method)} if isinstance(method, str) else values


args = argparse.Namespace(**{**_defaults(), **_known(dict(lent().launch))})


def enables_dynamic_vram() -> bool:
    """Return whether ComfyUI's own paging of weights is on; Weft has another."""
    return False
