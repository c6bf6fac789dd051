"""What the next job will use decides what goes: the memory looks beyond the plan that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graph.formats import to_api
from graph.protocol import ExpectJob
from graph.workflow import Link, Node, Workflow
from runtime.engine import Studio, open_studio
from runtime.lookahead import NextJob
from runtime.memory_settings import MemorySettings
from runtime.settings import Settings
from tests.tiny_checkpoint import write_tiny_checkpoint

OUTPUTS = ("decode",)
TOO_FEW_BYTES = 100_000  # less than any of the networks has


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint."""
    base = tmp_path_factory.mktemp("base")
    folder = base / "models" / "checkpoints"
    folder.mkdir(parents=True)
    write_tiny_checkpoint(folder / "tiny.safetensors")
    return base


def picture(seed: int = 0, prompt: str = "a cat") -> Workflow:
    """A picture of a prompt."""
    text = {"positive": Link("text", 0), "negative": Link("text", 0)}
    latent = {"latent_image": Link("empty", 0), "steps": 1, "seed": seed}
    return Workflow.of(
        Node("load", "LoadCheckpoint", {"ckpt_name": "tiny.safetensors"}),
        Node("empty", "EmptyLatentImage", {"width": 64, "height": 64}),
        Node("text", "CLIPTextEncode", {"clip": Link("load", 1), "text": prompt}),
        Node("sample", "KSampler", {"model": Link("load", 0), **text, **latent}),
        Node("decode", "VAEDecode", {"samples": Link("sample", 0), "vae": Link("load", 2)}),
    )


def job(workflow: Workflow) -> ExpectJob:
    return ExpectJob("next", OUTPUTS, payload=json.dumps(to_api(workflow)).encode())


def open_here(base: Path) -> Studio:
    """Open an engine that knows from an earlier one what work takes."""
    return open_studio(Settings(base=base, device="cpu", memory=MemorySettings(workspaces=base / "records.json")))


def bytes_of(studio: Studio, network: str) -> int:
    return sum(block.nbytes for block in studio.memory.ledger.blocks if f" {network}" in block.name)


def lost_by_decoding(base: Path, peak_bytes: int, following: ExpectJob) -> dict[str, int]:
    """Decode where some bytes must go to make room for the VAE; return what the other networks lost."""
    studio = open_here(base)
    next_job = NextJob(studio)
    studio.memory.outlook.look_ahead(next_job)
    studio.engine.run(picture(), outputs=["sample"])
    before = {network: bytes_of(studio, network) for network in ("clip", "model")}
    studio.memory.ledger.budget_bytes = peak_bytes - TOO_FEW_BYTES
    next_job.begin("this")
    next_job.expect(following)
    studio.engine.run(picture(), outputs=OUTPUTS)
    return {network: nbytes - bytes_of(studio, network) for network, nbytes in before.items()}


@pytest.fixture(scope="module")
def peak_bytes(base: Path) -> int:
    """The most that lies there while a picture is decoded, if nothing must go."""
    open_here(base).engine.run(picture(), outputs=OUTPUTS)
    studio = open_here(base)
    studio.engine.run(picture(), outputs=["sample"])
    studio.memory.ledger.peak_bytes = 0
    studio.engine.run(picture(), outputs=OUTPUTS)
    return studio.memory.ledger.peak_bytes


def test_what_goes_is_what_the_next_job_uses_last_or_not_at_all(base: Path, peak_bytes: int) -> None:
    same_prompt = lost_by_decoding(base, peak_bytes, job(picture(seed=1)))
    assert same_prompt["model"] == 0, "the next job samples at once: its prompt is in the cache"
    assert same_prompt["clip"] > 0
    other_prompt = lost_by_decoding(base, peak_bytes, job(picture(prompt="a dog")))
    assert other_prompt["clip"] == 0, "the next job begins with its prompt"
    assert other_prompt["model"] > 0


@pytest.mark.parametrize(
    "following",
    [ExpectJob("this", OUTPUTS), ExpectJob("next", OUTPUTS, b"no workflow"), ExpectJob("next", ("9",), b"{}")],
)
def test_a_next_job_that_tells_nothing_changes_nothing(base: Path, peak_bytes: int, following: ExpectJob) -> None:
    lost = lost_by_decoding(base, peak_bytes, following)
    assert sum(lost.values()) > 0


def test_the_next_job_is_planned_once_and_not_while_it_runs(base: Path) -> None:
    studio = open_here(base)
    next_job = NextJob(studio)
    assert not next_job()
    next_job.expect(job(picture()))
    uses = next_job()
    assert [use.node_id for use in uses] == ["text", "sample", "decode"]
    assert next_job() is uses
    next_job.begin("next")
    assert not next_job()
