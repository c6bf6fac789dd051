"""Where a network's tensor lies in a file: a whole tensor under its key, or a view of one that holds more.

    View("attn.in_proj_weight", rows=(0, 1280)).of(tensor)  # the query's third of a fused projection

Views share the file's memory; none of them copies.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class View(NamedTuple):
    """A part of a tensor. rows: from and to, along its first dimension; None for all of it."""

    key: str
    rows: tuple[int, int] | None = None
    is_transposed: bool = False

    def of(self, tensor: Tensor) -> Tensor:
        """Return the view of the file's tensor."""
        part = tensor if self.rows is None else tensor[self.rows[0] : self.rows[1]]
        return part.t() if self.is_transposed else part

    def shape_of(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that the view has of a tensor of a shape; rows that are not there are missing in it."""
        if self.rows is not None:
            shape = (max(0, min(self.rows[1], shape[0]) - self.rows[0]), *shape[1:])
        return shape[::-1] if self.is_transposed else shape


Source = str | View
"""Where a tensor lies: a key stands for the whole tensor under it."""


def as_view(source: Source) -> View:
    """Return a source as a view."""
    return source if isinstance(source, View) else View(source)
