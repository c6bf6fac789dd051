"""Node packs in a running process: loaded apart from each other, loaded again when their files change.

shelf = Shelf(builtin_registry(), find_roots, PackSettings())
shelf.load()
shelf.registry   # the built-in node types and those of packs
shelf.reports()  # what became of each pack, with file, line and remedy
"""

from __future__ import annotations

from runtime.packs.report import PackProblem, PackReport, PackState
from runtime.packs.shelf import Shelf

__all__ = ["PackProblem", "PackReport", "PackState", "Shelf"]
