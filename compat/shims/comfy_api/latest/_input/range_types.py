"""Ranges."""

from nodes.curves import RangeInput as RangeInput
