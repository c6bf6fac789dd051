"""What node packs cost: at the start of the worker and of the server, and in /object_info, beside bare parts in the same run.

    python bench/packs.py  # prints the table; exit code 1 if a figure is above its limit

50 packs of 20 nodes each, as folders with a manifest and four inputs a node. The bare part of loading is the import of the
same files with a @node that does nothing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.serving.live_server import live_server  # noqa: E402

PACKS, NODES = 50, 20
LARGE = 1_500  # nodes in all
STARTS, REQUESTS = 5, 20
HEAD = """from __future__ import annotations

from typing import Annotated, Literal

from {graph}.spec import node
from {graph}.widgets import Range
from {sockets}.sockets import Image

"""
NODE = '''
@node(category="bench")
def {name}(
    image: Image, factor: Annotated[float, Range(0.0, 4.0)] = 1.0, steps: int = 20, mode: Literal["a", "b"] = "a"
) -> Image:
    """Make a picture brighter.

    factor: 1 changes nothing.
    """
    return image * factor
'''
LOAD = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from runtime.engine import builtin_registry
from runtime.packs import Shelf
from runtime.settings import PackSettings
registry = builtin_registry()
for round in range(2):  # the first one writes bytecode
    start = time.perf_counter()
    shelf = Shelf(registry, lambda: [Path({packs!r})], PackSettings())
    shelf.load()
    seconds = time.perf_counter() - start
    for name in [name for name in sys.modules if name.startswith("custom_nodes")]:
        del sys.modules[name]
assert len(shelf.registry) - len(registry) == {count}, shelf.reports()
print(seconds)
"""
BARE = """
import importlib, sys, time
sys.path.insert(0, {parent!r})
start = time.perf_counter()
for number in range({packs}):
    importlib.import_module(f"custom_nodes.pack{{number}}")
print(time.perf_counter() - start)
"""
BARE_PARTS = """
def node(**options):
    return lambda function: function
def Range(*ends):
    return ends
Image = object
"""


@dataclass(frozen=True)
class Row:
    """A figure with its limit, and what bare parts cost (None: there are none)."""

    name: str
    value: float
    limit: float
    bare: float | None
    unit: str

    @property
    def is_good(self) -> bool:
        """Within the limit."""
        return self.value <= self.limit


def main() -> int:
    """Measure all and print the table."""
    rows = [loading_row(), *server_rows()]
    show(rows)
    return 0 if all(row.is_good for row in rows) else 1


def write_packs(base: Path, packs: int, nodes: int, graph: str = "graph") -> None:
    """Write packs below a folder."""
    head = HEAD.format(graph=graph, sockets="nodes" if graph == "graph" else graph)
    for number in range(packs):
        folder = base / "custom_nodes" / f"pack{number}"
        folder.mkdir(parents=True)
        text = "".join(NODE.format(name=f"P{number}N{index}") for index in range(nodes))
        (folder / "__init__.py").write_text(head + text)
        (folder / "pyproject.toml").write_text('[tool.weft]\nversion = "1.0"\n')


def loading_row() -> Row:
    """Seconds that 50 packs of 20 nodes add to the start of the worker."""
    seconds, bare = [], []
    with folder_of(PACKS, NODES) as base, folder_of(PACKS, NODES, "bare") as plain:
        parts = plain / "bare"
        parts.mkdir()
        for name in ("__init__", "spec", "widgets", "sockets"):
            (parts / f"{name}.py").write_text(BARE_PARTS)
        load = LOAD.format(root=str(ROOT), packs=str(base / "custom_nodes"), count=PACKS * NODES)
        for _ in range(STARTS):
            seconds.append(measured(load))
            bare.append(measured(BARE.format(parent=str(plain), packs=PACKS)))
    return Row(f"load {PACKS} packs of {NODES} nodes", statistics.median(seconds), 1.0, statistics.median(bare), "s")


def server_rows() -> Iterator[Row]:
    """Seconds that packs add to the server's start, and milliseconds of /object_info."""
    with folder_of(0, 0) as empty:
        without = start_s(empty)
    packs = round((LARGE - built_in()) / NODES)
    with folder_of(packs, NODES) as base:
        with_packs = start_s(base)
        yield Row("start to first answer, added by packs", max(0.0, with_packs - without), 0.05, without, "s")
        with live_server(base) as server:
            server.wait_until_ready()
            count = len(server.get("/object_info"))
            first = request_ms(server.url, change_of=base)
            again = statistics.median(request_ms(server.url) for _ in range(REQUESTS))
            body = urllib.request.urlopen(f"{server.url}/object_info").read()
            bare = bare_ms(body)
    yield Row(f"/object_info of {count:,} nodes, after a change", first, 50, bare, "ms")
    yield Row(f"/object_info of {count:,} nodes, again", again, 50, bare, "ms")


def start_s(base: Path) -> float:
    """Return the median time from the start of a server to its first answer."""
    with live_server(base) as server:
        server.wait_until_ready()  # node types are remembered from here on
    seconds = []
    for _ in range(STARTS):
        begin = time.perf_counter()
        with live_server(base) as server:
            server.get("/queue")
            seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def request_ms(url: str, change_of: Path | None = None) -> float:
    """Return how long /object_info takes; change_of: a folder whose models change before, so that nothing is kept."""
    if change_of is not None:
        folder = change_of / "models" / "checkpoints"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "new.safetensors").touch()
    begin = time.perf_counter()
    urllib.request.urlopen(f"{url}/object_info").read()
    return (time.perf_counter() - begin) * 1e3


def bare_ms(body: bytes) -> float:
    """Return how long json alone takes to write the same answer."""
    document = json.loads(body)
    begin = time.perf_counter()
    json.dumps(document).encode()
    return (time.perf_counter() - begin) * 1e3


def built_in() -> int:
    """Return how many names of node types there are without packs."""
    code = "from runtime.engine import builtin_registry; print(len(builtin_registry().names()))"
    return int(measured(code))


def measured(code: str) -> float:
    """Return the number that a process prints last."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


@contextmanager
def folder_of(packs: int, nodes: int, graph: str = "graph") -> Iterator[Path]:
    """Give a folder with packs."""
    with tempfile.TemporaryDirectory() as name:
        write_packs(Path(name), packs, nodes, graph)
        yield Path(name)


def show(rows: list[Row]) -> None:
    """Print the table."""
    table = Table("what", "here", "limit", "bare parts")
    for row in rows:
        bare = "" if row.bare is None else f"{row.bare:.3g} {row.unit}"
        mark = "" if row.is_good else " ✗"
        table.add_row(row.name, f"{row.value:.3g} {row.unit}{mark}", f"{row.limit:g} {row.unit}", bare)
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
