"""The studio with its disk tier: what a later process finds, what makes it look again, what it never trusts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from graph.events import NodeCached
from graph.execute import RunResult
from graph.formats import to_api
from graph.workflow import CacheMark, Link, Node, Workflow
from runtime.engine import Studio, open_studio
from runtime.settings import CacheSettings, Settings
from tests.tiny_checkpoint import write_tiny_checkpoint

LIFE = CacheSettings(disk_bytes=10**9)
DEAR = 0.0  # seconds from which results of these small networks go to the disk


@pytest.fixture
def base(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "tiny.safetensors").hardlink_to(tiny_checkpoint)
    (tmp_path / "models" / "embeddings").mkdir()
    return tmp_path


@pytest.fixture(autouse=True)
def everything_is_dear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.engine.LEAST_S", DEAR)


def drawing(text: str = "a red house", prefix: str = "cat", seed: int = 1) -> Workflow:
    return Workflow.of(
        Node("1", "LoadCheckpoint", {"ckpt_name": "tiny.safetensors"}),
        Node("2", "CLIPTextEncode", {"text": text, "clip": Link("1", 1)}),
        Node("3", "EmptyLatent", {"width": 64, "height": 64}),
        Node(
            "4",
            "KSampler",
            {
                "model": Link("1", 0),
                "positive": Link("2", 0),
                "negative": Link("2", 0),
                "latent_image": Link("3", 0),
                "steps": 1,
                "seed": seed,
            },
        ),
        Node("5", "VAEDecode", {"samples": Link("4", 0), "vae": Link("1", 2)}),
        Node("6", "SaveImage", {"images": Link("5", 0), "filename_prefix": prefix}),
    )


def opened(base: Path, cache: CacheSettings = LIFE) -> Studio:
    return open_studio(Settings(base, device="cpu", cache=cache))


def run(studio: Studio, workflow: Workflow) -> RunResult:
    return studio.engine.run(workflow, prompt=to_api(workflow))


def images(base: Path) -> list[str]:
    return sorted(path.name for path in (base / "output").rglob("*.png"))


def test_a_later_process_saves_again_and_computes_nothing(base: Path) -> None:
    with opened(base) as studio:
        first = run(studio, drawing())
    assert first.ran == ("1", "2", "3", "4", "5", "6")
    with opened(base) as studio:
        again = run(studio, drawing())
        assert again.ran == ("6",)
        assert torch.equal(again.outputs["6"][0], first.outputs["6"][0])
        assert run(studio, drawing()).ran == ()
    assert images(base) == ["cat_00001_.png", "cat_00002_.png"]


def test_another_seed_finds_the_prompts_of_the_process_before(base: Path) -> None:
    with opened(base) as studio:
        run(studio, drawing())
    with opened(base) as studio:
        result = run(studio, drawing(seed=2))
    assert "2" not in result.ran
    assert "3" not in result.ran
    assert {"1", "4", "5", "6"} <= set(result.ran)


def test_a_damaged_result_is_made_again_with_all_that_it_needs(base: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(base) as studio:
        first = run(studio, drawing())
    for path in (base / "user" / "cache").rglob("*.blob"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
    told = []
    with opened(base) as studio:
        workflow = drawing()
        again = studio.engine.run(workflow, prompt=to_api(workflow), emit=told.append)
    assert again.ran == ("1", "2", "3", "4", "5", "6")
    assert torch.equal(again.outputs["6"][0], first.outputs["6"][0])
    assert not set(again.ran) & {event.node_id for event in told if isinstance(event, NodeCached)}
    assert "A cached result of VAEDecode is damaged" in caplog.text


@pytest.mark.parametrize(("name", "value"), [("source_digest", "other"), ("version", "0.0")])
def test_other_code_or_libraries_find_nothing(
    name: str, value: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(base) as studio:
        run(studio, drawing())
    monkeypatch.setattr(f"runtime.realm.{name}", lambda asked: value)
    with opened(base) as studio:
        assert run(studio, drawing()).ran == ("1", "2", "3", "4", "5", "6")


def test_a_checkpoint_counts_by_its_content(base: Path) -> None:
    path = base / "models" / "checkpoints" / "tiny.safetensors"
    with opened(base) as studio:
        run(studio, drawing())
    content, status = path.read_bytes(), path.stat()
    path.unlink()
    path.write_bytes(content)
    with opened(base) as studio:
        assert run(studio, drawing()).ran == ("6",)
    write_tiny_checkpoint(path, seed=1)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    with opened(base) as studio:
        assert run(studio, drawing()).ran == ("1", "2", "4", "5", "6")


def write_embedding(base: Path, value: float, name: str = "style") -> None:
    save_file({"emb_params": torch.full((2, 64), value)}, base / "models" / "embeddings" / f"{name}.safetensors")


@pytest.mark.parametrize("cache", [LIFE, CacheSettings()], ids=["disk", "memory"])
def test_an_embedding_that_a_prompt_names_counts_too(cache: CacheSettings, base: Path) -> None:
    workflow = drawing("a (embedding:style, house:1.2)")
    with opened(base, cache) as studio:
        before = run(studio, workflow)
        write_embedding(base, 0.5)
        added = run(studio, workflow)
        write_embedding(base, 0.25)
        changed = run(studio, workflow)
        same = run(studio, workflow)
        write_embedding(base, 0.25, "another")
        other = run(studio, workflow)
    assert "2" in added.ran
    assert "2" in changed.ran
    pictures = [result.outputs["6"][0] for result in (before, added, changed)]
    assert not torch.equal(pictures[0], pictures[1])
    assert not torch.equal(pictures[1], pictures[2])
    assert same.ran == other.ran == ()


def test_a_picture_is_saved_again_when_it_is_gone_or_would_have_another_name(base: Path) -> None:
    with opened(base) as studio:
        run(studio, drawing())
        assert run(studio, drawing()).ran == ()
        (base / "output" / "cat_00001_.png").unlink()
        assert run(studio, drawing()).ran == ("6",)
        assert run(studio, drawing(prefix="dog %4.seed%")).ran == ("6",)
        assert run(studio, drawing(prefix="dog %Sampler.seed%")).ran == ("6",)
        workflow = drawing(prefix="dog %Sampler.seed%")
        titled = Workflow({**workflow.nodes, "4": workflow.nodes["4"].changed(title="Sampler")})
        assert run(studio, titled).ran == ()  # expands to the name that is there
    assert images(base) == ["cat_00001_.png", "dog %Sampler.seed%_00001_.png", "dog 1_00001_.png"]


def marked(workflow: Workflow, node_id: str, mark: CacheMark) -> Workflow:
    return Workflow({**workflow.nodes, node_id: workflow.nodes[node_id].changed(mark=mark)})


def test_a_node_that_is_never_cached_always_runs_and_what_follows_is_found_by_content(base: Path) -> None:
    with opened(base) as studio:
        workflow = marked(drawing(), "3", CacheMark.NEVER)
        run(studio, workflow)
        assert run(studio, workflow).ran == ("3",)
    with opened(base) as studio:
        assert run(studio, workflow).ran == ("1", "3", "6")


def test_no_cache_at_all(base: Path) -> None:
    with opened(base, CacheSettings(strategy="none")) as studio:
        assert run(studio, drawing()).ran == run(studio, drawing()).ran == ("1", "2", "3", "4", "5", "6")
    assert not (base / "user").exists()
