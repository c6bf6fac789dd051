"""What networks are kept and computed in: a part of `comfy.model_management`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from comfy._devices import get_torch_device, is_device_cpu, is_device_mps, is_nvidia
from comfy._states import FLOAT8_TYPES, FORCE_FP32, CPUState, cpu_state, torch_version_numeric
from comfy.cli_args import args

from compat import device_facts
from compat.device_facts import ADA, BLACKWELL, capability
from compat.shims.finder import lent


def dtype_size(dtype: torch.dtype) -> int:
    """Return the bytes of a number."""
    return dtype.itemsize


def should_use_fp16(
    device: torch.device | None = None,
    model_params: int = 0,
    prioritize_performance: bool = True,
    manual_cast: bool = False,
) -> bool:
    """Return whether a network should compute in float16."""
    if FORCE_FP32 or is_device_cpu(device):
        return False
    return bool(args.force_fp16) or device_facts.takes_fp16(device or get_torch_device())


def should_use_bf16(
    device: torch.device | None = None,
    model_params: int = 0,
    prioritize_performance: bool = True,
    manual_cast: bool = False,
) -> bool:
    """Return whether a network should compute in bfloat16."""
    return not (FORCE_FP32 or is_device_cpu(device)) and device_facts.takes_bf16(device or get_torch_device())


HALVES = [torch.float16, torch.bfloat16, torch.float32]


def unet_dtype(
    device: torch.device | None = None,
    model_params: int = 0,
    supported_dtypes: Sequence[torch.dtype] = HALVES,
    weight_dtype: torch.dtype | None = None,
) -> torch.dtype:
    """Return what a diffusion network is kept in: what the user chose, else 8 bits as they are, else the best half."""
    chosen = lent().dtypes["unet"] or (weight_dtype if weight_dtype in FLOAT8_TYPES else None)
    return chosen or _half(device, supported_dtypes, weight_dtype)


def _half(
    device: torch.device | None, supported: Sequence[torch.dtype], preferred: torch.dtype | None = None
) -> torch.dtype:
    first = (preferred,) if preferred in supported else ()
    usable = {torch.float16: should_use_fp16, torch.bfloat16: should_use_bf16}
    return next((dtype for dtype in (*first, *supported) if dtype in usable and usable[dtype](device)), torch.float32)


def unet_manual_cast(
    weight_dtype: torch.dtype, inference_device: torch.device, supported_dtypes: Sequence[torch.dtype] = HALVES
) -> torch.dtype | None:
    """Return what weights are converted to for computing; None if they are computed with as they are."""
    best = _half(inference_device, supported_dtypes, weight_dtype)
    return None if weight_dtype in (best, torch.float32, torch.float64) else best


def text_encoder_dtype(device: torch.device | None = None) -> torch.dtype:
    """Return what a text encoder is kept in."""
    is_slow = lent().dtypes["text"] is torch.float32 and not args.fp32_text_enc  # a default of ours for processors
    return torch.float16 if is_slow else lent().dtypes["text"] or torch.float16


def vae_dtype(device: torch.device | None = None, allowed_dtypes: Sequence[torch.dtype] = ()) -> torch.dtype:
    """Return what a VAE computes in."""
    chosen = {"fp16_vae": torch.float16, "bf16_vae": torch.bfloat16, "fp32_vae": torch.float32}
    asked = next((dtype for flag, dtype in chosen.items() if getattr(args, flag)), None)
    return asked or _half(device, allowed_dtypes)


def intermediate_dtype() -> torch.dtype:
    """Return what pictures and latents are in between nodes."""
    return torch.float32


def lora_compute_dtype(device: torch.device) -> torch.dtype:
    """Return what LoRAs are computed in."""
    return torch.float16 if should_use_fp16(device) else torch.float32


def pick_weight_dtype(
    dtype: torch.dtype | None, fallback_dtype: torch.dtype, device: torch.device | None = None
) -> torch.dtype:
    """Return a dtype if it is no larger than the other and can be converted to; else the other."""
    fits = dtype is not None and dtype_size(dtype) <= dtype_size(fallback_dtype) and supports_cast(device, dtype)
    return dtype if fits and dtype is not None else fallback_dtype


def supports_dtype(device: Any, dtype: torch.dtype) -> bool:
    """Return whether a device computes in a dtype."""
    return dtype is torch.float32 or (dtype in HALVES and not is_device_cpu(device))


def supports_cast(device: Any, dtype: torch.dtype) -> bool:
    """Return whether a device converts to a dtype."""
    return dtype in HALVES or (dtype in (torch.float8_e4m3fn, torch.float8_e5m2) and not is_device_mps(device))


def supports_fp64(device: Any = None) -> bool:
    """Return whether a device has float64."""
    return not is_device_mps(device)


def supports_fp8_compute(device: torch.device | None = None) -> bool:
    """Return whether a device multiplies 8-bit matrices."""
    return bool(args.supports_fp8_compute) or (is_nvidia() and capability(device or get_torch_device()) >= ADA)


def supports_nvfp4_compute(device: torch.device | None = None) -> bool:
    """Return whether a device multiplies 4-bit matrices."""
    return is_nvidia() and capability(device or get_torch_device()) >= BLACKWELL


supports_mxfp8_compute = supports_nvfp4_compute


def extended_fp16_support() -> bool:
    """Return whether torch is new enough for float16 in all families."""
    return bool(torch_version_numeric >= (2, 7))


def pytorch_attention_enabled() -> bool:
    """Return whether attention is torch's own, which it always is."""
    return True


pytorch_attention_enabled_vae = pytorch_attention_enabled


def pytorch_attention_flash_attention() -> bool:
    """Return whether torch's attention has a fast kernel here."""
    return cpu_state is CPUState.GPU


def force_upcast_attention_dtype() -> dict[torch.dtype, torch.dtype] | None:
    """Return what attention is computed in instead; None if nothing else."""
    return {torch.float16: torch.float32} if args.force_upcast_attention else None
