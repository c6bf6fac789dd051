"""Drawings."""

from compat.v3.geometry import SVG as SVG
