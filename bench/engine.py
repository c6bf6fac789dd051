"""What the engine costs beyond the nodes: cold run, cached rerun and keys of long chains and of a wide sum.

    python bench/engine.py  # prints the table; exit code 1 if a number is above its limit

Each number is the fastest of several runs, so that other work on the machine weighs little; runs are added until all
are within their limits, or there were enough. The floor is the same functions called in a bare loop.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graph.cache import MemoryCache
from graph.execute import Engine
from graph.plan import make_survey
from graph.registry import Registry
from graph.spec import node
from graph.workflow import Link, Node, Workflow

LIMIT_US = 60.0  # a node, cold
GROWTH_LIMIT = 1.5  # cost of a node in the longest chain over the same in the shortest; 25 if it were quadratic
LENGTHS = (200, 1_000, 5_000)
WIDTH = 500
LEAST_RUNS = 3
MOST_RUNS = 12
RECURSION_LIMIT = 120  # frames; a chain of 5,000 nodes must not need more
NBYTES = 28  # an int


@node(category="bench")
def Start(value: int = 0) -> int:
    """Give a number."""
    return value


@node(category="bench")
def Next(value: int, step: int = 1) -> int:
    """Add to a number."""
    return value + step


@node(category="bench")
def Sum(*values: int) -> int:
    """Add up all numbers."""
    return sum(values)


@dataclass(frozen=True)
class Case:
    """A workflow, its last node, and the same work without the engine."""

    name: str
    workflow: Workflow
    last: str
    bare: Callable[[], int]

    @property
    def size(self) -> int:
        """Nodes in the workflow."""
        return len(self.workflow.nodes)


@dataclass(frozen=True)
class Costs:
    """Fastest times in microseconds a node."""

    case: Case
    cold_us: float
    cached_us: float
    keys_us: float
    floor_us: float


def chain(length: int) -> Case:
    """Return a chain: each node adds one to the node before it."""
    nodes = [Node("0", "Start")] + [Node(str(i), "Next", {"value": Link(str(i - 1), 0)}) for i in range(1, length)]

    def bare() -> int:
        value = Start(0)
        for _ in range(length - 1):
            value = Next(value)
        return value

    return Case(f"chain of {length:,}", Workflow.of(*nodes), str(length - 1), bare)


def wide(width: int) -> Case:
    """Return a fan: many different numbers, one sum."""
    nodes = [Node(str(i), "Start", {"value": i}) for i in range(width)]
    total = Node("sum", "Sum", {f"values{i}": Link(str(i), 0) for i in range(width)})

    def bare() -> int:
        return Sum(*[Start(i) for i in range(width)])

    return Case(f"sum of {width:,}", Workflow.of(*nodes, total), "sum", bare)


def digest(value: object) -> bytes:
    """Return a digest, so that early cut-off is on, as in the application."""
    return hashlib.blake2b(repr(value).encode(), digest_size=16).digest()


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_once(case: Case, registry: Registry) -> Costs:
    """Run cold and cached, make the keys, run the bare loop."""
    engine = Engine(registry, MemoryCache(budget_bytes=2**30), nbytes=lambda value: NBYTES, digest=digest)
    outputs = (case.last,)
    expected = case.bare()

    def run() -> None:
        assert engine.run(case.workflow, outputs=outputs).outputs[case.last] == (expected,)

    cold_s, cached_s = seconds(run), seconds(run)
    keys_s = seconds(lambda: make_survey(case.workflow, registry, outputs))
    return Costs(case, *(taken / case.size * 1e6 for taken in (cold_s, cached_s, keys_s, seconds(case.bare))))


def fastest(one: Costs, other: Costs) -> Costs:
    """Return the smaller of each number."""
    return Costs(
        one.case,
        min(one.cold_us, other.cold_us),
        min(one.cached_us, other.cached_us),
        min(one.keys_us, other.keys_us),
        min(one.floor_us, other.floor_us),
    )


def growth(results: list[Costs]) -> float:
    """Return how much dearer a node is in the longest chain than in the shortest."""
    return results[len(LENGTHS) - 1].cold_us / results[0].cold_us


def is_within(results: list[Costs]) -> bool:
    """Return whether every limit is kept."""
    return all(result.cold_us <= LIMIT_US for result in results) and growth(results) <= GROWTH_LIMIT


def needs_no_recursion(case: Case, registry: Registry) -> bool:
    """Run a case with hardly any stack."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(RECURSION_LIMIT)
    try:
        measure_once(case, registry)
    except RecursionError:
        return False
    finally:
        sys.setrecursionlimit(usual)
    return True


def measure(cases: list[Case], registry: Registry) -> list[Costs]:
    """Measure all cases in turn, several times; keep the fastest."""
    results = [measure_once(case, registry) for case in cases]
    for run in range(1, MOST_RUNS):
        if run >= LEAST_RUNS and is_within(results):
            break
        results = [fastest(result, measure_once(result.case, registry)) for result in results]
    return results


def main() -> int:
    """Measure, print, judge."""
    registry = Registry.of(Start, Next, Sum)
    cases = [*map(chain, LENGTHS), wide(WIDTH)]
    results = measure(cases, registry)
    is_flat = needs_no_recursion(cases[len(LENGTHS) - 1], registry)
    table = Table(
        "workflow", "cold run", "limit", "cached rerun", "order and keys", "floor (bare calls)", title="µs a node"
    )
    for result in results:
        cold, cached, keys = result.cold_us, result.cached_us, result.keys_us
        table.add_row(
            result.case.name, f"{cold:.1f}", f"{LIMIT_US:g}", f"{cached:.1f}", f"{keys:.1f}", f"{result.floor_us:.2f}"
        )
    console = Console()
    console.print(table)
    console.print(f"longest chain over shortest, a node: {growth(results):.2f} (limit {GROWTH_LIMIT:g})")
    console.print(f"{cases[len(LENGTHS) - 1].name} in {RECURSION_LIMIT} frames: {'yes' if is_flat else 'NO'}")
    return int(not (is_within(results) and is_flat))


if __name__ == "__main__":
    raise SystemExit(main())
