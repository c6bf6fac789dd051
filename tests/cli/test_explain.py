"""`weft explain` and the options about memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import save_file
from typer.testing import CliRunner, Result

from cli.app import app
from graph.formats import read_workflow, to_api
from graph.workflow import Link, Node, Workflow
from runtime.engine import builtin_registry
from tests.runtime.test_demands import lora_tensors
from tests.tiny_checkpoint import write_tiny_checkpoint

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflows" / "text_to_image.json"


@pytest.fixture(autouse=True)
def nothing_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def weft(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def explain(budget: str, *options: str | Path, workflow: Path = WORKFLOW) -> dict[str, object]:
    result = weft("explain", workflow, "--device", "cpu", "--budget", budget, "--json", *options)
    assert result.exit_code == 0, result.output
    document: dict[str, object] = json.loads(result.stdout)
    return document


def test_a_small_budget_is_kept_by_moving_more() -> None:
    large, small = explain("1GB"), explain("20MB")
    assert small["budget_bytes"] == 20_000_000
    assert small["peak_bytes"] <= 20_000_000 < large["peak_bytes"]  # type: ignore[operator]
    assert small["moved_bytes"] > large["moved_bytes"] == large["peak_bytes"]  # type: ignore[operator]
    assert [step["node"] for step in small["steps"]] == ["1", "2", "3", "4", "5", "6", "7"]  # type: ignore[attr-defined]
    actions = {move["action"] for step in small["steps"] for move in step["moves"]}  # type: ignore[attr-defined]
    assert actions == {"load", "evict", "stream"}


def test_people_get_a_table_and_nothing_runs(tmp_path: Path) -> None:
    result = weft("explain", WORKFLOW, "--device", "cpu", "--budget", "20MB", "--bandwidth", "1MB")
    assert result.exit_code == 0, result.output
    assert "stream" in result.output
    assert "of 20 MB" in result.output
    assert float(result.output.split("takes about ")[1].split()[0]) > 100


def test_ram_spares_the_file() -> None:
    without, beside = explain("20MB"), explain("20MB", "--ram-budget", "100MB")
    assert without["from_ram_bytes"] == 0 < beside["from_ram_bytes"]  # type: ignore[operator]
    assert without["moved_bytes"] == beside["moved_bytes"]
    assert max(step["ram_bytes"] for step in beside["steps"]) <= 100_000_000  # type: ignore[attr-defined]
    table = weft("explain", WORKFLOW, "--device", "cpu", "--budget", "20MB", "--ram-budget", "100MB").output
    assert "of it from RAM" in " ".join(table.split())


def test_patched_weights_are_in_the_plan(tmp_path: Path) -> None:
    for folder in ("checkpoints", "loras"):
        (tmp_path / "models" / folder).mkdir(parents=True)
    write_tiny_checkpoint(tmp_path / "models" / "checkpoints" / "tiny.safetensors")
    save_file(lora_tensors(2), tmp_path / "models" / "loras" / "detail.safetensors")
    document = json.loads((ROOT / "workflows" / "text_to_image.json").read_text())
    workflow = to_api(with_lora(read_workflow(document, builtin_registry().find)))
    file = tmp_path / "workflow.json"
    file.write_text(json.dumps(workflow))
    place = ("--base-directory", tmp_path)
    steps = explain("1GB", *place, workflow=file)["steps"]
    loaded = [move["block"] for step in steps for move in step["moves"]]  # type: ignore[attr-defined]
    assert any("model+" in block for block in loaded)
    assert "(patched)" in weft("explain", file, "--device", "cpu", *place).output


def with_lora(workflow: Workflow) -> Workflow:
    """Return the template with another checkpoint and a LoRA between it and the sampler."""
    lora = Node("lora", "LoraLoaderModelOnly", {"model": Link("1", 0), "lora_name": "detail.safetensors"})
    changed = Workflow({**workflow.nodes, "lora": lora}).with_input("5", "model", Link("lora", 0))
    return changed.with_input("1", "ckpt_name", "tiny.safetensors")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("explain", WORKFLOW, "--ram-budget", "2XB"), '--ram-budget: "2XB" is not a size'),
        (("explain", WORKFLOW, "--budget", "2XB"), '--memory-budget: "2XB" is not a size'),
        (("explain", WORKFLOW, "--bandwidth", "fast"), '--bandwidth: "fast" is not a size'),
        (("explain", WORKFLOW, "--bandwidth", "0"), "--bandwidth: nothing would ever arrive"),
        (("explain", WORKFLOW, "--device", "cpu", "--budget", "1kB"), "the budget is 1 kB"),
        (("run", WORKFLOW, "--memory-budget", "200%"), "more than there is"),
        (("run", WORKFLOW, "--reserve-vram", "x"), '--reserve-vram: "x" is not a size'),
        (("run", WORKFLOW, "--lowvram", "--novram"), "--lowvram and --novram exclude each other"),
        (("run", WORKFLOW, "--cpu", "--device", "cuda"), "--cpu and --device cuda exclude each other"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str | Path, ...], part: str) -> None:
    result = weft(*arguments)
    assert result.exit_code in (1, 2)
    assert part in result.stderr


def test_a_run_within_a_budget_writes_its_picture(tmp_path: Path) -> None:
    options = ("--memory-budget", "20MB", "--device", "cpu", "--lowvram")
    result = weft("run", WORKFLOW, *options, "--set", "KSampler.steps=1", "--quiet", "--output-directory", tmp_path)
    assert result.exit_code == 0, result.output
    assert Path(result.stdout.strip()).is_file()


def test_a_budget_that_is_too_small_names_the_node_and_numbers(tmp_path: Path) -> None:
    result = weft("run", WORKFLOW, "--memory-budget", "100kB", "--cpu", "--quiet", "--output-directory", tmp_path)
    assert result.exit_code == 1
    assert "CLIPTextEncode" in result.stderr
    assert "the budget is 100 kB" in result.stderr
