"""ComfyUI's `comfy.utils`: resizing, tiles, files of tensors, progress."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import trange

from compat import batches, progress_bar, state_dicts, tiled
from diffusion import resize

__heeded__ = frozenset({"PROGRESS_BAR_HOOK", "PROGRESS_BAR_ENABLED"})

PROGRESS_BAR_ENABLED = True
PROGRESS_BAR_HOOK: Callable[..., None] | None = None
PROGRESS_THROTTLE_MIN_INTERVAL = progress_bar.INTERVAL_S
MMAP_TORCH_FILES = False
DISABLE_MMAP = False
ATTR_UNSET: dict[str, Any] = {}
CPU = torch.device("cpu")

common_upscale = batches.upscale
lanczos = batches.lanczos
bislerp = resize.bislerp
get_tiled_scale_steps = tiled.count_steps
reshape_mask = batches.fit_mask
pack_latents = batches.pack
unpack_latents = batches.unpack
deepcopy_list_dict = batches.copy_containers
model_trange = trange
calculate_parameters = state_dicts.count_parameters
weight_dtype = state_dicts.commonest_dtype
state_dict_key_replace = state_dicts.rename_keys
safetensors_header = state_dicts.read_header


class ProgressBar(progress_bar.ProgressBar):
    """Counts up to a total and shows it on the node that runs."""

    def __init__(self, total: int, node_id: str | None = None) -> None:
        super().__init__(total, node_id, PROGRESS_BAR_HOOK)


def set_progress_bar_enabled(enabled: bool) -> None:
    """Say whether samplers should draw bars in the terminal."""
    global PROGRESS_BAR_ENABLED
    PROGRESS_BAR_ENABLED = enabled


def set_progress_bar_global_hook(function: Callable[..., None] | None) -> None:
    """Let a function hear the progress of packs in place of the run; None gives it back."""
    global PROGRESS_BAR_HOOK
    PROGRESS_BAR_HOOK = function


def load_torch_file(
    ckpt: str, safe_load: bool = False, device: torch.device | None = None, return_metadata: bool = False
) -> Any:
    """Return the tensors of a file by name; with `return_metadata` a pair of these and the header's texts."""
    read = state_dicts.read_tensors(str(ckpt), CPU if device is None else device)
    return (read.tensors, read.metadata) if return_metadata else read.tensors


def save_torch_file(sd: dict[str, Tensor], ckpt: str, metadata: dict[str, str] | None = None) -> None:
    """Write tensors as a safetensors file."""
    state_dicts.write_tensors(sd, str(ckpt), metadata)


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: Mapping[str, str], filter_keys: bool = False
) -> Any:
    """Give names other beginnings; with `filter_keys` return only these."""
    return state_dicts.rename_prefixes(state_dict, replace_prefix, only_these=filter_keys)


def convert_sd_to(state_dict: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Convert all tensors, in place."""
    for name, tensor in state_dict.items():
        state_dict[name] = tensor.to(dtype)
    return state_dict


def repeat_to_batch_size(tensor: Tensor, batch_size: int, dim: int = 0) -> Tensor:
    """Repeat along an axis and cut to a size."""
    return resize.repeat_to_batch(tensor, batch_size, dim)


def resize_to_batch_size(tensor: Tensor, batch_size: int) -> Tensor:
    """Take entries, spread evenly, some of them several times if there are too few."""
    return tensor if tensor.shape[0] == batch_size else tensor[batches.spread_places(tensor.shape[0], batch_size)]


def resize_list_to_batch_size(l: list[Any], batch_size: int) -> list[Any]:  # noqa: E741  # its name in ComfyUI
    """Do the same with a list; an empty one stays so."""
    return [l[place] for place in batches.spread_places(len(l), batch_size)] if l else l


def tiled_scale_multidim(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile: Sequence[int] = (64, 64),
    overlap: Any = 8,
    upscale_amount: Any = 4,
    out_channels: int = 3,
    output_device: Any = "cpu",
    downscale: bool = False,
    index_formulas: Any = None,
    pbar: ProgressBar | None = None,
) -> Tensor:
    """Return function(samples) computed in tiles, along as many last axes as `tile` has numbers."""
    dims = len(tile)
    lengths = _each(upscale_amount, dims)
    positions = _each(lengths if index_formulas is None else index_formulas, dims)
    axes = [
        tiled.Axis(
            samples.shape[axis + 2],
            tile[axis],
            _each(overlap, dims)[axis],
            tiled.scaling(lengths[axis], is_down=downscale),
            tiled.scaling(positions[axis], is_down=downscale),
        )
        for axis in range(dims)
    ]
    tell = (lambda: None) if pbar is None else (lambda: pbar.update(1))
    return tiled.apply_in_tiles(samples, function, axes, out_channels, output_device, tell)


def _each(value: Any, count: int) -> Sequence[Any]:
    return value if isinstance(value, tuple | list) else [value] * count


def tiled_scale(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: float = 4,
    out_channels: int = 3,
    output_device: Any = "cpu",
    pbar: ProgressBar | None = None,
) -> Tensor:
    """Return function(samples) computed in tiles of rows and columns."""
    return tiled_scale_multidim(
        samples, function, (tile_y, tile_x), overlap, upscale_amount, out_channels, output_device, pbar=pbar
    )


def get_attr(obj: Any, attr: str) -> Any:
    """Return an attribute of an attribute: `get_attr(model, "layer1.conv.weight")`."""
    return reduce(getattr, attr.split("."), obj)


def resolve_attr(obj: Any, attr: str) -> tuple[Any, str]:
    """Return the object that has the last of such attributes, and its name."""
    *way, name = attr.split(".")
    return reduce(getattr, way, obj), name


def set_attr(obj: Any, attr: str, value: Any) -> Any:
    """Set such an attribute (ATTR_UNSET deletes it); return what was there."""
    owner, name = resolve_attr(obj, attr)
    before = getattr(owner, name, ATTR_UNSET)
    if value is ATTR_UNSET:
        delattr(owner, name)
    else:
        setattr(owner, name, value)
    return before


def set_attr_param(obj: Any, attr: str, value: Tensor) -> Any:
    """Set such an attribute to a parameter without gradient."""
    is_locked = value.is_inference() and not torch.is_inference_mode_enabled()
    return set_attr(obj, attr, nn.Parameter(value.clone() if is_locked else value, requires_grad=False))


def set_attr_buffer(obj: Any, attr: str, value: Tensor) -> Any:
    """Set such an attribute to a buffer, kept in the state dict if it was before."""
    owner, name = resolve_attr(obj, attr)
    before = getattr(owner, name, ATTR_UNSET)
    owner.register_buffer(name, value, persistent=name not in getattr(owner, "_non_persistent_buffers_set", ()))
    return before


def copy_to_param(obj: Any, attr: str, value: Tensor) -> None:
    """Write numbers into such a parameter."""
    get_attr(obj, attr).data.copy_(value)


def detect_layer_quantization(state_dict: Mapping[str, Any], prefix: str) -> dict[str, bool] | None:
    """Return whether layers are packed each in its own way."""
    is_marked = any(name.startswith(prefix) and name.endswith(".comfy_quant") for name in state_dict)
    return {"mixed_ops": True} if is_marked else None


def string_to_seed(data: str | bytes) -> int:
    """Return the CRC-32 of a text's code points or of bytes; of a point above 255 the rest is mixed in, as in ComfyUI."""
    crc = 0
    for point in data if isinstance(data, bytes) else map(ord, data):
        crc = zlib.crc32(bytes([point & 255]), crc) ^ (point >> 8)
    return crc


def bit_reverse_range(index: int, bits: int) -> int:
    """Return a number with its bits in reverse order."""
    return int(f"{index % 2**bits:0{bits}b}"[::-1], 2) if bits else 0
