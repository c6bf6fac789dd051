"""The header of a safetensors or GGUF file: names, shapes and precisions of its tensors, without reading any weight.

    header = read_header(path)
    header.tensors["model.diffusion_model.out.2.weight"].shape  # (4, 320, 3, 3)

Everything that can be wrong with a file is found here, so that later steps need not look again. Packed weights stand in it as
if they were plain (diffusion.checkpoints.packed_layouts).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from diffusion.checkpoints.gguf_file import MAGIC as GGUF_MAGIC
from diffusion.checkpoints.gguf_file import read_gguf
from diffusion.checkpoints.packed_layouts import PackedInfo, TensorInfo, find_packed, of_gguf
from diffusion.errors import CheckpointError

ZIP_MAGIC, PICKLE_MAGIC = b"PK\x03\x04", b"\x80"
PICKLE_SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl"})
PICKLE = (
    "a pickle file, which can run any program when it is opened; it is refused. "
    "Convert it to safetensors, or get the model as a safetensors file"
)
LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000  # as the safetensors library has it
BITS: Mapping[str, int] = {  # of an element, by safetensors' names (safetensors 0.7)
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
OTHER_STARTS: Mapping[bytes, str] = {  # the first bytes of what is often found in a model's place
    b"version ": "a pointer of Git LFS in the model's place; fetch the file itself with git lfs pull",
    b"<!DOCTYP": "a web page saved in the model's place; get the file again",
    b"<html": "a web page saved in the model's place; get the file again",
    **{b"\x80%c" % protocol: PICKLE for protocol in range(2, 6)},
}


@dataclass(frozen=True)
class Header:
    """The names in a file with what they stand for, and its metadata. packed: how those are written that are packed."""

    path: Path
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str] = field(default_factory=dict)
    nbytes: int = 0
    packed: Mapping[str, PackedInfo] = field(default_factory=dict)
    is_gguf: bool = False

    def shape(self, key: str) -> tuple[int, ...] | None:
        """Return a tensor's shape, None if there is none of that name."""
        info = self.tensors.get(key)
        return None if info is None else info.shape

    def required_shape(self, key: str) -> tuple[int, ...]:
        """Return a tensor's shape; CheckpointError if there is none of that name."""
        shape = self.shape(key)
        if shape is None:
            raise CheckpointError(f"{self.path.name}: {key} is missing, without which the model's size is not known.")
        return shape

    def numbers(self, prefix: str, suffix: str) -> list[int]:
        """Return the numbers between a prefix and a suffix in the names of the file, sorted."""
        names = (key for key in self.tensors if key.startswith(prefix) and key.endswith(suffix))
        parts = (key[len(prefix) : len(key) - len(suffix)] for key in names)
        return sorted({int(part) for part in parts if part.isdecimal()})


def read_header(path: Path) -> Header:
    """Read and check the header of a file; CheckpointError if it is not a whole safetensors or GGUF file."""
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(LENGTH_BYTES)
            if start.startswith(GGUF_MAGIC):
                return _gguf_header(path, size)
            _refuse_pickle(path, start)
            length = _header_length(path, start, size)
            parsed = _parse(path, file.read(length), data_bytes=size - LENGTH_BYTES - length)
            found = find_packed(parsed.tensors, parsed.metadata, _reader(file, LENGTH_BYTES + length, parsed.places))
    except OSError as error:
        raise CheckpointError(f"{path}: the file cannot be read: {error.strerror or error}.") from error
    return Header(path, found.tensors, parsed.metadata, size, found.packed)


def header_of(path: Path, shapes: Mapping[str, Sequence[Any]], metadata: Mapping[str, str] | None = None) -> Header:
    """Return the header that name -> (dtype, shape) says, as a stripped header in JSON has it."""
    tensors = {name: TensorInfo(dtype, tuple(shape)) for name, (dtype, shape) in shapes.items()}
    found = find_packed(tensors, metadata or {})
    return Header(path, found.tensors, metadata or {}, packed=found.packed)


def _gguf_header(path: Path, size: int) -> Header:
    file = read_gguf(path)
    found = of_gguf(file)
    return Header(path, found.tensors, file.metadata, size, found.packed, is_gguf=True)


def _reader(file: BinaryIO, start: int, places: Mapping[str, _Place]) -> Callable[[str], bytes]:
    """Return what gives the bytes of a tensor of an open file."""

    def read(key: str) -> bytes:
        file.seek(start + places[key].start)
        return file.read(places[key].end - places[key].start)

    return read


def _refuse_pickle(path: Path, start: bytes) -> None:
    if start[:4] == ZIP_MAGIC or (start[:1] == PICKLE_MAGIC and path.suffix.lower() in PICKLE_SUFFIXES):
        raise CheckpointError(f"{path.name}: this is {PICKLE}.")


def _header_length(path: Path, start: bytes, size: int) -> int:
    if len(start) < LENGTH_BYTES:
        raise CheckpointError(f"{path.name}: the file has {size} bytes and is no model; get it again.")
    length = int.from_bytes(start, "little")
    other = next((kind for beginning, kind in OTHER_STARTS.items() if start.startswith(beginning)), None)
    if length > MAX_HEADER_BYTES and other is not None:
        raise CheckpointError(f"{path.name}: this is {other}.")
    if length > MAX_HEADER_BYTES:
        raise CheckpointError(
            f"{path.name}: this is not a safetensors file (its first 8 bytes should be the length of the header, "
            f"but say {length:,}); it may be another format under this name, or a web page saved in its place."
        )
    if length + LENGTH_BYTES > size:
        raise CheckpointError(
            f"{path.name}: the file is cut off: its header alone should have {length:,} bytes, "
            f"the whole file has {size:,}; get it again."
        )
    return length


class _Parsed(NamedTuple):
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]
    places: Mapping[str, _Place]


def _parse(path: Path, text: bytes, data_bytes: int) -> _Parsed:
    try:
        content = json.loads(text)
        metadata = {str(key): str(value) for key, value in content.pop("__metadata__", {}).items()}
        tensors = {name: TensorInfo(info["dtype"], tuple(info["shape"])) for name, info in content.items()}
        places = {name: _place(name, info) for name, info in content.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            f"{path.name}: the header is damaged ({type(error).__name__}: {error}); get the file again."
        ) from error
    _check_places(path, places, data_bytes)
    return _Parsed(tensors, metadata, places)


class _Place(NamedTuple):
    """Where the bytes of a tensor lie after the header."""

    start: int
    end: int


def _place(name: str, info: Mapping[str, Any]) -> _Place:
    """Return a tensor's place; ValueError if what the header says of it contradicts itself."""
    dtype, shape, place = info["dtype"], info["shape"], _Place(*info["data_offsets"])
    if dtype not in BITS:
        raise ValueError(f"{name} has the unknown type {dtype!r}")
    if not isinstance(shape, list) or not all(_is_size(side) for side in shape):
        raise ValueError(f"{name} has the shape {shape!r}")
    if not all(_is_size(offset) for offset in place) or place.end < place.start:
        raise ValueError(f"{name} lies from {place.start!r} to {place.end!r}")
    expected = (math.prod(shape) * BITS[dtype] + 7) // 8
    if place.end - place.start != expected:
        raise ValueError(f"{name} has {place.end - place.start:,} bytes; {shape} of {dtype} are {expected:,}")
    return place


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_places(path: Path, places: Mapping[str, _Place], data_bytes: int) -> None:
    """Refuse a file that ends too soon or too late, and tensors that overlap or leave gaps."""
    end = max((place.end for place in places.values()), default=0)
    if end > data_bytes:
        raise CheckpointError(
            f"{path.name}: the file is cut off: {end - data_bytes:,} of {end:,} bytes of weights are missing; "
            "get it again."
        )
    reached = 0
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        if place.start != reached:
            fault = "overlaps the tensor before it" if place.start < reached else "leaves a gap before it"
            raise CheckpointError(
                f"{path.name}: the header is damaged: {name} begins at byte {place.start:,} and {fault}, "
                f"which ends at {reached:,}; get the file again."
            )
        reached = place.end
    if reached < data_bytes:
        raise CheckpointError(
            f"{path.name}: the file is damaged: {data_bytes - reached:,} bytes after the last tensor belong to none; "
            "get it again."
        )
