"""The example pack loads without problems, shows every kind of annotation, and its nodes do what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from graph.choices import Choice, File
from graph.dynamic import Block
from graph.registry import Registry
from graph.spec import NodeSpec, Socket
from graph.widgets import Color, Range, Seed, Text, Toggle
from runtime.packs.trying import TriedPack, try_pack
from tests.docs.examples import ROOT

FOLDER = ROOT / "custom_nodes" / "example_pack"
GREY = torch.full((1, 4, 4, 3), 0.5)


@pytest.fixture(scope="module")
def pack() -> Iterator[TriedPack]:
    with try_pack(FOLDER) as tried:
        yield tried


def specs(pack: TriedPack) -> list[NodeSpec]:
    return [spec for name in pack.report.nodes if (spec := pack.registry.find(name)) is not None]


def sockets(pack: TriedPack) -> list[Socket]:
    return [socket for spec in specs(pack) for socket in spec.inputs]


def test_it_is_loaded_without_problems_and_notes(pack: TriedPack) -> None:
    assert (pack.report.problems, pack.report.notes) == ((), ())
    assert len(pack.report.nodes) >= 12


def test_every_widget_is_there(pack: TriedPack) -> None:
    kinds = {type(socket.widget) for socket in sockets(pack)}
    assert {Range, Choice, Text, Seed, File, Color, Toggle} <= kinds


@pytest.mark.parametrize("trait", ["is_optional", "is_list", "is_lazy", "is_growing", "takes_any_name", "enum"])
def test_every_trait_of_a_socket_is_there(pack: TriedPack, trait: str) -> None:
    assert any(getattr(socket, trait) for socket in sockets(pack))


@pytest.mark.parametrize("trait", ["is_output", "is_async", "takes_run", "description"])
def test_every_trait_of_a_node_is_there(pack: TriedPack, trait: str) -> None:
    assert any(getattr(spec, trait) for spec in specs(pack))
    assert any(not spec.is_pure for spec in specs(pack))


def test_every_kind_of_output_is_there(pack: TriedPack) -> None:
    assert {len(spec.outputs) for spec in specs(pack)} == {0, 1, 2}
    outputs = [output for spec in specs(pack) for output in spec.outputs]
    assert any(output.is_list for output in outputs)
    assert any(output.type.variable for output in outputs)
    assert any("," in socket.type.name for socket in sockets(pack)), "a union"


def test_nodes_do_what_they_say(pack: TriedPack) -> None:
    (noise,) = pack.run("ExampleNoise", width=16, height=24, seed=3)
    assert noise.shape == (1, 24, 16, 3)
    first, second = pack.run("ExampleSplit", image=GREY, direction="down")
    assert first.shape == second.shape == (1, 2, 4, 3)
    assert pack.run("ExampleFade", image=GREY, strength=0.5)[0].mean() == 0.25
    assert pack.run("ExampleFade", image=torch.ones(1, 4, 4), mask=torch.ones(1, 4, 4), strength=1.0)[0].mean() == 0
    assert pack.run("ExampleFill", template="{a} and {b}", a=1, b="two") == ("1 and two",)
    assert pack.run("ExampleRepeat", image=GREY, times=2)[0].mean() == pytest.approx(0.5 * 0.81)
    assert pack.run("ExampleClock")[0] > 0
    assert pack.run("ExampleShow", text="x") == ()
    assert isinstance(pack.registry, Registry)


def test_a_block_says_why(pack: TriedPack) -> None:
    spec = pack.registry.find("ExampleFirst")
    assert spec is not None
    found = spec.function(["red"], least=2)
    assert isinstance(found, Block)
    assert "fewer than 2" in str(found.message)


def test_the_file_stays_short() -> None:
    lines = (FOLDER / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 110
