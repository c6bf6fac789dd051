"""Where a picture counts: layers in the order of adapters, and their transformers in the order in which they are computed."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from diffusion.checkpoints.detect import detect
from diffusion.ip_adapter.layers import SLOPES, WEIGHT_TYPES, Layer, layer_weights, layers_of
from tests.diffusion.checkpoints.stripped import header
from tests.diffusion.ip_adapter.test_network import SD1_LAYERS, SDXL_LAYERS


def layers_in(name: str) -> tuple[Layer, ...]:
    found = detect(header(name))
    with torch.device("meta"):
        backbone = found.read(header(name)).part.build()
    layers = layers_of(backbone)
    widths = tuple(backbone.get_submodule(layer.name).inner_dim for layer in layers)
    assert widths == (SD1_LAYERS if name.startswith("sd1") else SDXL_LAYERS)
    return layers


@pytest.fixture(scope="module")
def sd1() -> tuple[Layer, ...]:
    return layers_in("sd1/sd15")


@pytest.fixture(scope="module")
def sdxl() -> tuple[Layer, ...]:
    return layers_in("sdxl/sdxl_base")


def test_transformers_are_numbered_as_they_are_computed(sd1: tuple[Layer, ...], sdxl: tuple[Layer, ...]) -> None:
    assert [layer.number for layer in sd1] == [*range(6), *range(7, 16), 6]
    numbers = {layer.transformer: layer.number for layer in sdxl}
    assert numbers["down_blocks.2.attentions.1"] == 3
    assert numbers["mid_block.attentions.0"] == 4
    assert numbers["up_blocks.0.attentions.1"] == 6
    assert Counter(layer.number for layer in sdxl) == Counter(dict(enumerate([2, 2, 10, 10, 10, 10, 10, 10, 2, 2, 2])))


def by_number(layers: tuple[Layer, ...], weight_type: str, *, is_xl: bool) -> dict[int, float]:
    weights = layer_weights(layers, weight_type, 2.0, is_xl=is_xl)
    return {layer.number: weight for layer, weight in zip(layers, weights, strict=True) if weight}


def test_style_and_composition_have_places_of_their_own(sd1: tuple[Layer, ...], sdxl: tuple[Layer, ...]) -> None:
    assert by_number(sdxl, "style transfer", is_xl=True) == {6: 2.0}
    assert by_number(sdxl, "composition", is_xl=True) == {3: 2.0}
    assert by_number(sd1, "composition", is_xl=False) == {4: 0.5, 5: 2.0}
    assert by_number(sd1, "style transfer", is_xl=False).keys() == {*range(4), *range(9, 16)}
    assert by_number(sdxl, "strong style transfer", is_xl=True).keys() == {*range(11)} - {3}
    assert by_number(sd1, "strong style transfer", is_xl=False).keys() == {*range(16)} - {4, 5}


def test_slopes_and_stages(sd1: tuple[Layer, ...]) -> None:
    eases = {name: by_number(sd1, name, is_xl=False) for name in SLOPES}
    assert eases["ease in"][0] == eases["reverse in-out"][0] == eases["ease in-out"][8] == 2.0
    assert eases["ease out"][0] == eases["ease in-out"][0] == eases["reverse in-out"][8] == pytest.approx(0.1)
    assert eases["ease in"][8] == pytest.approx(2 * (0.05 + 0.95 / 2))
    weak = {name: by_number(sd1, name, is_xl=False) for name in WEIGHT_TYPES if name.startswith(("weak", "strong mid"))}
    assert {name: [found[number] for number in (0, 6, 15)] for name, found in weak.items()} == {
        "weak input": [0.4, 2.0, 2.0],
        "weak output": [2.0, 2.0, 0.4],
        "weak middle": [2.0, 0.4, 2.0],
        "strong middle": [0.4, 2.0, 0.4],
    }
    assert set(by_number(sd1, "linear", is_xl=False).values()) == {2.0}
