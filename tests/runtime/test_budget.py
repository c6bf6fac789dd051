"""The built-in model on a processor that may use 40% of its weights: the same picture, and the books prove it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from graph.formats import parse, read_workflow, to_api
from runtime.devices import budget_bytes
from runtime.engine import Studio, open_studio
from runtime.memory_settings import MemoryOptionError, MemorySettings, Residence
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflows" / "text_to_image.json"
WEIGHTS_BYTES = 64_021_932  # of the built-in model in float32: 2 x 32.0 MB of float16


def open_here(output: Path, memory: MemorySettings) -> Studio:
    return open_studio(Settings(base=ROOT, output=output, device="cpu", memory=memory))


def render(studio: Studio) -> bytes:
    workflow = read_workflow(parse(WORKFLOW.read_text()), studio.registry.find).with_input("5", "steps", 3)
    result = studio.engine.run(workflow, prompt=to_api(workflow))
    with Image.open(studio.folders.output / result.ui["7"]["images"][0]["filename"]) as picture:
        return picture.tobytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    studio = open_here(tmp_path_factory.mktemp("resident"), MemorySettings())
    picture = render(studio)
    assert studio.memory.ledger.loaded_bytes == studio.memory.ledger.used_bytes, "everything stayed"
    return picture


def test_two_fifths_of_the_weights_render_the_same_picture(tmp_path: Path, expected: bytes) -> None:
    budget, records = str(WEIGHTS_BYTES * 2 // 5), tmp_path / "workspaces.json"
    first = open_here(tmp_path, MemorySettings(budget, workspaces=records))
    assert render(first) == expected
    second = open_here(tmp_path, MemorySettings(budget, workspaces=records))  # knows all workspaces
    assert render(second) == expected
    for ledger in (first.memory.ledger, second.memory.ledger):
        assert ledger.budget_bytes == WEIGHTS_BYTES * 2 // 5
        assert max(entry.used_bytes for entry in ledger.log) == ledger.peak_bytes <= ledger.budget_bytes
        assert ledger.loaded_bytes > ledger.used_bytes, "blocks came and went"
    reserved = {entry.nbytes for entry in second.memory.ledger.log if entry.action == "reserve"}
    assert max(reserved) > 10_000_000, "the decoder's workspace, as it was measured"


@pytest.mark.parametrize("residence", [Residence.LOW, Residence.NONE])
def test_switches_change_no_picture(residence: Residence, tmp_path: Path, expected: bytes) -> None:
    assert render(open_here(tmp_path, MemorySettings(residence=residence))) == expected


def test_a_plan_is_followed_where_memory_is_scarce(tmp_path: Path) -> None:
    studio = open_here(tmp_path, MemorySettings(str(WEIGHTS_BYTES * 2 // 5)))
    workflow = read_workflow(parse(WORKFLOW.read_text()), studio.registry.find).with_input("5", "steps", 1)
    explanation = studio.scheduler.explain(studio.engine.plan(workflow), 1e9)
    studio.engine.run(workflow, prompt=to_api(workflow))
    assert studio.memory.ledger.loaded_bytes == pytest.approx(explanation.moved_bytes, rel=0.2)
    assert explanation.peak_bytes <= studio.memory.ledger.budget_bytes


def test_what_is_reserved_is_not_used(tmp_path: Path) -> None:
    device = open_here(tmp_path, MemorySettings()).device
    assert budget_bytes(device, MemorySettings("2GB", "0.5")) == 1_500_000_000
    assert budget_bytes(device, MemorySettings("50%")) == device.total_bytes // 2
    with pytest.raises(MemoryOptionError, match="--reserve-vram: "):
        budget_bytes(device, MemorySettings("2GB", "much"))
