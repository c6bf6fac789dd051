"""A few node types and small documents for the tests of formats."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from graph.registry import Registry
from graph.spec import node
from graph.types import SocketType
from graph.widgets import Choice, File, Range, Seed, Text

Model = Annotated[object, SocketType("MODEL")]
Image = Annotated[object, SocketType("IMAGE")]
Mask = Annotated[object, SocketType("MASK")]


@node()
def Load(name: Annotated[str, Choice(("a", "b"))] = "a") -> Model:
    """Load a model."""


@node()
def Sample(
    model: Model,
    seed: Annotated[int, Seed()] = 0,
    steps: Annotated[int, Range(1, 100)] = 20,
    cfg: Annotated[float, Range(0.0, 100.0)] = 8.0,
    image: Image | None = None,
) -> Image:
    """Make an image."""


@node()
def Open(image: Annotated[str, File("input", upload=True)], scale: Annotated[float | None, Range(0.0)] = None) -> Image:
    """Open a picture."""


@node()
def Cut(mask: Mask, image: Image, amount: Annotated[int, Range(0, 9)] = 1) -> Image:
    """Cut an image."""


@node(output=True)
def Save(images: Image, prefix: Annotated[str, Text()] = "x") -> None:
    """Save an image."""


@node(output=True)
def Gather(*values: Image, note: str = "") -> None:
    """Take several images."""


@pytest.fixture
def registry() -> Registry:
    """The node types of these tests."""
    return Registry.of(Load, Sample, Open, Cut, Save, Gather)


@pytest.fixture
def simple() -> dict[str, Any]:
    """Load -> Sample -> Save in version 0.4."""
    return {
        "nodes": [
            {"id": 1, "type": "Load", "outputs": [{"name": "MODEL", "type": "MODEL"}], "widgets_values": ["b"]},
            {
                "id": 2,
                "type": "Sample",
                "title": "My sampler",
                "inputs": [
                    {"name": "model", "type": "MODEL", "link": 1},
                    {"name": "image", "type": "IMAGE", "link": None},
                ],
                "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [2]}],
                "widgets_values": [7, "randomize", 12, 3.5],
            },
            {
                "id": 3,
                "type": "Save",
                "inputs": [{"name": "images", "type": "IMAGE", "link": 2}],
                "widgets_values": ["out"],
            },
        ],
        "links": [[1, 1, 0, 2, 0, "MODEL"], [2, 2, 0, 3, 0, "IMAGE"]],
        "version": 0.4,
    }
