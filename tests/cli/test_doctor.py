"""The doctor looks at what is really there; a broken torch and broken folders are made for it."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from cli.checks.finding import ModelReport, ProbeReport, Required, Site, State, Verdict
from cli.checks.folders import Rule, look_at
from cli.checks.model_files import check_model_files
from cli.checks.models import BUILT_IN, check_built_in, check_checkpoints
from cli.checks.packages import check_packages, check_python, check_weft
from cli.checks.probing import read_answers
from cli.checks.required import read_required
from cli.checks.table import CHECKS, folders_below
from files.folders import Folders

ROOT = Path(__file__).parents[2]


def doctor(*arguments: str | Path, python_path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(python_path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "main.py"), "doctor", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {finding["name"]: finding for finding in document["findings"]}


def site(base: Path, *packages: str, python: str = ">=3.11", probe: ProbeReport | None = None) -> Site:
    required = Required("pyproject.toml", "9.9", python, packages)
    return Site(base, Folders.below(base), required, probe or ProbeReport())


@pytest.fixture
def torch_that(tmp_path: Path) -> Any:
    """Make a folder with a torch that does something when it is imported."""

    def make(code: str) -> Path:
        (tmp_path / "torch").mkdir()
        (tmp_path / "torch" / "__init__.py").write_text(code)
        return tmp_path

    return make


def test_a_whole_installation_is_ready_and_shows_device_and_built_in_model() -> None:
    done = doctor("--json")
    document = json.loads(done.stdout)
    found = by_name(document)
    assert (done.returncode, document["is_ready"]) == (0, True), done.stdout
    assert {"torch", "diffusers", "pillow", "device", "models", "output", "temp", BUILT_IN} <= set(found)
    assert found["device"]["data"]["total_bytes"] > found["device"]["data"]["free_bytes"] > 0
    assert found[BUILT_IN]["data"]["family"] == "Stable Diffusion 1"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ImportError('libtorch_cpu.so: no such file')", "libtorch_cpu.so: no such file"),
        ("raise RuntimeError", "RuntimeError"),
        ("import os; os.kill(os.getpid(), 4)", "SIGILL"),
        ("import os; os._exit(3)", "exit code 3"),
    ],
)
def test_a_broken_torch_is_told_with_a_remedy(code: str, reason: str, torch_that: Any) -> None:
    done = doctor(python_path=torch_that(code))
    assert done.returncode == 1
    assert reason in done.stdout
    assert 'reinstall "torch>=2.6"' in done.stdout
    assert "There is no device without torch." in done.stdout
    assert f"{BUILT_IN} (not examined" in done.stdout
    assert done.stderr == ""


def test_what_a_package_prints_while_it_is_imported_is_no_answer(torch_that: Any) -> None:
    done = doctor("--json", python_path=torch_that("print('{\"kind\": \"device\"}'); raise ImportError('broken')"))
    assert by_name(json.loads(done.stdout))["torch"]["message"].endswith("cannot be imported: broken.")


def test_an_empty_base_directory_is_told_with_remedies(tmp_path: Path) -> None:
    done = doctor("--json", "--base-directory", tmp_path)
    found = by_name(json.loads(done.stdout))
    assert done.returncode == 1
    assert {found[name]["state"] for name in ("models", "checkpoints", "built-in model")} == {"problem"}
    assert str(tmp_path / "models") in found["models"]["remedy"]
    assert found["output"]["state"] == "ok"
    assert all(finding["remedy"] for finding in found.values() if finding["state"] != "ok")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_old_package_is_told_with_the_command_that_installs_it(tmp_path: Path) -> None:
    missing, old, fine, other = check_packages(
        site(tmp_path, "no-such-thing>=1", "torch>=99", "rich", "tomli; extra=='x'", "typer")
    )
    assert (missing.state, old.state, fine.state, other.name) == (State.PROBLEM, State.PROBLEM, State.OK, "typer")
    assert "is not installed" in missing.message
    assert "does not fit >=99 (pyproject.toml)" in old.message
    assert str(old.remedy).endswith('"torch>=99"')
    assert "http" not in str(old.remedy)


def test_an_old_python_is_a_problem_and_another_weft_a_note(tmp_path: Path) -> None:
    assert [one.state for one in check_python(site(tmp_path, python=">=4"))] == [State.PROBLEM]
    assert [one.state for one in check_weft(site(tmp_path))] == [State.NOTE]


def test_the_requirements_are_those_of_pyproject() -> None:
    required = read_required()
    assert required.source == "pyproject.toml"
    assert any(text.startswith("torch") for text in required.packages)


def test_a_file_in_place_of_a_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("")
    for path in (tmp_path / "output", tmp_path / "output" / "deep"):
        found = look_at(Rule("output", path, is_needed=False, is_written=True))
        assert found.state is State.PROBLEM
        assert found.remedy


def report(folder: str, name: str, verdict: Verdict, **more: Any) -> ModelReport:
    return ModelReport(folder, name, f"models/{folder}/{name}", verdict, **more)


def test_a_damaged_checkpoint_is_a_note_while_another_can_be_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    for name in (BUILT_IN, "good.safetensors"):
        (folder / name).write_bytes(b"x" * 1000)
    models = (
        report("checkpoints", "good.safetensors", Verdict.OK, family="Stable Diffusion 1", nbytes=1000),
        report("checkpoints", BUILT_IN, Verdict.DAMAGED, note="the file is cut off; get it again."),
    )
    one = site(tmp_path, probe=ProbeReport(models=models))
    good, damaged = sorted(check_checkpoints(one), key=lambda found: found.state)[::-1]
    assert good.message == "good.safetensors (Stable Diffusion 1, 1,000 bytes)"
    assert damaged.message == f"checkpoints/{BUILT_IN} is damaged or no model: the file is cut off; get it again."
    assert [found.state for found in check_built_in(one)] == [State.NOTE]
    (folder / "good.safetensors").unlink()
    assert [found.state for found in check_built_in(one)] == [State.PROBLEM]


@pytest.fixture
def folders_of_models(tmp_path: Path) -> Path:
    """Model folders with a file for each thing that may be wrong, and two that are right."""
    for kind in ("checkpoints", "vae", "loras", "upscale_models", "text_encoders", "controlnet"):
        (tmp_path / "models" / kind).mkdir(parents=True)
    models = tmp_path / "models"
    lora = {"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": torch.ones(4, 8)}
    save_file(lora, models / "loras/right.safetensors")
    save_file(lora, models / "vae/my lora.safetensors")
    save_file({"controlnet_blocks.0.linear.weight": torch.ones(0)}, models / "controlnet/refused.safetensors")
    save_file({"who.knows": torch.ones(2)}, models / "text_encoders/unknown.safetensors")
    whole = (models / "loras/right.safetensors").read_bytes()
    (models / "loras/cut.safetensors").write_bytes(whole[:-4])
    for kind in ("upscale_models", "loras"):
        (models / kind / "pickled.pth").write_bytes(pickle.dumps({}, protocol=4))
    (models / "vae/gone.safetensors").symlink_to(tmp_path / "nowhere")
    return tmp_path


def test_files_that_cannot_be_used_where_they_lie_are_told_with_what_to_do(folders_of_models: Path) -> None:
    found = by_name(json.loads(doctor("--json", "--base-directory", folders_of_models).stdout))
    assert "(LoRA of Flux.1)" in found["vae/my lora.safetensors"]["message"]
    moved = f"mv '{folders_of_models}/models/vae/my lora.safetensors' {folders_of_models}/models/loras/"
    assert found["vae/my lora.safetensors"]["remedy"] == f"Move it: {moved}"
    assert "MistoLine" in found["controlnet/refused.safetensors"]["message"]
    assert "no known family" in found["text_encoders/unknown.safetensors"]["message"]
    assert "cut off" in found["loras/cut.safetensors"]["message"]
    assert "pickle file" in found["loras/pickled.pth"]["message"]
    assert "link" in found["vae/gone.safetensors"]["message"]
    assert {found[name]["state"] for name in found if "/" in name} == {"note"}
    assert found["loras"]["message"] == "loras: 3 files (1 LoRA of Flux.1)"
    assert not {"upscale_models/pickled.pth", "loras/right.safetensors"} & found.keys()


def test_folders_of_an_extra_file_are_looked_at_and_a_broken_file_is_told(tmp_path: Path) -> None:
    extra = tmp_path / "extra_model_paths.yaml"
    extra.write_text(f"mine:\n  base_path: {tmp_path}\n  vae: more\n")
    assert folders_below(tmp_path)[0].model_roots("vae")[1] == tmp_path / "more"
    extra.write_text("- 1")
    folders, fault = folders_below(tmp_path)
    one = Site(tmp_path, folders, read_required(), ProbeReport(), fault)
    assert next(iter(check_model_files(one))).state is State.NOTE


def test_a_crash_is_blamed_on_what_was_tried_last() -> None:
    trying = [{"kind": "trying", "module": name} for name in ("torch", "scipy")]
    assert read_answers(trying, "gone").failure("scipy") is not None
    assert read_answers(trying, "gone").failure("torch") is None
    assert read_answers([*trying, {"kind": "device", "problem": "no driver"}], None).device_problem == "no driver"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.look.__name__)
def test_every_check_says_something_and_has_a_remedy_for_whatever_is_not_ok(check: Any, tmp_path: Path) -> None:
    findings = list(check.look(site(tmp_path, "no-such-thing", python=">=4")))
    assert findings
    assert all(found.message and (found.state is State.OK or found.remedy) for found in findings)
