"""Where Qwen-Image's tokens lie: rotary positions of pictures and of the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffusion.tokens import START, Origin

PATCH = 2
SIXTEENTHS = (2, 7, 7)  # of a head's width, for the picture, the row and the column
THETA = 10_000.0


class Piece(NamedTuple):
    """A picture among the tokens: its patches along each side, where it lies, and how many there are behind each other."""

    rows: int
    columns: int
    origin: Origin = START
    frames: int = 1


class Shape(list[int]):
    """The sides of a piece as the transformer counts them (frames, rows, columns), with the piece."""

    def __init__(self, piece: Piece) -> None:
        super().__init__((piece.frames, piece.rows, piece.columns))
        self.piece = piece


class Places(nn.Module):
    """Rotary positions of text and pictures, each picture around its middle, the text beyond the first one's corner.

    For even sides they are diffusers'; for others the middle is where ComfyUI has it. Nothing is kept that could be rounded.
    """

    def __init__(self, head_width: int) -> None:
        super().__init__()
        self.axes = axes_of(head_width)

    def forward(
        self, shapes: Sequence[Sequence[Shape]], max_txt_seq_len: int, device: torch.device
    ) -> tuple[Tensor, Tensor]:
        """Return the turns of pictures and of the text as complex numbers (tokens, width / 2)."""
        pieces = [shape.piece for shape in shapes[0]]
        start = max(pieces[0].rows // 2, pieces[0].columns // 2)
        words = torch.arange(start, start + max_txt_seq_len, device=device).unsqueeze(1).expand(-1, len(self.axes))
        return self._turns(torch.cat([_grid(piece, device) for piece in pieces])), self._turns(words)

    def _turns(self, places: Tensor) -> Tensor:
        precise = torch.float32 if places.device.type == "mps" else torch.float64
        angles = []
        for axis, width in enumerate(self.axes):
            exponents = torch.arange(0, width, 2, dtype=precise, device=places.device) / width
            angles.append(places[:, axis, None].to(precise) / THETA**exponents)
        turned = torch.cat(angles, dim=1).float()
        return torch.polar(torch.ones_like(turned), turned)


def _grid(piece: Piece, device: torch.device) -> Tensor:
    """Return the picture, row and column of each patch."""
    pictures = torch.arange(piece.frames, device=device) + int(piece.origin.picture)
    rows = torch.arange(piece.rows, device=device) + piece.origin.row - piece.rows // 2
    columns = torch.arange(piece.columns, device=device) + piece.origin.column - piece.columns // 2
    return torch.stack(torch.meshgrid(pictures, rows, columns, indexing="ij"), dim=-1).flatten(0, 2)


def axes_of(head_width: int) -> tuple[int, ...]:
    """Return the numbers of a head that turn with the picture, the row and the column."""
    return tuple(head_width * share // sum(SIXTEENTHS) for share in SIXTEENTHS)
