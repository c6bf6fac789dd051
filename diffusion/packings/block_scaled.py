"""Small floats with a scale for each block of a row, as tensor cores of NVIDIA's Blackwell read them: NVFP4 and MXFP8.

Scales lie in tiles of 128 rows and 4 blocks (cuBLAS, "block scaling factors layout"): in a tile, row r and block c are at
16 (r mod 32) + 4 (r div 32) + c. Parts: the bytes (rows, columns or half of them), the scales of blocks, then for NVFP4 the
scale of the whole weight and perhaps one for each column (pre_quant_scale).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.packed import PackedError, Parts
from diffusion.packings.scaled import rows_of

TILE_ROWS, TILE_COLUMNS, TILE_GROUP = 128, 4, 32
E2M1_IN_E4M3 = 64.0  # 2^6: how much larger a number of 4 bits is than its bits read as the middle of an E4M3 number
E8M0_BIAS = 127


@dataclass(frozen=True)
class BlockScaled:
    """Numbers in blocks. is_tiled: whether the scales of blocks lie in tiles, or in rows as the numbers do."""

    name: str
    block: int
    is_tiled: bool = True

    @property
    def is_half_byte(self) -> bool:
        """Whether two numbers are in a byte, the first in the upper half."""
        return self.name == NVFP4.name

    def unpack(self, parts: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
        """Return the numbers in a precision; multiplied in float32."""
        values = _half_bytes(parts[0]) if self.is_half_byte else parts[0].float()
        rows, columns = values.shape
        scales = self._plain_scales(parts[1], rows, columns).view(torch.uint8)
        if self.is_half_byte:
            scales = scales.view(torch.float8_e4m3fn).float() * (parts[2].float().reshape(()) * E2M1_IN_E4M3)
        else:
            scales = torch.exp2(scales.float() - E8M0_BIAS)
        values = values.reshape(rows, -1, self.block).mul_(scales[..., None]).reshape(rows, columns)
        return (values * parts[3].float() if len(parts) > 3 else values).to(dtype)

    def rows(self, parts: Sequence[Tensor], chosen: slice | Tensor) -> Parts:
        """Return some rows; scales stay in tiles only if the first row begins one."""
        data, scales = rows_of(parts[0], chosen), parts[1].view(torch.uint8)
        if self.is_tiled and isinstance(chosen, slice) and chosen.start % TILE_ROWS == 0:
            tiles = scales.reshape(-(-len(parts[0]) // TILE_ROWS), -1)
            kept = tiles[chosen.start // TILE_ROWS : -(-chosen.stop // TILE_ROWS)].flatten()
            return Parts(self, (data, kept.view(parts[1].dtype), *parts[2:]))
        columns = parts[0].shape[1] * (2 if self.is_half_byte else 1)
        plain = self._plain_scales(parts[1], len(parts[0]), columns)
        untiled = BlockScaled(self.name, self.block, is_tiled=False)
        return Parts(untiled, (data, rows_of(plain, chosen), *parts[2:]))

    def transposed(self, parts: Sequence[Tensor]) -> Parts:
        """Refuse: blocks lie along rows."""
        raise PackedError(f"A weight packed as {self.name} cannot be transposed.")

    def _plain_scales(self, scales: Tensor, rows: int, columns: int) -> Tensor:
        blocks = columns // self.block
        if not self.is_tiled:
            return scales.reshape(rows, blocks)
        high, wide = -(-rows // TILE_ROWS), -(-blocks // TILE_COLUMNS)
        tiles = scales.view(torch.uint8).reshape(high, wide, TILE_GROUP, TILE_ROWS // TILE_GROUP, TILE_COLUMNS)
        plain = tiles.permute(0, 3, 2, 1, 4).reshape(high * TILE_ROWS, wide * TILE_COLUMNS)
        return plain[:rows, :blocks].contiguous().view(scales.dtype)


NVFP4 = BlockScaled("nvfp4", block=16)
MXFP8 = BlockScaled("mxfp8", block=32)


def tiled_bytes(rows: int, blocks: int) -> int:
    """Return how many bytes the scales of so many rows of blocks take in tiles."""
    return -(-rows // TILE_ROWS) * TILE_ROWS * -(-blocks // TILE_COLUMNS) * TILE_COLUMNS


def _half_bytes(data: Tensor) -> Tensor:
    """Return the numbers of 4 bits divided by E2M1_IN_E4M3: sign, exponent and mantissa read as those of E4M3."""
    halves = torch.stack((data >> 4, data & 15), dim=-1).flatten(-2)
    bits = ((halves & 8) << 4) | ((halves & 7) << 2)
    return bits.view(torch.float8_e4m3fn).float()
