"""Blocks of GGUF files (llama.cpp): numbers of 4 to 8 bits in blocks of 32, or of 256 with scales that are packed themselves.

One part: the bytes, as many to a row as its blocks take. The types that model files for pictures mostly have are unpacked
where they lie; for all others the gguf package does it, on the processor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.packed import PackedError, Parts
from diffusion.packings.scaled import rows_of

SMALL_BLOCK, LARGE_BLOCK = 32, 256
K_SCALES = 12  # bytes of eight scales and eight minima of 6 bits


@dataclass(frozen=True)
class GgufBlocks:
    """A type of GGUF tensors; `name` is the gguf package's. type_bytes: of one block."""

    name: str
    type_bytes: int

    def unpack(self, parts: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
        """Return the numbers in a precision; computed in float32."""
        data = parts[0]
        unpack = UNPACK.get(self.name)
        if unpack is None:
            return _by_package(self.name, data).to(data.device, dtype)
        return unpack(data.reshape(-1, self.type_bytes)).to(dtype).reshape(len(data), -1)

    def rows(self, parts: Sequence[Tensor], chosen: slice | Tensor) -> Parts:
        """Return some rows, which are whole blocks."""
        return Parts(self, (rows_of(parts[0], chosen),))

    def transposed(self, parts: Sequence[Tensor]) -> Parts:
        """Refuse: blocks lie along rows."""
        raise PackedError(f"A weight packed as {self.name} cannot be transposed.")


def _by_package(name: str, data: Tensor) -> Tensor:
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    return torch.from_numpy(dequantize(data.cpu().numpy(), GGMLQuantizationType[name]))


def _half(data: Tensor, at: int) -> Tensor:
    """Return the float16 at a byte of each block, (blocks, 1)."""
    return data[:, at : at + 2].contiguous().view(torch.float16).float()


def _nibbles(data: Tensor) -> Tensor:
    """Return the lower halves of bytes, then the upper ones."""
    return torch.cat((data & 15, data >> 4), dim=-1)


def _fifth_bits(data: Tensor) -> Tensor:
    """Return bits as 16 where they are set: 32 of each 4 bytes, the lowest first."""
    return (_bits(data, 8).reshape(len(data), -1)) << 4


def _bits(data: Tensor, count: int) -> Tensor:
    """Return the bits of each byte, the lowest first, in a new last dimension."""
    shifts = torch.arange(count, dtype=torch.uint8, device=data.device)
    return (data[..., None] >> shifts) & 1


def _q8_0(data: Tensor) -> Tensor:
    return data[:, 2:].view(torch.int8).float() * _half(data, 0)


def _q4_0(data: Tensor) -> Tensor:
    return (_nibbles(data[:, 2:]).float() - 8) * _half(data, 0)


def _q4_1(data: Tensor) -> Tensor:
    return _nibbles(data[:, 4:]).float() * _half(data, 0) + _half(data, 2)


def _q5_0(data: Tensor) -> Tensor:
    values = _nibbles(data[:, 6:]) | _fifth_bits(data[:, 2:6])
    return (values.float() - 16) * _half(data, 0)


def _q5_1(data: Tensor) -> Tensor:
    values = _nibbles(data[:, 8:]) | _fifth_bits(data[:, 4:8])
    return values.float() * _half(data, 0) + _half(data, 2)


def _k_scales(data: Tensor) -> tuple[Tensor, Tensor]:
    """Return eight scales and eight minima of each block, (blocks, 8, 1), from 12 bytes."""
    low, middle, high = data.reshape(-1, 3, 4).unbind(1)
    scales = torch.cat((low & 63, (high & 15) | ((low >> 6) << 4)), dim=-1)
    minima = torch.cat((middle & 63, (high >> 4) | ((middle >> 6) << 4)), dim=-1)
    return scales.float()[..., None], minima.float()[..., None]


def _k_numbers(data: Tensor, values: Tensor) -> Tensor:
    """Return whole numbers (blocks, 8, 32) times their scales, less their minima, which begin a block."""
    scales, minima = _k_scales(data[:, 4 : 4 + K_SCALES])
    whole, least = _half(data, 0)[..., None], _half(data, 2)[..., None]
    return (values.float() * (whole * scales) - least * minima).reshape(-1, LARGE_BLOCK)


def _k_nibbles(data: Tensor) -> Tensor:
    """Return the halves of 128 bytes as eight groups of 32: the lower halves of 32 bytes, then their upper halves."""
    return _nibbles(data.reshape(-1, 4, 32)).reshape(-1, 8, 32)


def _q4_k(data: Tensor) -> Tensor:
    return _k_numbers(data, _k_nibbles(data[:, 16:]))


def _q5_k(data: Tensor) -> Tensor:
    fifth = _bits(data[:, 16:48], 8).transpose(1, 2) << 4  # bit i of 32 bytes belongs to group i
    return _k_numbers(data, _k_nibbles(data[:, 48:]) | fifth)


def _q6_k(data: Tensor) -> Tensor:
    low = _nibbles(data[:, :128].reshape(-1, 2, 64)).reshape(-1, 2, 4, 32)
    shifts = torch.tensor([0, 2, 4, 6], dtype=torch.uint8, device=data.device)[:, None]
    high = (data[:, 128:192].reshape(-1, 2, 1, 32) >> shifts) & 3
    values = (low | (high << 4)).reshape(-1, 16, 16).float() - 32
    scales = data[:, 192:208].view(torch.int8).float()[..., None] * _half(data, 208)[..., None]
    return (values * scales).reshape(-1, LARGE_BLOCK)


UNPACK: Mapping[str, Callable[[Tensor], Tensor]] = {
    "Q8_0": _q8_0,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
}
"""From bytes (blocks, bytes of one) to numbers (blocks, numbers of one) in float32."""
