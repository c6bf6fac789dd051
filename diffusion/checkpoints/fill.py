"""A network filled with the tensors of a file: memory-mapped, built without weights first, nothing copied twice.

module = fill(part, weights, Precision(stored=None), device="cpu")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.header import Header, TensorInfo
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, as_view
from diffusion.errors import CheckpointError
from diffusion.quantize import Precision, to_stored, unpack_when_used

SHOWN_PROBLEMS = 3
DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
SMALL_DTYPE = torch.float16  # what weights stored in 8 bits are computed in
SMALL = {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2}
TORCH_DTYPES: Mapping[str, torch.dtype] = {**DTYPES, **SMALL}
FLOATS = frozenset(TORCH_DTYPES)


@dataclass(frozen=True)
class Weights:
    """An open file: its header, and its tensors as views of the memory-mapped bytes."""

    header: Header
    file: Any  # safetensors' safe_open

    def get(self, source: Source) -> Tensor:
        """Return a tensor; its bytes are read when they are used."""
        view = as_view(source)
        tensor: Tensor = self.file.get_tensor(view.key)
        return view.of(tensor)


def open_weights(header: Header) -> Weights:
    """Map a file into memory."""
    from safetensors import SafetensorError, safe_open

    try:
        return Weights(header, safe_open(header.path, framework="pt", device="cpu"))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{header.path.name}: the file cannot be read as safetensors: {error}.") from error


@dataclass(frozen=True)
class TensorFile:
    """Tensors that are in memory already, in the place of a file."""

    tensors: Mapping[str, Tensor]

    def get_tensor(self, key: str) -> Tensor:
        """Return a tensor."""
        return self.tensors[key]


def header_of(tensors: Mapping[str, Tensor]) -> Header:
    """Return the header that a file of these tensors would have; dtypes that models are not kept in have torch's name."""
    names = {dtype: name for name, dtype in TORCH_DTYPES.items()}
    infos = {
        key: TensorInfo(names.get(tensor.dtype, str(tensor.dtype)), tuple(tensor.shape))
        for key, tensor in tensors.items()
    }
    return Header(Path("the given tensors"), infos, nbytes=sum(tensor.nbytes for tensor in tensors.values()))


def fill(part: Part, weights: Weights, precision: Precision, device: torch.device | str) -> nn.Module:
    """Build a network and give it the file's tensors in a precision."""
    mapped = fill_mapped(part, weights)
    chosen = precision.stored or mapped.dtype
    state = {name: to_stored(tensor, chosen).to(device) for name, tensor in mapped.module.state_dict().items()}
    mapped.module.load_state_dict(state, assign=True)
    _fill_buffers(mapped.module, device)
    if precision.computed not in (None, chosen):
        unpack_when_used(mapped.module, precision.computed)
    return mapped.module.requires_grad_(False)


class Mapped(NamedTuple):
    """A network whose weights lie in the file, as they are stored there, and the finest precision among them."""

    module: nn.Module
    dtype: torch.dtype


def fill_mapped(part: Part, weights: Weights) -> Mapped:
    """Build a network on the file's bytes, mapped into memory."""
    with torch.device("meta"):
        module = part.build()
    keys = part.keys(module)
    expected = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    check_shapes(weights.header, expected, keys)
    state = {name: weights.get(key).reshape(expected[name]) for name, key in keys.items()}
    module.load_state_dict(state, assign=True)
    _fill_buffers(module, "cpu")
    return Mapped(module.eval().requires_grad_(False), stored_dtype(weights.header, keys.values()))


def check_shapes(header: Header, expected: Mapping[str, tuple[int, ...]], keys: Mapping[str, Source]) -> None:
    """Compare a network's tensors with the header; CheckpointError names all that is missing or misshapen."""
    problems = []
    for name, shape in expected.items():
        view = as_view(keys[name])
        found = header.shape(view.key)
        if found is None:
            problems.append(f"{view.key} is missing (expected {shape})")
        elif _without_ones(view.shape_of(found)) != _without_ones(shape):
            problems.append(f"{view.key} has the shape {found}, expected {shape}")
        elif (dtype := header.tensors[view.key].dtype) not in FLOATS:
            problems.append(f"{view.key} is stored as {dtype}, expected {', '.join(sorted(FLOATS))}")
    if problems:
        more = f"; and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        raise CheckpointError(
            f"{header.path.name}: {len(problems)} of {len(expected)} tensors do not fit: "
            f"{'; '.join(problems[:SHOWN_PROBLEMS])}{more}. The file is incomplete or of a model that is not supported."
        )


def stored_dtype(header: Header, keys: Iterable[Source]) -> torch.dtype:
    """Return the precision of a network's tensors in the file; the finest, if there are several."""
    found = {DTYPES.get(header.tensors[as_view(key).key].dtype, SMALL_DTYPE) for key in keys}
    finest = found.pop()
    for dtype in found:
        finest = torch.promote_types(finest, dtype)
    return finest


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Drop sides of length 1 at the end: a 1x1 convolution is a linear layer."""
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _fill_buffers(module: nn.Module, device: torch.device | str) -> None:
    """Make the buffers that no file has, on the device: CLIP's positions are the only ones."""
    for owner in module.modules():
        for name, buffer in list(owner.named_buffers(recurse=False)):
            if buffer.is_meta or buffer.device != torch.device(device):
                owner.register_buffer(name, torch.arange(buffer.shape[-1], device=device).expand(buffer.shape), False)
