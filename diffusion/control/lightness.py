"""Lightness: how light a network wants its picture, which nodes give it in 0..1."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Lightness(NamedTuple):
    """What the values of a picture in 0..1 are multiplied by, and what is added then."""

    factor: float
    offset: float

    def of(self, pixels: Tensor) -> Tensor:
        """Return the picture that a network wants."""
        return pixels * self.factor + self.offset
