"""Curves."""

from compat.v3.curves import CurveInput as CurveInput
from compat.v3.curves import CurvePoint as CurvePoint
from compat.v3.curves import LinearCurve as LinearCurve
from compat.v3.curves import MonotoneCubicCurve as MonotoneCubicCurve
