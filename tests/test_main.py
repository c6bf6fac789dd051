"""The command as a process: signals end it within a step, and nothing half-written stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interruptible import interruptible

ROOT = Path(__file__).parents[1]
LAST_BEFORE_SAMPLING = "Empty latent"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_sampling_cancels_the_run(number: signal.Signals, tmp_path: Path) -> None:
    workflow = ROOT / "workflows" / "text_to_image.json"
    command = [sys.executable, ROOT / "main.py", "run", workflow, "--set", "KSampler.steps=10000"]
    command += ["--output-directory", tmp_path, "--device", "cpu"]
    with interruptible(command) as process:
        assert process.stderr is not None
        assert any(LAST_BEFORE_SAMPLING in line for line in process.stderr)  # reads until that node is done
        process.send_signal(number)
        printed, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert told.splitlines()[-1] == "Cancelled."
    assert "Traceback" not in told
    assert printed == ""
    assert list(tmp_path.iterdir()) == []


def test_json_that_cannot_be_printed_leaves_the_sentence(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, ROOT / "main.py", "run", tmp_path / "none.json", "--json"]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == f"{tmp_path / 'none.json'}: there is no such file.\n"
