"""`weft train`: Ctrl-C ends it with everything saved, the same command goes on, another one is refused."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.interruptible import interruptible

ROOT = Path(__file__).parents[2]
BUILT_IN = ROOT / "models" / "checkpoints" / "weft-demo.safetensors"
SETTINGS = ["--start", str(BUILT_IN), "--device", "cpu", "--decoder-steps", "1", "--batch", "2", "--scenes", "2"]


def interrupted_in_the_denoiser(folder: Path) -> int:
    """Train until the denoiser's stage has begun, press Ctrl-C, and return the step at which it ended."""
    command = [sys.executable, ROOT / "main.py", "train", "--folder", folder, *SETTINGS, "--steps", "100000"]
    with interruptible(command) as process:
        assert process.stderr is not None
        assert any("denoiser: at step" in line for line in process.stderr)  # reads until that stage has begun
        process.send_signal(signal.SIGINT)
        printed, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert printed == ""
    found = re.search(r"denoiser: stopped after step (\d+); the same command goes on", told)
    assert found, told
    return int(found[1])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_ctrl_c_saves_and_the_same_command_goes_on(tmp_path: Path) -> None:
    first = interrupted_in_the_denoiser(tmp_path)
    assert first >= 1
    assert interrupted_in_the_denoiser(tmp_path) > first
    other = CliRunner().invoke(app, ["train", "--folder", str(tmp_path), *SETTINGS, "--steps", "5"])
    assert other.exit_code == 1
    assert "denoiser.plan.steps was 100000, now 5" in other.output


def test_a_checkpoint_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["train", "--folder", str(tmp_path), "--start", "nowhere.safetensors"])
    assert result.exit_code == 1
    assert "nowhere.safetensors" in result.output


def test_a_lora_is_trained_and_its_path_printed(tmp_path: Path) -> None:
    settings = ["--steps", "1", "--scenes", "2", "--device", "cpu", "--folder", str(tmp_path)]
    result = CliRunner().invoke(app, ["train-lora", "winter", *settings])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "weft-winter.safetensors")
    assert (tmp_path / "weft-winter.safetensors").is_file()
    other = CliRunner().invoke(app, ["train-lora", "noon", *settings])
    assert other.exit_code == 1
    assert "noon is no change that a LoRA may learn" in other.output
