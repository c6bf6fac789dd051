"""CONTRIBUTING.md is true: its examples run, and the things that they make keep the contracts that they promise."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from diffusion.checkpoints.header import header_of
from diffusion.samplers import Sampler
from graph.registry import Registry
from graph.widgets import Widget
from tests.diffusion.test_samplers import GaussianDenoiser, exact_end, levels, start
from tests.docs.examples import ROOT, run_examples


@pytest.fixture(scope="module")
def recipes() -> dict[str, Any]:
    return run_examples(ROOT / "CONTRIBUTING.md")


def test_the_sampler_is_of_the_order_that_the_page_says(recipes: dict[str, Any]) -> None:
    ralston: Sampler = recipes["ralston"]
    few, many = ((ralston(GaussianDenoiser(), start(), levels(n)) - exact_end(start())).norm() for n in (40, 80))
    assert 1.65 < float((few / many).log2()) < 2.7


def test_the_family_knows_its_file(recipes: dict[str, Any]) -> None:
    header = header_of(ROOT / "toy.safetensors", {"net.weight": ("F32", (2, 3)), "net.bias": ("F32", (2,))})
    family = recipes["FAMILY"]
    assert family.signature.misfits(header, "net.") == ()
    backbone = family.read(header, "net.").part
    with torch.device("meta"):
        module = backbone.build()
    assert set(backbone.keys(module).values()) == set(header.tensors)


def test_the_nodes_and_the_widget_are_some(recipes: dict[str, Any]) -> None:
    assert Registry.of(recipes["LatentPower"], recipes["Weekday"]).names() == ("LatentPower", "Weekday")
    assert isinstance(recipes["Date"](), Widget)
