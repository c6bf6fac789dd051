"""A network filled with the tensors of a file: memory-mapped, built without weights first, nothing copied twice.

module = fill(part, weights, Precision(stored=None), device="cpu")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.gguf_file import GgufTensors, read_gguf
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.packed_layouts import TensorInfo, find_packed
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, as_view
from diffusion.errors import CheckpointError
from diffusion.overlay import Slot
from diffusion.packed import PackedTensor, on_parts
from diffusion.quantize import Precision, to_stored, unpack_where_packed

SHOWN_PROBLEMS = 3
DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
# What packed weights are computed in if the file has nothing in 16 bits: no network overflows in it.
UNPACKED = torch.bfloat16
SMALL = {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2}
TORCH_DTYPES: Mapping[str, torch.dtype] = {**DTYPES, **SMALL}
FLOATS = frozenset(TORCH_DTYPES)


@dataclass(frozen=True)
class Weights:
    """An open file: its header, and its tensors as views of the memory-mapped bytes.

    tokenizer_folders: where the tokenizers lie that text encoders need beside their file.
    """

    header: Header
    file: Any  # safetensors' safe_open, GgufTensors or TensorFile
    tokenizer_folders: tuple[Path, ...] = ()

    def get(self, source: Source) -> Tensor:
        """Return a tensor, packed if it is so in the file; its bytes are read when they are used."""
        if isinstance(source, str):
            return self._whole(source)
        whole = self._whole(source.key)
        part = source.of(whole)
        if isinstance(whole, PackedTensor) and not isinstance(part, PackedTensor):
            raise CheckpointError(
                f"{self.header.path.name}: {source.key} is packed as {whole.packing.name}, of which the network needs "
                f"{'the transposed matrix' if source.is_transposed else 'rows'}; that cannot be had while it is packed. "
                "Get the model in another precision."
            )
        return part

    def _whole(self, key: str) -> Tensor:
        packed = self.header.packed.get(key)
        if packed is None:
            tensor: Tensor = self.file.get_tensor(key)
            return tensor
        parts = [self.file.get_tensor(part.key) for part in packed.parts]
        return PackedTensor(packed.packing, parts, self.header.tensors[key].shape, UNPACKED)


def open_weights(header: Header) -> Weights:
    """Map a file into memory."""
    if header.is_gguf:
        return Weights(header, GgufTensors(header.path, read_gguf(header.path)))
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
    found, nbytes = find_packed(infos, {}), sum(tensor.nbytes for tensor in tensors.values())
    return Header(Path("the given tensors"), found.tensors, nbytes=nbytes, packed=found.packed)


def fill(part: Part, weights: Weights, precision: Precision, device: torch.device | str) -> nn.Module:
    """Build a network and give it the file's tensors in a precision; what is packed stays so."""
    mapped = fill_mapped(part, weights)
    resolved = precision.resolved(mapped.dtype)
    brought = {name: _brought(tensor, resolved.stored, device) for name, tensor in mapped.tensors.items()}
    _put(mapped.module, {name: tensor for name, tensor in brought.items() if tensor is not mapped.tensors[name]})
    _fill_buffers(mapped.module, device)
    unpack_where_packed(mapped.module, resolved)
    return mapped.module


def _brought(tensor: Tensor, dtype: torch.dtype, device: torch.device | str) -> Tensor:
    is_packed = isinstance(tensor, PackedTensor)
    return on_parts(tensor, lambda part: (part if is_packed else to_stored(part, dtype)).to(device))


class Mapped(NamedTuple):
    """A network whose weights lie in the file, as they are stored there, and the finest precision among them."""

    module: nn.Module
    tensors: Mapping[str, Tensor]
    dtype: torch.dtype


def fill_mapped(part: Part, weights: Weights) -> Mapped:
    """Build a network on the file's bytes, mapped into memory."""
    module = part.outline()
    keys = part.keys(module)
    expected = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    check_shapes(weights.header, expected, keys)
    tensors = {name: weights.get(key).reshape(expected[name]) for name, key in keys.items()}
    _put(module, tensors)
    _fill_buffers(module, "cpu")
    return Mapped(module.eval(), tensors, stored_dtype(weights.header, keys.values()))


def _put(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give a network its tensors by name; load_state_dict does the same and takes seven times as long."""
    owners = dict(module.named_modules(remove_duplicate=False))
    for name, tensor in tensors.items():
        path, _, leaf = name.rpartition(".")
        slot = Slot(owners[path], leaf)
        is_parameter = slot.leaf in slot.owner._parameters
        slot.tensors[slot.leaf] = nn.Parameter(tensor, requires_grad=False) if is_parameter else tensor


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
        elif view.key not in header.packed and (dtype := header.tensors[view.key].dtype) not in FLOATS:
            problems.append(f"{view.key} is stored as {dtype}, expected {', '.join(sorted(FLOATS))}")
    if problems:
        more = f"; and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        raise CheckpointError(
            f"{header.path.name}: {len(problems)} of {len(expected)} tensors do not fit: "
            f"{'; '.join(problems[:SHOWN_PROBLEMS])}{more}. The file is incomplete or of a model that is not supported."
        )


def stored_dtype(header: Header, keys: Iterable[Source]) -> torch.dtype:
    """Return the precision of a network's tensors in the file; the finest, if there are several.

    Where some are packed it is that of 16 bits which others have: what files of packed weights have in float32 is small, and
    kept so for its own sake only.
    """
    names = {as_view(key).key for key in keys}
    plain = [DTYPES.get(header.tensors[name].dtype, UNPACKED) for name in names - header.packed.keys()]
    if names & header.packed.keys():
        plain = [dtype for dtype in plain if dtype.itemsize == UNPACKED.itemsize]
        return torch.bfloat16 if torch.bfloat16 in plain else next(iter(plain), UNPACKED)
    return reduce(torch.promote_types, plain)


def lay_out_packed(module: nn.Module, header: Header, keys: Mapping[str, Source], dtype: torch.dtype) -> None:
    """Put packed weights without numbers into a network on the meta device."""
    for name, source in keys.items():
        view = as_view(source)
        packed = header.packed.get(view.key)
        if packed is not None:
            slot, shape = Slot.of(module, name), header.tensors[view.key].shape
            weight = view.of(packed.outlined(shape, dtype)).reshape(slot.get().shape)
            slot.tensors[slot.leaf] = nn.Parameter(weight, requires_grad=False)


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
