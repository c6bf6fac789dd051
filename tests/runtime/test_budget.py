"""The built-in model on a processor that may use 40% of its weights: the same picture, and the books prove it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from diffusion.lora.changes import Additive, Whole
from diffusion.overlay import WeightPatch
from graph.formats import parse, read_workflow, to_api
from nodes.host import Host
from runtime.devices import budget_bytes
from runtime.engine import Studio, open_studio
from runtime.memory_settings import MemoryOptionError, MemorySettings, Residence
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflows" / "text_to_image.json"
BUILT_IN = "weft-demo.safetensors"
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


def test_ram_below_the_device_changes_no_picture(tmp_path: Path, expected: bytes) -> None:
    budget, ram = str(WEIGHTS_BYTES * 2 // 5), 30_000_000
    studio = open_here(tmp_path, MemorySettings(budget, ram=str(ram)))
    assert [render(studio) for _ in range(2)] == [expected, expected]
    assert studio.memory.ram is not None
    books = studio.memory.ram.ledger
    assert 0 < books.peak_bytes <= ram
    assert max(entry.used_bytes for entry in studio.memory.ledger.log) <= int(budget)


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


def test_patched_weights_give_the_same_under_a_budget(tmp_path: Path) -> None:
    results = [
        patched_output(open_here(tmp_path, memory))
        for memory in (MemorySettings(), MemorySettings(str(WEIGHTS_BYTES * 2 // 5)))
    ]
    assert torch.equal(results[0], results[1])


def patched_output(studio: Studio) -> torch.Tensor:
    """Return what the built-in U-Net gives with a patch on a weight of a block, and see that the patch counts."""
    checkpoint = studio.engine.resources[Host].load_checkpoint(studio.folders.find_model("checkpoints", BUILT_IN))
    model = checkpoint.model
    name = "mid_block.resnets.0.conv1.weight"
    shape = model.backbone.get_submodule("mid_block.resnets.0.conv1").weight.shape
    change = Additive(Whole(torch.full(shape, 0.01)))
    patched = model.with_patch(WeightPatch({name: change}, digest="a hundredth"))
    x, timestep = torch.ones(1, 4, 16, 16), torch.tensor([500.0])
    context = checkpoint.clip.encode("a red house").embedding
    plain, changed, again = (handle.apply(x, timestep, context) for handle in (model, patched, model))
    assert torch.equal(plain, again)
    assert not torch.equal(plain, changed)
    return changed
