"""Packed weights in the headers of files: which tensors belong together, and what network's tensor they stand for.

    found = find_packed(tensors, metadata, read)
    found.tensors["blocks.0.qkv.weight"]         # as if it were plain: TensorInfo("nvfp4", (9216, 3072))
    found.packed["blocks.0.qkv.weight"].parts    # …weight, …weight_scale, …weight_scale_2

Layouts are those of ComfyUI's repackaged files (0.33): scales lie beside a weight under names of their own, and what cannot be
seen in precisions and shapes is said by JSON, in a tensor `comfy_quant` beside the weight or in the file's metadata.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import torch

from diffusion.checkpoints.gguf_file import GgufFile
from diffusion.packed import PackedTensor, Packing
from diffusion.packings.block_scaled import MXFP8, NVFP4, BlockScaled, tiled_bytes
from diffusion.packings.gguf_blocks import GgufBlocks
from diffusion.packings.scaled import Scaled

WEIGHT = ".weight"
SCALES = ("weight_scale", "scale_weight")  # the second in older files, which have a marker too
WHOLE_SCALE, COLUMN_SCALE = "weight_scale_2", "pre_quant_scale"
INPUT_SCALES = ("input_scale", "scale_input")  # for multiplying in 8 bits, which is not done here
DESCRIPTION = "comfy_quant"
HELPERS = (*SCALES, WHOLE_SCALE, COLUMN_SCALE, *INPUT_SCALES, DESCRIPTION)
MARKER = "scaled_fp8"
METADATA_KEY = "_quantization_metadata"
PART_DTYPES: Mapping[str, torch.dtype] = {
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E8M0": torch.float8_e8m0fnu,
    "I8": torch.int8,
    "U8": torch.uint8,
}
FLOATS_OF_8_BITS = frozenset({"F8_E4M3", "F8_E5M2"})
EXPONENTS = frozenset({"U8", "F8_E8M0"})
FORMATS: Mapping[str, frozenset[str]] = {  # ComfyUI's names of formats, and the precisions their weights have
    "float8_e4m3fn": frozenset({"F8_E4M3"}),
    "float8_e5m2": frozenset({"F8_E5M2"}),
    "mxfp8": frozenset({"F8_E4M3"}),
    "int8_tensorwise": frozenset({"I8"}),
    "nvfp4": frozenset({"U8"}),
}
ROTATION = 256


class TensorInfo(NamedTuple):
    """What a header says of one tensor; `dtype` is safetensors' name (F16, BF16, F32 …), or that of a packing."""

    dtype: str
    shape: tuple[int, ...]


class PartInfo(NamedTuple):
    """One of the tensors that a packed weight is written in, as it is in the file."""

    key: str
    dtype: str
    shape: tuple[int, ...]


class PackedInfo(NamedTuple):
    """How a weight is packed, and where."""

    packing: Packing
    parts: tuple[PartInfo, ...]

    def outlined(self, shape: tuple[int, ...], dtype: torch.dtype) -> PackedTensor:
        """Return the weight on the meta device."""
        parts = [torch.empty(part.shape, dtype=PART_DTYPES[part.dtype], device="meta") for part in self.parts]
        return PackedTensor(self.packing, parts, shape, dtype)


class Found(NamedTuple):
    """The tensors of a network as if they were plain, and those that are packed."""

    tensors: Mapping[str, TensorInfo]
    packed: Mapping[str, PackedInfo]


def of_gguf(file: GgufFile) -> Found:
    """Return the tensors of a GGUF file."""
    tensors = {key: TensorInfo(each.type, each.shape) for key, each in file.tensors.items()}
    packed = {
        key: PackedInfo(GgufBlocks(each.type, each.block_bytes), (PartInfo(key, "U8", (each.rows, each.row_bytes)),))
        for key, each in file.tensors.items()
        if not each.is_plain
    }
    return Found(tensors, packed)


def find_packed(
    tensors: Mapping[str, TensorInfo], metadata: Mapping[str, str], read: Callable[[str], bytes] | None = None
) -> Found:
    """Return the tensors of a safetensors file; read: gives the bytes of one, if they are at hand.

    A weight that is packed in another way has the name of the way for its precision, which no network takes.
    """
    descriptions = _descriptions(tensors, metadata, read)
    plain: dict[str, TensorInfo] = {}
    packed: dict[str, PackedInfo] = {}
    for key, info in tensors.items():
        if _is_helper(key, tensors):
            continue
        found = _read(key, _Beside(key, tensors), descriptions.get(key.removesuffix(WEIGHT)))
        if isinstance(found, PackedInfo):
            packed[key] = found
            shape = _halved(info.shape) if found.packing == NVFP4 else info.shape
            plain[key] = TensorInfo(found.packing.name, shape)
        else:
            plain[key] = info if found is None else TensorInfo(found, info.shape)
    return Found(plain, packed)


class _Beside(NamedTuple):
    """A tensor, and those beside it."""

    key: str
    tensors: Mapping[str, TensorInfo]

    @property
    def part(self) -> PartInfo:
        """The tensor itself."""
        return PartInfo(self.key, *self.tensors[self.key])

    def find(self, *names: str) -> PartInfo | None:
        """Return the first of the tensors with these last names that is there."""
        layer = self.key.removesuffix(WEIGHT)
        keys = (f"{layer}.{name}" for name in names if self.key.endswith(WEIGHT))
        return next((PartInfo(key, *self.tensors[key]) for key in keys if key in self.tensors), None)


def _read(key: str, beside: _Beside, description: Mapping[str, Any] | None) -> PackedInfo | str | None:
    """Return how a tensor is packed; the name of a way that is not known; None if it is plain."""
    dtype, name = beside.part.dtype, (description or {}).get("format")
    if name is not None and dtype not in FORMATS.get(str(name), ()):
        return str(name) if dtype in PART_DTYPES and dtype not in ("F32", "F16", "BF16") else None
    scale = beside.find(*SCALES)
    if dtype in FLOATS_OF_8_BITS:
        return _float8(beside, scale)
    if dtype == "I8" and scale is not None:
        return _int8(beside, scale, description or {})
    if dtype == "U8" and scale is not None:
        return _nvfp4(beside, scale)
    return None


def _float8(beside: _Beside, scale: PartInfo | None) -> PackedInfo | str:
    part = beside.part
    if scale is None:
        return PackedInfo(Scaled(part.dtype), (part,))
    if scale.dtype in EXPONENTS:
        return _in_blocks(MXFP8, part.shape, (part, scale)) or f"{part.dtype} with scales of the shape {scale.shape}"
    return _with_scale(Scaled(f"{part.dtype} scaled"), part, scale)


def _int8(beside: _Beside, scale: PartInfo, description: Mapping[str, Any]) -> PackedInfo | str:
    inner = description.get("params")
    said = {**(inner if isinstance(inner, dict) else {}), **description}
    if not said.get("convrot"):
        return _with_scale(Scaled("int8"), beside.part, scale)
    size = said.get("convrot_groupsize", ROTATION)
    if size not in (4, 16, 64, 256, 1024) or beside.part.shape[-1] % size or len(beside.part.shape) != 2:
        return f"int8 turned by {size}"
    return _with_scale(Scaled("int8 turned", rotation=size), beside.part, scale)


def _with_scale(packing: Scaled, part: PartInfo, scale: PartInfo) -> PackedInfo | str:
    count = math.prod(scale.shape)
    if scale.dtype in ("F32", "F16", "BF16") and (count == 1 or (count == part.shape[0] and scale.shape[0] == count)):
        return PackedInfo(packing, (part, scale))
    return f"{packing.name} with scales of the shape {scale.shape}"


def _nvfp4(beside: _Beside, scale: PartInfo) -> PackedInfo | str:
    whole, columns = beside.find(WHOLE_SCALE), beside.find(COLUMN_SCALE)
    parts = tuple(part for part in (beside.part, scale, whole, columns) if part is not None)
    shape = _halved(beside.part.shape)
    is_whole = whole is not None and math.prod(whole.shape) == 1
    has_columns = columns is None or math.prod(columns.shape) == shape[-1]
    found = _in_blocks(NVFP4, shape, parts) if is_whole and has_columns else None
    return found or f"nvfp4 with scales of the shape {scale.shape}"


def _in_blocks(packing: BlockScaled, shape: tuple[int, ...], parts: tuple[PartInfo, ...]) -> PackedInfo | None:
    if len(shape) != 2 or shape[1] % packing.block:
        return None
    is_right = math.prod(parts[1].shape) == tiled_bytes(shape[0], shape[1] // packing.block)
    return PackedInfo(packing, parts) if is_right else None


def _halved(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of numbers of which two are in a byte."""
    return (*shape[:-1], 2 * shape[-1])


def _is_helper(key: str, tensors: Mapping[str, TensorInfo]) -> bool:
    layer, _, name = key.rpartition(".")
    return name == MARKER or (name in HELPERS and layer + WEIGHT in tensors)


def _descriptions(
    tensors: Mapping[str, TensorInfo], metadata: Mapping[str, str], read: Callable[[str], bytes] | None
) -> dict[str, Mapping[str, Any]]:
    """Return what JSON says of layers, by their names."""
    found = dict(_in_metadata(metadata.get(METADATA_KEY, "")))
    for key in tensors if read is not None else ():
        layer, _, name = key.rpartition(".")
        if name == DESCRIPTION and read is not None:
            found[layer] = _mapping(read(key))
    return found


def _in_metadata(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    layers = _mapping(text).get("layers")
    for layer, said in layers.items() if isinstance(layers, dict) else ():
        if isinstance(said, dict):
            yield layer, said


def _mapping(text: str | bytes) -> Mapping[str, Any]:
    """Return a mapping in JSON; what is none says nothing."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
