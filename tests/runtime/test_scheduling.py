"""Plans where memory is scarce: networks are used one after the other, and pictures stay the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.workflow import Link, Node, Workflow
from runtime.engine import Studio, open_studio
from runtime.memory_settings import MemorySettings
from runtime.settings import Settings
from tests.tiny_checkpoint import write_tiny_checkpoint

PROMPTS = 4


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two checkpoints."""
    base = tmp_path_factory.mktemp("base")
    folder = base / "models" / "checkpoints"
    folder.mkdir(parents=True)
    for seed in range(2):
        write_tiny_checkpoint(folder / f"{seed}.safetensors", seed=seed)
    return base


def open_here(base: Path, budget: str | None) -> Studio:
    return open_studio(Settings(base=base, device="cpu", memory=MemorySettings(budget)))


def alternating() -> Workflow:
    """Prompts in turn for one and the other checkpoint."""
    nodes = [Node(f"load{index}", "LoadCheckpoint", {"ckpt_name": f"{index}.safetensors"}) for index in range(2)]
    nodes.append(Node("empty", "EmptyLatentImage", {"width": 64, "height": 64}))
    for index in range(PROMPTS):
        load = f"load{index % 2}"
        prompt = {"positive": Link(f"text{index}", 0), "negative": Link(f"text{index}", 0)}
        sampler = {"model": Link(load, 0), "latent_image": Link("empty", 0), "steps": 1, "cfg": 1.0}
        nodes += [
            Node(f"text{index}", "CLIPTextEncode", {"clip": Link(load, 1), "text": f"prompt {index}"}),
            Node(f"sample{index}", "KSampler", {**sampler, **prompt}),
        ]
    return Workflow({node.id: node for node in nodes})


OUTPUTS = tuple(f"sample{index}" for index in range(PROMPTS))


def test_two_checkpoints_in_turn_are_each_brought_once(base: Path) -> None:
    free = open_here(base, None)
    expected = free.engine.run(alternating(), outputs=OUTPUTS)
    assert expected.ran == tuple(alternating().nodes), "the written order, where all fits"
    whole = free.memory.ledger.loaded_bytes
    scarce = open_here(base, str(int(whole * 0.7)))
    result = scarce.engine.run(alternating(), outputs=OUTPUTS)
    assert scarce.memory.ledger.loaded_bytes == whole
    assert scarce.memory.ledger.peak_bytes <= int(whole * 0.7)
    samplers = [node_id for node_id in result.ran if node_id.startswith("sample")]
    assert samplers in (["sample0", "sample2", "sample1", "sample3"], ["sample1", "sample3", "sample0", "sample2"])
    for output in OUTPUTS:
        assert result.outputs[output][0].samples.equal(expected.outputs[output][0].samples)


def test_what_lies_there_from_the_last_run_is_used_first(base: Path) -> None:
    studio = open_here(base, None)
    studio.engine.run(alternating(), outputs=["sample1"])
    whole = studio.memory.ledger.used_bytes
    studio.memory.ledger.budget_bytes = int(whole * 1.4)
    plan = studio.engine.plan(alternating(), OUTPUTS)
    samplers = [node_id for node_id in plan.order if node_id.startswith("sample")]
    assert samplers == ["sample3", "sample0", "sample2"]
