"""Curves and ranges that a user draws: what inputs of the types CURVE and RANGE become in a node.

    CurveInput.from_raw([(0, 0), (0.5, 0.8), (1, 1)]).interp(0.25)
    RangeInput.from_raw({"min": 0.1, "max": 0.9, "midpoint": 0.4}).to_lut()

The curve through points that never swings beyond them is Fritsch and Carlson's (Monotone piecewise cubic interpolation,
1980), with the mean of the neighbouring slopes as the first guess and 3 as the radius of the circle.
"""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

CurvePoint = tuple[float, float]
Floats = NDArray[np.float64]
MONOTONE = "monotone_cubic"


class CurveInput(ABC):
    """A curve over 0..1."""

    @property
    @abstractmethod
    def points(self) -> list[CurvePoint]:
        """The points that define it."""

    @abstractmethod
    def interp(self, x: float) -> float:
        """Return the curve's value at a place."""

    def interp_array(self, xs: Floats) -> Floats:
        """Return the curve's values at many places."""
        return np.array([self.interp(float(x)) for x in xs], dtype=np.float64)

    def to_lut(self, size: int = 256) -> Floats:
        """Return the values at places evenly spaced over 0..1."""
        return self.interp_array(np.linspace(0.0, 1.0, size))

    @staticmethod
    def from_raw(data: Any) -> CurveInput:
        """Return the curve of a dictionary with `points` and `interpolation`, or of points alone."""
        if isinstance(data, CurveInput):
            return data
        told = data if isinstance(data, dict) else {"points": data}
        kind = told.get("interpolation", MONOTONE)
        if kind not in CURVES:
            logger.warning("A curve with the interpolation %r is unknown; %s is used.", kind, MONOTONE)
        return CURVES.get(kind, MonotoneCubicCurve)([(float(x), float(y)) for x, y in told["points"]])


class _ThroughPoints(CurveInput):
    """A curve that goes through its points and is level beyond them."""

    def __init__(self, control_points: Sequence[CurvePoint]) -> None:
        """Take the points, in any order."""
        ordered = sorted(control_points, key=lambda point: point[0])
        self._xs = np.array([x for x, _ in ordered], dtype=np.float64)
        self._ys = np.array([y for _, y in ordered], dtype=np.float64)

    @property
    def points(self) -> list[CurvePoint]:
        """The points, from left to right."""
        return [(float(x), float(y)) for x, y in zip(self._xs, self._ys, strict=True)]

    def interp(self, x: float) -> float:
        """Return the curve's value at a place."""
        return float(self.interp_array(np.array([x], dtype=np.float64))[0])

    def interp_array(self, xs: Floats) -> Floats:
        """Return the curve's values at many places."""
        if len(self._xs) == 0:
            return np.zeros_like(xs, dtype=np.float64)
        if len(self._xs) == 1:
            return np.full_like(xs, self._ys[0], dtype=np.float64)
        return self._between(xs)

    def _between(self, xs: Floats) -> Floats:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(points={self.points})"


class LinearCurve(_ThroughPoints):
    """Straight lines from point to point."""

    def _between(self, xs: Floats) -> Floats:
        return np.interp(xs, self._xs, self._ys)


class MonotoneCubicCurve(_ThroughPoints):
    """A smooth curve from point to point that rises and falls only where the points do: a cubic for each piece."""

    def __init__(self, control_points: Sequence[CurvePoint]) -> None:
        """Take the points, in any order."""
        super().__init__(control_points)
        self._cubics = _cubics(self._xs, self._ys)

    def _between(self, xs: Floats) -> Floats:
        piece = np.searchsorted(self._xs[1:-1], xs, side="right")
        along = xs - self._xs[piece]
        inside = np.zeros_like(along)
        for factor in self._cubics:
            inside = inside * along + factor[piece]
        ends = [xs >= self._xs[-1], xs <= self._xs[0]]
        return np.select(ends, [self._ys[-1], self._ys[0]], inside)


def _cubics(xs: Floats, ys: Floats) -> Floats:
    """Return the factors (4, pieces) of the third to the zeroth power of the way into a piece."""
    if len(xs) < 2:
        return np.zeros((4, 0))
    gaps = np.diff(xs)
    width = np.where(gaps == 0, 1.0, gaps)
    secants = np.where(gaps == 0, 0.0, np.diff(ys) / width)
    slopes = _slopes(secants)
    first, last = slopes[:-1], slopes[1:]
    third, second = (first + last - 2 * secants) / width**2, (3 * secants - 2 * first - last) / width
    return np.stack((third, second, first, ys[:-1]))


def _slopes(secants: Floats) -> Floats:
    """Return the slope at each point, made small enough that the curve stays between the points."""
    inner = np.where(secants[:-1] * secants[1:] <= 0, 0.0, (secants[:-1] + secants[1:]) / 2)
    slopes: Floats = np.concatenate((secants[:1], inner, secants[-1:]))
    for place, secant in enumerate(secants):
        if secant == 0:
            slopes[place] = slopes[place + 1] = 0.0
            continue
        length = math.hypot(slopes[place] / secant, slopes[place + 1] / secant)
        if length > 3:
            slopes[place : place + 2] *= 3 / length
    return slopes


CURVES: dict[str, type[_ThroughPoints]] = {MONOTONE: MonotoneCubicCurve, "linear": LinearCurve}


class RangeInput:
    """Two ends and perhaps a middle, as a picture editor's levels have them: `midpoint` in 0..1 is where 0.5 comes from."""

    def __init__(self, min_val: float, max_val: float, midpoint: float | None = None) -> None:
        """Take the ends and the middle."""
        self.min_val = min_val
        self.max_val = max_val
        self.midpoint = midpoint

    @staticmethod
    def from_raw(data: Any) -> RangeInput:
        """Return the range of a dictionary with `min`, `max` and perhaps `midpoint`."""
        if isinstance(data, RangeInput):
            return data
        if not isinstance(data, dict):
            raise TypeError(f"A range is a dictionary with min and max, not {type(data).__name__}.")
        middle = data.get("midpoint")
        ends = float(data.get("min", 0.0)), float(data.get("max", 1.0))
        return RangeInput(*ends, midpoint=None if middle is None else float(middle))

    def to_lut(self, size: int = 256) -> Floats:
        """Return what each of evenly spaced values in 0..1 becomes."""
        values = np.linspace(0.0, 1.0, size, dtype=np.float64)
        width = self.max_val - self.min_val
        if abs(width) < 1e-10:
            return (values >= self.min_val).astype(np.float64)
        values = np.clip((values - self.min_val) / width, 0.0, 1.0)
        if self.midpoint is None or self.midpoint <= 0 or self.midpoint == 0.5:
            return values
        power: Floats = values ** (1 / max(-math.log2(self.midpoint), 0.001))
        return power

    def __repr__(self) -> str:
        middle = "" if self.midpoint is None else f", midpoint={self.midpoint}"
        return f"RangeInput(min={self.min_val}, max={self.max_val}{middle})"
