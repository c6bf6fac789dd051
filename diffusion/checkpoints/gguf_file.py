"""GGUF files (llama.cpp, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): their headers, and their bytes in memory.

    file = read_gguf(path)
    file.tensors["double_blocks.0.img_attn.qkv.weight"]  # of the type Q8_0, (9216, 3072) in torch's order
    GgufTensors(path, file).get_tensor("…")              # its bytes, (9216, 3264), mapped; or a plain tensor

A file that is cut off or damaged leads to a CheckpointError.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.checkpoints.gguf_names import original_name
from diffusion.errors import CheckpointError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT, ALIGNMENT_KEY = 32, "general.alignment"
ARCHITECTURE_KEY = "general.architecture"
ORIGINAL_SHAPE = (
    "comfy.gguf.orig_shape."  # before the name of a tensor that was reshaped so that blocks fit (ComfyUI-GGUF)
)
MOST_DIMENSIONS = 8
SHOWN_VALUES = 16  # longer lists in the metadata, such as vocabularies, are passed over
STRING, ARRAY = 8, 9
NUMBERS: Mapping[int, str] = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}  # by GGUF's types of values, as struct has them
PLAIN: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
}


class GgufTensor(NamedTuple):
    """One tensor: GGUF's type, its shape in the network, and where its rows of bytes lie in the file."""

    type: str
    shape: tuple[int, ...]
    start: int
    rows: int
    row_bytes: int
    block_bytes: int

    @property
    def is_plain(self) -> bool:
        """Whether its numbers have a precision of torch's."""
        return self.type in PLAIN


@dataclass(frozen=True)
class GgufFile:
    """What a header says: the tensors by name, and the metadata but for long lists, as texts."""

    tensors: Mapping[str, GgufTensor]
    metadata: Mapping[str, str]


class GgufTensors:
    """The tensors of a file, mapped into memory."""

    def __init__(self, path: Path, file: GgufFile) -> None:
        self._file = file
        self._bytes = torch.from_file(str(path), shared=False, size=path.stat().st_size, dtype=torch.uint8)

    def get_tensor(self, key: str) -> Tensor:
        """Return a tensor whose numbers have a precision of torch's; of others the bytes, (rows, bytes of a row)."""
        info = self._file.tensors[key]
        data = self._bytes[info.start : info.start + info.rows * info.row_bytes]
        if info.is_plain:
            return data.view(PLAIN[info.type]).reshape(info.shape)
        return data.reshape(info.rows, info.row_bytes)


def read_gguf(path: Path) -> GgufFile:
    """Read and check the header of a GGUF file."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _parse(path, _Cursor(content))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name}: the header of the GGUF file is damaged ({error}); get it again."
        ) from error
    except EOFError as error:
        raise CheckpointError(f"{path.name}: the file is cut off within its header; get it again.") from error


class _Cursor:
    """Reads one value after another."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content = content
        self.at = 0

    def skip(self, nbytes: int) -> int:
        """Go on by so many bytes; return where they begin."""
        start, self.at = self.at, self.at + nbytes
        if self.at > len(self.content):
            raise EOFError
        return start

    def number(self, code: str) -> int:
        """Read a number, as struct has it."""
        start = self.skip(struct.calcsize(f"<{code}"))
        value: int = struct.unpack_from(f"<{code}", self.content, start)[0]
        return value

    def text(self) -> str:
        """Read a text."""
        nbytes = self.number("Q")
        start = self.skip(nbytes)
        return self.content[start : start + nbytes].decode("utf-8")

    def value(self, kind: int) -> str | None:
        """Read a value of a type of GGUF's; None for a long list."""
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            return self._values(self.number("I"), self.number("Q"))
        return str(self.number(_code(kind)))

    def _values(self, kind: int, count: int) -> str | None:
        if count <= SHOWN_VALUES:
            return ",".join(str(self.value(kind)) for _ in range(count))
        if kind in (STRING, ARRAY):
            for _ in range(count):
                self.skip(self.number("Q")) if kind == STRING else self.value(kind)
        else:
            self.skip(count * struct.calcsize(f"<{_code(kind)}"))
        return None


def _code(kind: int) -> str:
    if kind not in NUMBERS:
        raise ValueError(f"{kind} is no type of a value")
    return NUMBERS[kind]


def _parse(path: Path, cursor: _Cursor) -> GgufFile:
    cursor.skip(len(MAGIC))
    version = cursor.number("I")
    if version not in VERSIONS:
        raise ValueError(f"version {version}, expected {' or '.join(map(str, VERSIONS))}, little-endian")
    tensor_count, value_count = cursor.number("Q"), cursor.number("Q")
    metadata: dict[str, str] = {}
    for _ in range(value_count):
        key = cursor.text()
        value = cursor.value(cursor.number("I"))
        if value is not None:
            metadata[key] = value
    raw = [_raw_tensor(cursor) for _ in range(tensor_count)]
    alignment = int(metadata.get(ALIGNMENT_KEY, ALIGNMENT))
    if alignment < 8 or alignment % 8:
        raise ValueError(f"{ALIGNMENT_KEY} is {alignment}, expected a multiple of 8")
    start = -(-cursor.at // alignment) * alignment
    architecture = metadata.get(ARCHITECTURE_KEY, "")
    tensors = {original_name(each.name, architecture): _placed(each, start, alignment, metadata) for each in raw}
    if len(tensors) != len(raw):
        raise ValueError("two tensors have one name")
    _check_end(path, tensors, len(cursor.content))
    return GgufFile(tensors, metadata)


class _RawTensor(NamedTuple):
    name: str
    sides: Sequence[int]  # the shortest steps first, the other way round than torch
    type: int
    offset: int


def _raw_tensor(cursor: _Cursor) -> _RawTensor:
    name, dimensions = cursor.text(), cursor.number("I")
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise ValueError(f"{name} has {dimensions} dimensions")
    return _RawTensor(name, [cursor.number("Q") for _ in range(dimensions)], cursor.number("I"), cursor.number("Q"))


def _placed(raw: _RawTensor, start: int, alignment: int, metadata: Mapping[str, str]) -> GgufTensor:
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    if raw.offset % alignment:
        raise ValueError(f"{raw.name} begins at byte {raw.offset}, which is no multiple of {alignment}")
    try:
        kind = GGMLQuantizationType(raw.type)
        block, block_bytes = GGML_QUANT_SIZES[kind]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{raw.name} has the unknown type {raw.type}") from error
    columns, rows = raw.sides[0], math.prod(raw.sides[1:])
    if columns % block:
        raise ValueError(f"{raw.name} has rows of {columns}, which are no whole blocks of {block}")
    shape = _shape(raw, metadata)
    return GgufTensor(kind.name, shape, start + raw.offset, rows, columns // block * block_bytes, block_bytes)


def _shape(raw: _RawTensor, metadata: Mapping[str, str]) -> tuple[int, ...]:
    """Return a tensor's shape in torch's order, before it was reshaped so that blocks fit."""
    original = metadata.get(ORIGINAL_SHAPE + raw.name)
    shape = tuple(reversed(raw.sides)) if original is None else tuple(int(side) for side in original.split(","))
    if math.prod(shape) != math.prod(raw.sides):
        raise ValueError(f"{raw.name} has {math.prod(raw.sides)} numbers, its shape {shape} has others")
    return shape


def _check_end(path: Path, tensors: Mapping[str, GgufTensor], size: int) -> None:
    end = max((each.start + each.rows * each.row_bytes for each in tensors.values()), default=0)
    if end > size:
        raise CheckpointError(
            f"{path.name}: the file is cut off: {end - size:,} of {end:,} bytes are missing; get it again."
        )
