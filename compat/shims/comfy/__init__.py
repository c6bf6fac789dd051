"""ComfyUI's package `comfy`: what of it Weft has. A module that is missing says so when it is imported.

Its modules are there without being imported, as they are in ComfyUI once it runs: `import comfy; comfy.samplers`.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path

__lazy__ = {
    path.stem: partial(import_module, f"comfy.{path.stem}")
    for path in Path(__file__).parent.iterdir()
    if path.suffix in ("", ".py") and not path.stem.startswith("_")
}
