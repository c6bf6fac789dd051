"""Curves and ranges against what is known of them without recorded numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.curves import CurveInput, RangeInput

HEIGHTS = st.lists(st.integers(0, 100).map(lambda percent: percent / 100), min_size=2, max_size=6)
KINDS = ("monotone_cubic", "linear")


def curve(heights: list[float], kind: str = "monotone_cubic") -> CurveInput:
    """Return a curve through heights, at places ever farther apart."""
    places = np.linspace(0, 1, len(heights)) ** 2
    return CurveInput.from_raw({"points": list(zip(places, heights, strict=True)), "interpolation": kind})


@given(HEIGHTS, st.sampled_from(KINDS))
def test_a_curve_goes_through_its_points_and_never_beyond_two_neighbours(heights: list[float], kind: str) -> None:
    drawn = curve(heights, kind)
    for (x, y), (next_x, next_y) in zip(drawn.points, drawn.points[1:], strict=False):
        between = drawn.interp_array(np.linspace(x, next_x, 20))
        assert between[[0, -1]] == pytest.approx([y, next_y])
        assert between.min() >= min(y, next_y) - 1e-9
        assert between.max() <= max(y, next_y) + 1e-9


@given(HEIGHTS)
def test_a_smooth_curve_has_one_slope_on_both_sides_of_a_point(heights: list[float]) -> None:
    drawn, step = curve(heights), 1e-7
    for x, y in drawn.points[1:-1]:
        before, after = y - drawn.interp(x - step), drawn.interp(x + step) - y
        assert before == pytest.approx(after, abs=1e-4 * step + 1e-11)


def test_a_cubic_bends_as_its_slopes_say() -> None:
    # The line is level, then rises by 2: the slopes at the points are 0, 0 (where it turns) and 2.
    drawn = CurveInput.from_raw([(0, 0), (0.5, 0), (1, 1)])
    assert drawn.interp(0.25) == 0
    assert drawn.interp(0.75) == pytest.approx((0 + 1) / 2 + 0.5 * (0 - 2) / 8)  # Hermite, halfway


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_is_level_beyond_its_ends_and_of_few_points(kind: str) -> None:
    ends = CurveInput.from_raw({"points": [(0.8, 0.9), (0.2, 0.1)], "interpolation": kind})
    assert ends.interp_array(np.array([-1, 0, 0.2, 0.8, 1, 2])) == pytest.approx([0.1, 0.1, 0.1, 0.9, 0.9, 0.9])
    one = CurveInput.from_raw({"points": [(0.5, 0.3)], "interpolation": kind})
    assert list(one.to_lut(3)) == [0.3, 0.3, 0.3]
    none = CurveInput.from_raw({"points": [], "interpolation": kind})
    assert list(none.to_lut(3)) == [0, 0, 0]


def test_two_points_above_each_other_are_a_step() -> None:
    drawn = CurveInput.from_raw([(0, 0), (0.5, 0), (0.5, 1), (1, 1)])
    assert drawn.interp_array(np.array([0.25, 0.4999, 0.5001, 0.75])) == pytest.approx([0, 0, 1, 1])


def test_an_unknown_interpolation_is_said_and_drawn_smoothly(caplog: pytest.LogCaptureFixture) -> None:
    points = [(0, 0), (0.3, 0.8), (1, 1)]
    drawn = CurveInput.from_raw({"points": points, "interpolation": "wavy"})
    assert drawn.interp(0.2) == CurveInput.from_raw(points).interp(0.2)
    assert "'wavy' is unknown" in caplog.text


def test_a_range_spreads_its_middle() -> None:
    plain = RangeInput.from_raw({"min": 0.25, "max": 0.75})
    assert list(plain.to_lut(5)) == [0, 0, 0.5, 1, 1]
    bent = RangeInput.from_raw({"min": 0.0, "max": 1.0, "midpoint": 0.25}).to_lut(5)
    assert bent == pytest.approx(np.linspace(0, 1, 5) ** 0.5)
    assert list(RangeInput(0.5, 0.5).to_lut(3)) == [0, 1, 1]
    with pytest.raises(TypeError, match="min and max, not list"):
        RangeInput.from_raw([0, 1])
