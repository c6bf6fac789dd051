"""What is free and who lies where: a part of `comfy.model_management`."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import torch
from comfy._devices import device_supports_non_blocking, get_torch_device, is_device_cuda
from comfy._states import CPU, EXTRA_RESERVED_VRAM, GIB, OOM_EXCEPTION, CPUState, cpu_state
from torch import Tensor, nn

from compat import device_facts
from compat.shims.finder import lent


def _of_ours(device: Any) -> bool:
    return device is None or device in (lent().device, get_torch_device())


def get_total_memory(dev: torch.device | None = None, torch_total_too: bool = False) -> Any:
    """Return the bytes of a device; with `torch_total_too` also those that torch holds."""
    total = lent().total_bytes() if _of_ours(dev) else device_facts.total_memory(dev or CPU)
    held = torch.cuda.memory_reserved(dev) if is_device_cuda(dev or get_torch_device()) else total
    return (total, held) if torch_total_too else total


def get_free_memory(dev: torch.device | None = None, torch_free_too: bool = False) -> Any:
    """Return the free bytes of a device, within Weft's budget for it; with `torch_free_too` also those that torch holds."""
    free = device_facts.free_memory(dev or get_torch_device())
    total = min(free.total, lent().free_bytes()) if _of_ours(dev) else free.total
    return (total, free.torch) if torch_free_too else total


def maximum_vram_for_weights(device: torch.device | None = None) -> float:
    """Return what weights may take."""
    return float(get_total_memory(device) * 0.88 - minimum_inference_memory())


def extra_reserved_memory() -> int:
    """Return what is left to the system and others."""
    return int(EXTRA_RESERVED_VRAM)


def minimum_inference_memory() -> float:
    """Return what ComfyUI leaves for the work itself."""
    return float(0.8 * GIB + EXTRA_RESERVED_VRAM)


def module_size(module: nn.Module) -> int:
    """Return the bytes of a module's weights."""
    return sum(tensor.nbytes for tensor in module.state_dict().values())


def free_memory(
    memory_required: float, device: torch.device | None = None, keep_loaded: Sequence[Any] = (), **unused: Any
) -> list[Any]:
    """Take Weft's weights off the device until so many bytes are free; what packs hold is not known here."""
    if _of_ours(device):
        lent().make_room(int(min(memory_required, lent().total_bytes())))
    return []


def load_models_gpu(
    models: Sequence[Any], memory_required: float = 0, force_patch_weights: bool = False, **unused: Any
) -> None:
    """Make room for models of a pack and bring them; handles of Weft's models come by themselves when they are used."""
    for model in models:
        load = getattr(model, "patch_model", None)  # ComfyUI's patcher, or a pack's class like it
        size = getattr(model, "model_size", lambda: 0)()
        lent().make_room(int(min(memory_required + size, lent().total_bytes())))
        if load is not None:
            load(device_to=getattr(model, "load_device", get_torch_device()))


def load_model_gpu(model: Any) -> None:
    """Do the same for one model."""
    load_models_gpu([model])


def loaded_models(only_currently_used: bool = False) -> list[Any]:
    """Return what Weft has on the device, by names."""
    return list(lent().loaded())


def unload_all_models() -> None:
    """Take everything of Weft's off the device that is not in use."""
    lent().evict_all()


def unload_model_clones(model: Any, *unused: Any, **named: Any) -> None:
    """Do nothing: handles of one model share its weights."""


unload_model_and_clones = unload_model_clones


def cleanup_models() -> None:
    """Collect what nobody holds any more."""
    gc.collect()


cleanup_models_gc = cleanup_models


def soft_empty_cache(force: bool = False) -> None:
    """Give memory back that torch holds and does not use."""
    if cpu_state is CPUState.GPU:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.ipc_collect()  # type: ignore[no-untyped-call]  # of torch
    elif cpu_state is CPUState.MPS:
        torch.mps.empty_cache()


def synchronize() -> None:
    """Wait for the device."""
    if cpu_state is CPUState.GPU:
        torch.cuda.synchronize()


def debug_memory_summary() -> str:
    """Return torch's account of a GPU's memory."""
    return str(torch.cuda.memory.memory_summary()) if cpu_state is CPUState.GPU else ""


def is_oom(e: BaseException) -> bool:
    """Return whether an error says that memory ran out."""
    return isinstance(e, OOM_EXCEPTION) or (isinstance(e, RuntimeError) and "out of memory" in str(e).lower())


def raise_non_oom(e: BaseException) -> None:
    """Raise an error again unless memory ran out."""
    if not is_oom(e):
        raise e


def cast_to(
    weight: Tensor | None,
    dtype: torch.dtype | None = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    **unused: Any,
) -> Tensor | None:
    """Return a tensor in another dtype and place."""
    return None if weight is None else weight.to(device=device, dtype=dtype, non_blocking=non_blocking, copy=copy)


def cast_to_device(tensor: Tensor, device: Any, dtype: torch.dtype, copy: bool = False) -> Tensor:
    """Return a tensor on a device, in a dtype."""
    return tensor.to(device=device, dtype=dtype, copy=copy, non_blocking=device_supports_non_blocking(device))


def pin_memory(tensor: Tensor) -> bool:
    """Pin nothing: Weft pins what it streams."""
    return False


unpin_memory = pin_memory


def current_stream(device: Any) -> Any:
    """Return the stream that a CUDA device works in."""
    return torch.cuda.current_stream(device) if is_device_cuda(device) else None


def get_offload_stream(device: Any) -> None:
    """Return no stream: Weft has one of its own."""
