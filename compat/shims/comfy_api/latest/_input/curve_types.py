"""Curves."""

from nodes.curves import CurveInput as CurveInput
from nodes.curves import CurvePoint as CurvePoint
from nodes.curves import LinearCurve as LinearCurve
from nodes.curves import MonotoneCubicCurve as MonotoneCubicCurve
