"""Which device is for what: a part of `comfy.model_management`."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from typing import Any

import torch
from comfy._states import CPU, DISABLE_SMART_MEMORY, GIB, CPUState, VRAMState, cpu_state, vram_state
from comfy.cli_args import args

from compat import device_facts
from compat.device_facts import is_of_type
from compat.shims.finder import lent


def get_torch_device() -> torch.device:
    """Return where networks compute."""
    device = lent().device
    return torch.device("cuda", torch.cuda.current_device()) if str(device) == "cuda" else device


def get_all_torch_devices(exclude_current: bool = False) -> list[torch.device]:
    """Return the devices that there are of this kind."""
    count = torch.cuda.device_count() if lent().device.type == "cuda" else 0
    devices = [torch.device("cuda", index) for index in range(count)] or [get_torch_device()]
    return [device for device in devices if not (exclude_current and device == get_torch_device())]


def get_gpu_device_options() -> list[str]:
    """Return the words by which a widget chooses a device."""
    count = len(get_all_torch_devices())
    return ["default", "cpu", *(f"gpu:{index}" for index in range(count) if count > 1)]


def get_gpu_device_options_no_cpu() -> list[str]:
    """Return them without the processor."""
    return [option for option in get_gpu_device_options() if option != "cpu"]


def resolve_gpu_device_option(option: str | None) -> torch.device | None:
    """Return the device of such a word; None for the default and for what is none."""
    if option == "cpu":
        return torch.device("cpu")
    number = (option or "").removeprefix("gpu:")
    devices: list[torch.device] = get_all_torch_devices()
    return devices[int(number)] if number.isdecimal() and int(number) < len(devices) and number != option else None


def get_torch_device_name(device: Any) -> str:
    """Return what a device is called."""
    return device_facts.name_of(device)


def set_torch_device(device: torch.device) -> None:
    """Make a CUDA device the current one."""
    if is_device_cuda(device):
        torch.cuda.set_device(device)


@contextlib.contextmanager
def cuda_device_context(device: torch.device) -> Iterator[None]:
    """Make a CUDA device the current one for a while."""
    with torch.cuda.device(device) if is_device_cuda(device) and device.index is not None else contextlib.nullcontext():
        yield


def unet_offload_device() -> torch.device:
    """Return where diffusion networks lie that are not in use."""
    return get_torch_device() if vram_state is VRAMState.HIGH_VRAM else CPU


def unet_inital_load_device(parameters: int, dtype: torch.dtype) -> torch.device:
    """Return where a diffusion network is loaded to first."""
    if vram_state in (VRAMState.HIGH_VRAM, VRAMState.SHARED):
        return get_torch_device()
    device, nbytes = get_torch_device(), dtype.itemsize * parameters
    has_room = not DISABLE_SMART_MEMORY and vram_state is not VRAMState.NO_VRAM
    return device if has_room and nbytes < _free(device) > _free(CPU) else CPU


def _free(device: torch.device) -> int:
    free = device_facts.free_memory(device).total
    return min(free, lent().free_bytes()) if device == get_torch_device() else free


def _where_kept() -> torch.device:
    return get_torch_device() if args.gpu_only else CPU


def text_encoder_offload_device() -> torch.device:
    """Return where text encoders lie that are not in use."""
    return _where_kept()


def text_encoder_device() -> torch.device:
    """Return where text encoders compute: with the networks, unless memory is short or half precision slow."""
    is_roomy = vram_state in (VRAMState.HIGH_VRAM, VRAMState.NORMAL_VRAM)
    return get_torch_device() if args.gpu_only or (is_roomy and device_facts.takes_fp16(get_torch_device())) else CPU


def text_encoder_initial_device(
    load_device: torch.device, offload_device: torch.device, model_size: int = 0
) -> torch.device:
    """Return where a text encoder is loaded to first."""
    if load_device == offload_device or model_size <= GIB:
        return offload_device
    free = _free(load_device)
    has_room = free > _free(offload_device) * 0.5 and model_size * 1.2 < free
    return load_device if has_room or is_device_mps(load_device) else offload_device


def intermediate_device() -> torch.device:
    """Return where pictures and latents lie between nodes."""
    return _where_kept()


def vae_device() -> torch.device:
    """Return where VAEs compute."""
    return CPU if args.cpu_vae else get_torch_device()


def vae_offload_device() -> torch.device:
    """Return where VAEs lie that are not in use."""
    return _where_kept()


def get_autocast_device(dev: Any) -> str:
    """Return a device's type as torch.autocast wants it."""
    return getattr(dev, "type", "cuda")


def is_device_type(device: Any, type: str) -> bool:
    """Return whether a device is of a type."""
    return is_of_type(device, type)


def is_device_cpu(device: Any) -> bool:
    """Return whether a device is a processor."""
    return is_of_type(device, "cpu")


def is_device_mps(device: Any) -> bool:
    """Return whether a device is an Apple GPU."""
    return is_of_type(device, "mps")


def is_device_xpu(device: Any) -> bool:
    """Return whether a device is an Intel GPU."""
    return is_of_type(device, "xpu")


def is_device_cuda(device: Any) -> bool:
    """Return whether a device is a CUDA or ROCm GPU."""
    return is_of_type(device, "cuda")


def cpu_mode() -> bool:
    """Return whether the processor computes."""
    return cpu_state is CPUState.CPU


def mps_mode() -> bool:
    """Return whether an Apple GPU computes."""
    return cpu_state is CPUState.MPS


def is_nvidia() -> bool:
    """Return whether an Nvidia GPU computes."""
    return cpu_state is CPUState.GPU and bool(torch.version.cuda)


def is_amd() -> bool:
    """Return whether an AMD GPU computes."""
    return cpu_state is CPUState.GPU and bool(torch.version.hip)


def _never(*unused: Any, **named: Any) -> bool:
    return False


is_intel_xpu = is_ascend_npu = is_mlu = is_ixuca = is_directml_enabled = amd_min_version = _never  # not known to Weft
sage_attention_enabled = flash_attention_enabled = comfy_kitchen_attention_enabled = _never
xformers_enabled = xformers_enabled_vae = force_channels_last = _never


def is_wsl() -> bool:
    """Return whether this is Linux on Windows."""
    return platform.uname().release.endswith(("-Microsoft", "microsoft-standard-WSL2"))


def mac_version() -> tuple[int, ...] | None:
    """Return the version of macOS; None elsewhere."""
    parts = platform.mac_ver()[0].split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


def device_supports_non_blocking(device: Any) -> bool:
    """Return whether copies to a device may go on beside."""
    return not (is_device_mps(device) or args.deterministic)
