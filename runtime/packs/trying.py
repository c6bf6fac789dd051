"""Try a pack in tests of its own: loaded as a server loads it, its nodes run by an engine with nothing else around.

with try_pack(Path(__file__).parent) as pack:
    assert pack.report.problems == ()
    assert pack.run("Double", value=2) == (4,)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from files.packs import Pack
from graph.cache import MemoryCache
from graph.execute import Engine
from graph.registry import Registry
from graph.workflow import Node, Workflow
from runtime.engine import builtin_registry
from runtime.packs.importing import PACKAGE, package_of, put_back, take_out
from runtime.packs.joining import join
from runtime.packs.loading import load_pack
from runtime.packs.report import PackReport
from runtime.packs.stand_ins import StandIns

CACHE_BYTES = 2**28


@dataclass(frozen=True)
class TriedPack:
    """A pack that is loaded, with the built-in nodes."""

    report: PackReport
    registry: Registry

    def run(self, name: str, **inputs: Any) -> tuple[Any, ...]:
        """Run a node; return its outputs. What a node asks of the machine (files, models) is not there."""
        engine = Engine(self.registry, MemoryCache(CACHE_BYTES), nbytes=sys.getsizeof)
        return engine.run(Workflow.of(Node("1", name, inputs)), outputs=["1"]).outputs["1"]


@contextmanager
def try_pack(path: Path) -> Iterator[TriedPack]:
    """Load the pack in a folder or a single file; afterwards it is gone again."""
    path = path.resolve()
    pack = Pack(path.stem if path.is_file() else path.name, path, is_file=path.is_file())
    package = sys.modules.get(PACKAGE)
    package_of([path.parent])
    before = take_out(pack)
    try:
        loaded = load_pack(pack, StandIns())
        joined = join(builtin_registry(), [loaded])
        yield TriedPack(joined.reports[pack.name], joined.registry)
    finally:
        put_back(pack, before)
        if package is None:
            sys.modules.pop(PACKAGE, None)
