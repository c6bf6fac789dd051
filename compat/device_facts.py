"""What a device can do: the questions that packs ask `comfy.model_management` before they choose a precision.

takes_fp16(torch.device("cuda"))  # compute capability 7.0 and up
"""

from __future__ import annotations

from typing import Any, NamedTuple

import psutil
import torch

VOLTA, AMPERE, ADA, HOPPER, BLACKWELL = (7, 0), (8, 0), (8, 9), (9, 0), (10, 0)  # CUDA's compute capabilities
SLOW_HALVES = ("1660", "1650", "1630", "T500", "T550", "T600", "MX450", "MX550", "T1000", "T1200", "T2000", "CMP 30HX")


class Free(NamedTuple):
    """What is free on a device, and the part of it that torch holds, in bytes."""

    total: int
    torch: int


def is_of_type(device: Any, kind: str) -> bool:
    """Return whether something is a device of that type."""
    return getattr(device, "type", None) == kind


def capability(device: torch.device) -> tuple[int, int]:
    """Return the compute capability of a CUDA device; (0, 0) of another."""
    return torch.cuda.get_device_capability(device) if device.type == "cuda" else (0, 0)


def takes_fp16(device: torch.device) -> bool:
    """Return whether float16 is computed fast and right on a device."""
    if device.type != "cuda":
        return device.type == "mps"
    name = torch.cuda.get_device_name(device)
    return torch.version.hip is not None or (
        capability(device) >= VOLTA and not any(word in name for word in SLOW_HALVES)
    )


def takes_bf16(device: torch.device) -> bool:
    """Return whether bfloat16 is computed fast on a device."""
    return device.type == "mps" or capability(device) >= AMPERE


def total_memory(device: torch.device) -> int:
    """Return the memory of a device in bytes; a processor has the computer's."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return int(psutil.virtual_memory().total)


def free_memory(device: torch.device) -> Free:
    """Return what is free on a device, with what torch holds and does not use."""
    if device.type != "cuda":
        available = int(psutil.virtual_memory().available)
        return Free(available, available)
    counts = torch.cuda.memory_stats(device)
    unused = counts.get("reserved_bytes.all.current", 0) - counts.get("active_bytes.all.current", 0)
    return Free(int(torch.cuda.mem_get_info(device)[0] + unused), int(unused))


def name_of(device: Any) -> str:
    """Return what a device is called, as ComfyUI tells it in its log."""
    if is_of_type(device, "cuda"):
        return f"{device} {torch.cuda.get_device_name(device)} : {torch.cuda.get_allocator_backend()}"
    return str(getattr(device, "type", device))
