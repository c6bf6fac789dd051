"""The header of a safetensors file: names, shapes and precisions of its tensors, without reading any weight.

    header = read_header(path)
    header.tensors["model.diffusion_model.out.2.weight"].shape  # (4, 320, 3, 3)

Everything that can be wrong with a file is found here, so that later steps need not look again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from diffusion.errors import CheckpointError

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000  # as the safetensors library has it
ZIP_MAGIC, PICKLE_MAGIC = b"PK\x03\x04", b"\x80"
PICKLE_SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl"})


class TensorInfo(NamedTuple):
    """What a header says of one tensor; `dtype` is safetensors' name (F16, BF16, F32 …)."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """The names in a file with what they stand for, and its metadata."""

    path: Path
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str] = field(default_factory=dict)
    nbytes: int = 0

    def shape(self, key: str) -> tuple[int, ...] | None:
        """Return a tensor's shape, None if there is none of that name."""
        info = self.tensors.get(key)
        return None if info is None else info.shape


def read_header(path: Path) -> Header:
    """Read and check the header of a file; CheckpointError if it is not a whole safetensors file."""
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(LENGTH_BYTES)
            _refuse_pickle(path, start)
            length = _header_length(path, start, size)
            text = file.read(length)
    except OSError as error:
        raise CheckpointError(f"{path}: the file cannot be read: {error.strerror or error}.") from error
    tensors, metadata = _parse(path, text, data_bytes=size - LENGTH_BYTES - length)
    return Header(path, tensors, metadata, size)


def header_of(path: Path, shapes: Mapping[str, Sequence[Any]], metadata: Mapping[str, str] | None = None) -> Header:
    """Return the header that name -> (dtype, shape) says, as a stripped header in JSON has it."""
    tensors = {name: TensorInfo(dtype, tuple(shape)) for name, (dtype, shape) in shapes.items()}
    return Header(path, tensors, metadata or {})


def _refuse_pickle(path: Path, start: bytes) -> None:
    if start[:4] == ZIP_MAGIC or (start[:1] == PICKLE_MAGIC and path.suffix.lower() in PICKLE_SUFFIXES):
        raise CheckpointError(
            f"{path.name}: this is a pickle file, which can run any program when it is opened; it is refused. "
            "Convert it to safetensors, or get the model as a safetensors file."
        )


def _header_length(path: Path, start: bytes, size: int) -> int:
    if len(start) < LENGTH_BYTES:
        raise CheckpointError(f"{path.name}: the file has {size} bytes and is no model; get it again.")
    length = int.from_bytes(start, "little")
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


def _parse(path: Path, text: bytes, data_bytes: int) -> tuple[dict[str, TensorInfo], dict[str, str]]:
    try:
        content = json.loads(text)
        metadata = {str(key): str(value) for key, value in content.pop("__metadata__", {}).items()}
        tensors = {name: TensorInfo(info["dtype"], tuple(info["shape"])) for name, info in content.items()}
        end = max((info["data_offsets"][1] for info in content.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(
            f"{path.name}: the header is damaged ({type(error).__name__}: {error}); get the file again."
        ) from error
    if end > data_bytes:
        raise CheckpointError(
            f"{path.name}: the file is cut off: {end - data_bytes:,} of {end:,} bytes of weights are missing; "
            "get it again."
        )
    return tensors, metadata
