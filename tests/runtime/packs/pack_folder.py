"""A folder of packs for tests: written, loaded, changed, and gone afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graph.cache import MemoryCache
from graph.execute import Engine
from graph.registry import Registry
from graph.workflow import Node, Workflow
from runtime.packs import PackReport, Shelf
from runtime.packs.importing import PACKAGE
from runtime.settings import PackSettings

NODE = """
from graph.spec import node

@node(category="test")
def {name}(value: int = 1) -> int:
    return value * {factor}
"""


class PackFolder:
    """Packs below a folder, and the shelf that loads them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)

    def write(self, name: str, text: str = "") -> Path:
        """Write a file below the folder."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def shelf(self, builtin: Registry | None = None, **options: Any) -> Shelf:
        """Return a shelf that has loaded what there is."""
        settings = options.pop("settings", PackSettings())
        options.setdefault("patience_s", 60.0)  # a machine that is busy takes its time
        shelf = Shelf(builtin or Registry.of(), lambda: [self.root], settings, **options)
        shelf.load()
        return shelf


def report_of(shelf: Shelf, name: str) -> PackReport:
    """Return what became of a pack."""
    return next(report for report in shelf.reports() if report.name == name)


def result_of(shelf: Shelf, name: str, **inputs: Any) -> Any:
    """Return the first output of a node."""
    engine = Engine(shelf.registry, MemoryCache(10_000), nbytes=lambda value: 8)
    return engine.run(Workflow.of(Node("1", name, inputs)), outputs=["1"]).outputs["1"][0]


@contextmanager
def modules_kept() -> Iterator[None]:
    """Leave sys.modules and sys.path as they were."""
    modules, paths = dict(sys.modules), list(sys.path)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith(PACKAGE) or name not in modules]:
            if name.startswith(PACKAGE) or _is_of_test(name):
                del sys.modules[name]
        sys.modules.update({name: module for name, module in modules.items() if name.startswith(PACKAGE)})
        sys.path[:] = paths


def _is_of_test(name: str) -> bool:
    return "pytest-of" in str(getattr(sys.modules[name], "__file__", ""))
