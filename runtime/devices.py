"""Devices: which one to compute on, what it is called, and how much of its memory may be used."""

from __future__ import annotations

from dataclasses import dataclass

import psutil
import torch

from runtime.memory_settings import MemoryOptionError, MemorySettings
from runtime.sizes import parse_size

KINDS = ("cpu", "cuda", "mps")
AMPERE = 8  # the first number of its compute capability
RESERVED_SHARE = 0.05  # of a graphics card, for the system and other programs, where the user reserves nothing
PINNED_SHARE = 0.4  # of the free memory of the computer: what is pinned cannot be given to anybody else
LEAST_RESERVED_BYTES = 400 * 10**6  # about what a desktop and a CUDA context take (ComfyUI reserves as much)


@dataclass(frozen=True)
class Device:
    """A device to compute on; memory in bytes."""

    torch_device: torch.device
    name: str
    total_bytes: int
    free_bytes: int


class DeviceError(ValueError):
    """The asked device is not there; the sentence says which are."""


def best_device_name() -> str:
    """Return "cuda", "mps" or "cpu": the fastest that is there."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def open_device(name: str | None = None) -> Device:
    """Return the device of that name (None: the best); DeviceError if this machine has no such device."""
    try:
        device = torch.device(best_device_name() if name is None else name)
    except RuntimeError as error:
        raise DeviceError(_unknown(name)) from error
    if device.type not in KINDS:
        raise DeviceError(_unknown(name))
    if device.type == "cuda":
        return _cuda_device(device)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("This machine has no mps device; use cpu.")
    memory = psutil.virtual_memory()
    return Device(device, f"{device.type} ({psutil.cpu_count(logical=False)} cores)", memory.total, memory.available)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether a device computes in bfloat16 as fast as in float16: cards of NVIDIA do from Ampere on."""
    if device.type == "cuda" and torch.version.hip is None:
        return bool(torch.cuda.get_device_capability(device)[0] >= AMPERE)
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "mps" and bool(torch.backends.mps.is_macos_or_newer(14, 0))


def budget_bytes(device: Device, settings: MemorySettings) -> int:
    """Return what a device may be used for; MemoryOptionError if an option is no size."""
    try:
        option = "--memory-budget"
        whole = device.total_bytes if settings.budget is None else parse_size(settings.budget, whole=device.total_bytes)
        option = "--reserve-vram"
        if settings.reserve is not None:
            return max(0, whole - parse_size(settings.reserve, whole=device.total_bytes, unit="gb"))
    except ValueError as error:
        raise MemoryOptionError(f"{option}: {error}.") from error
    if settings.budget is not None or device.torch_device.type == "cpu":
        return whole
    return max(0, whole - max(int(RESERVED_SHARE * whole), LEAST_RESERVED_BYTES))


def ram_bytes(device: Device, settings: MemorySettings) -> int:
    """Return what weights that leave a device may take of the computer's memory; MemoryOptionError if it is no size."""
    memory = psutil.virtual_memory()
    if settings.ram is not None:
        try:
            return parse_size(settings.ram, whole=memory.total)
        except ValueError as error:
            raise MemoryOptionError(f"--ram-budget: {error}.") from error
    return int(PINNED_SHARE * memory.available) if device.torch_device.type == "cuda" else 0


def _unknown(name: str | None) -> str:
    return f'"{name}" is not the name of a device; use cpu, cuda, cuda:N or mps.'


def _cuda_device(device: torch.device) -> Device:
    count = torch.cuda.device_count()
    if not torch.cuda.is_available() or (device.index or 0) >= count:
        raise DeviceError(f'"{device}" is not here: PyTorch sees {count} CUDA devices; use cpu or a lower number.')
    free, total = torch.cuda.mem_get_info(device)
    return Device(device, torch.cuda.get_device_name(device), total, free)
