"""The engine is light: importing all of it loads no tensors and no pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = (
    "torch",
    "numpy",
    "PIL",
    "diffusers",
    "transformers",
    "safetensors",
    "aiohttp",
    "nodes",
    "diffusion",
    "runtime",
)
SCRIPT = f"""
import importlib, pkgutil, sys
import graph
for module in pkgutil.walk_packages(graph.__path__, "graph."):
    importlib.import_module(module.name)
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""


def test_importing_the_engine_loads_no_tensors_and_no_pictures() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
