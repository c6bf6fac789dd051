"""One byte a number, times a scale: 8-bit floats and whole numbers, the scale for all or for each row.

Parts: the bytes in the shape of the weight, then the scale if there is one (a number, or one for each row).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.packed import PackedError, Parts


@dataclass(frozen=True)
class Scaled:
    """Bytes times a scale. rotation: how many columns at a time were turned by a regular Hadamard matrix before rounding.

    Turned weights have no columns that stand out, so fewer bits are enough (ConvRot in ComfyUI's files, sizes are powers of 4).
    """

    name: str
    rotation: int = 0

    def unpack(self, parts: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
        """Return the numbers in a precision; multiplied in float32."""
        if len(parts) == 1:
            return parts[0].to(dtype)
        values = parts[0].float().mul_(_aligned(parts[1], parts[0]))
        if self.rotation:
            turned = values.reshape(len(values), -1, self.rotation) @ hadamard(self.rotation, values.device)
            values = turned.reshape(values.shape)
        return values.to(dtype)

    def rows(self, parts: Sequence[Tensor], chosen: slice | Tensor) -> Parts:
        """Return some rows with their scales."""
        scales = [scale if scale.numel() == 1 else _aligned(scale, parts[0])[chosen] for scale in parts[1:]]
        return Parts(self, (rows_of(parts[0], chosen), *scales))

    def transposed(self, parts: Sequence[Tensor]) -> Parts:
        """Return the transposed matrix; PackedError for turned ones and for those with a scale for each row."""
        if self.rotation or (len(parts) > 1 and parts[1].numel() > 1):
            raise PackedError(f"A weight packed as {self.name} with scales for rows cannot be transposed.")
        return Parts(self, (parts[0].t(), *parts[1:]))


def rows_of(data: Tensor, chosen: slice | Tensor) -> Tensor:
    """Return rows of bytes; precisions of 8 bits are not looked up by all devices, bytes are."""
    if isinstance(chosen, slice):
        return data[chosen]
    return data.view(torch.uint8)[chosen].view(data.dtype)


def hadamard(size: int, device: torch.device) -> Tensor:
    """Return the orthogonal matrix of Kronecker powers of the regular 4 by 4 one; it is its own inverse."""
    base = torch.ones(4, 4, device=device) - 2 * torch.eye(4, device=device).flip(0)
    matrix = base
    while len(matrix) < size:
        matrix = torch.kron(matrix, base)
    return matrix.div(size**0.5)


def _aligned(scale: Tensor, data: Tensor) -> Tensor:
    """Return a scale in float32 that multiplies bytes of a shape: a number, or one for each row."""
    if scale.numel() == 1:
        return scale.float().reshape(())
    return scale.float().reshape(-1, *[1] * (data.ndim - 1))
