"""docs/weights.md is true: its table has every layout, with the bits that it takes and the error that tests allow."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from tests.packed_files import LAYOUTS

PAGE = Path(__file__).parents[2] / "docs" / "weights.md"


def bits(name: str) -> float:
    """Return the bits of a weight in a large layer, with its scales, without its description."""
    weight = torch.randn(128, 3072, generator=torch.Generator().manual_seed(0))
    parts = LAYOUTS[name].pack(weight)
    return sum(part.nbytes for end, part in parts.items() if "comfy_quant" not in end) * 8 / weight.numel()


def test_the_table_has_every_layout_with_its_bits_and_error() -> None:
    rows = re.findall(r"^\| `([^|]+)` \| ([\d.]+) \| ([\d.]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    stated = {name: (float(size), float(error)) for name, size, error in rows}
    assert stated == {
        name: (round(bits(name), 1), layout.error)
        for name, layout in LAYOUTS.items()
        if name != "nvfp4, metadata"  # known by other words, packed alike
    }
