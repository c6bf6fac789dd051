"""Ranges."""

from compat.v3.curves import RangeInput as RangeInput
