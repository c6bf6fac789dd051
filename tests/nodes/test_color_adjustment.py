"""Curves, histograms, colours as numbers, and choices."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nodes.color_adjustment import STRAIGHT, ColorToRGBInt, CurveEditor, CustomCombo, ImageHistogram
from tests.nodes.folder_host import FolderRun


def test_a_histogram_counts_every_pixel_at_its_level() -> None:
    image = torch.zeros(2, 4, 4, 3)
    image[0, 0, :, 0] = 1.0
    found = ImageHistogram(image)
    assert (found.red[0], found.red[255], found.blue[0]) == (12, 4, 16)
    assert found.rgb[255] == 4 // 3
    assert found.luminance[int(0.2126 * 255)] == 4
    assert all(len(counts) == 256 for counts in found)


def test_a_drawn_curve_becomes_one_that_can_be_asked(tmp_path: Path) -> None:
    run = FolderRun(tmp_path)
    assert CurveEditor(STRAIGHT, run=run).curve.interp(0.25) == pytest.approx(0.25)
    assert run.shown == {}
    CurveEditor(STRAIGHT, [1, 2], run=run)
    assert run.shown == {"histogram": [1, 2]}


def test_a_colour_is_a_number_a_text_and_an_opacity() -> None:
    assert ColorToRGBInt("#ff8001") == (0xFF8001, "#ff8001", 1.0)
    assert ColorToRGBInt("#00000180") == (1, "#000001", 128 / 255)


def test_a_choice_knows_its_place() -> None:
    assert CustomCombo("Red", index=2, option1="Blue") == ("Red", 2)
    assert CustomCombo("Red", option1="Blue", option2="Red") == ("Red", 1)
    assert CustomCombo("Red") == ("Red", 0)
