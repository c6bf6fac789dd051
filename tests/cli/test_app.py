"""The contract of every command: it says what it is for, and nothing heavy is loaded before it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.app import app

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
HEAVY = ("torch", "numpy", "PIL", "diffusers", "transformers", "nodes", "runtime")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_is_for(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert get_command(app).commands[command].help  # type: ignore[attr-defined]


def test_help_loads_nothing_heavy() -> None:
    script = f"import sys, cli.app; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
