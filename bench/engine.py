"""What the engine costs beyond the nodes: chains of 200 to 20,000 nodes and a wide sum; cold, cached, one leaf changed.

    python bench/engine.py  # prints the table; exit code 1 if a number is above its limit

Each number is the fastest of several runs, so that other work on the machine weighs little; runs are added until all
are within their limits, or there were enough. The floor is the same functions called in a bare loop. Memory is what a
cold run adds at its peak, by tracemalloc, in a run of its own.
"""

from __future__ import annotations

import gc
import hashlib
import sys
import time
import tracemalloc
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
CACHED_LIMIT_US = 15.0  # a node, with everything in the cache
CHANGED_LIMIT = 1.5  # a rerun after a change over what its path costs cold and the rest costs cached
GROWTH_LIMIT = 1.5  # time or memory of a node in the longest chain over the same in the shortest; 100 if quadratic
LENGTHS = (200, 1_000, 5_000, 20_000)
LONGEST_LIMITED = 5_000  # longer ones fall out of the processor's caches; they must grow linearly
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
    """A workflow, its last node, the same work without the engine; a change, the nodes that it
    lets run again, and how many these are with what they read."""

    name: str
    workflow: Workflow
    last: str
    bare: Callable[[], int]
    changed: Workflow
    again: int
    path: int

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
    changed_us: float
    keys_us: float
    floor_us: float

    @property
    def expected_us(self) -> float:
        """What a rerun after the change should cost: its path cold, everything else cached."""
        path = self.case.path / self.case.size
        return path * self.cold_us + (1 - path) * self.cached_us


def chain(length: int) -> Case:
    """Return a chain: each node adds one to the node before it."""
    nodes = [Node("0", "Start")] + [Node(str(i), "Next", {"value": Link(str(i - 1), 0)}) for i in range(1, length)]

    def bare() -> int:
        value = Start(0)
        for _ in range(length - 1):
            value = Next(value)
        return value

    workflow = Workflow.of(*nodes)
    middle = str(length - length // 10)
    return Case(
        f"chain of {length:,}",
        workflow,
        str(length - 1),
        bare,
        workflow.with_input(middle, "step", 2 * length),
        length // 10,
        length // 10 + 1,
    )


def wide(width: int) -> Case:
    """Return a fan: many different numbers, one sum."""
    nodes = [Node(str(i), "Start", {"value": i}) for i in range(width)]
    total = Node("sum", "Sum", {f"values{i}": Link(str(i), 0) for i in range(width)})

    def bare() -> int:
        return Sum(*[Start(i) for i in range(width)])

    workflow = Workflow.of(*nodes, total)
    return Case(f"sum of {width:,}", workflow, "sum", bare, workflow.with_input("0", "value", width), 2, width + 1)


def digest(value: object) -> bytes:
    """Return a digest, so that early cut-off is on, as in the application."""
    return hashlib.blake2b(repr(value).encode(), digest_size=16).digest()


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes on the processor, whatever else the machine does."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure_once(case: Case, registry: Registry) -> Costs:
    """Run cold and cached, make the keys, run the bare loop."""
    engine = Engine(registry, MemoryCache(budget_bytes=2**30), nbytes=lambda value: NBYTES, digest=digest)
    outputs = (case.last,)
    expected = case.bare()

    def run() -> None:
        assert engine.run(case.workflow, outputs=outputs).outputs[case.last] == (expected,)

    def run_changed() -> None:
        assert len(engine.run(case.changed, outputs=outputs).ran) == case.again

    gc.collect()
    cold_s, cached_s, changed_s = seconds(run), seconds(run), seconds(run_changed)
    keys_s = seconds(lambda: make_survey(case.workflow, registry, outputs))
    floor_s = seconds(case.bare)
    return Costs(case, *(taken / case.size * 1e6 for taken in (cold_s, cached_s, changed_s, keys_s, floor_s)))


def peak_bytes(case: Case, registry: Registry) -> float:
    """Return what a cold run adds to memory at its peak, a node."""
    engine = Engine(registry, MemoryCache(budget_bytes=2**30), nbytes=lambda value: NBYTES, digest=digest)
    tracemalloc.start()
    try:
        engine.run(case.workflow, outputs=(case.last,))
        return tracemalloc.get_traced_memory()[1] / case.size
    finally:
        tracemalloc.stop()


def fastest(one: Costs, other: Costs) -> Costs:
    """Return the smaller of each number."""
    return Costs(
        one.case,
        min(one.cold_us, other.cold_us),
        min(one.cached_us, other.cached_us),
        min(one.changed_us, other.changed_us),
        min(one.keys_us, other.keys_us),
        min(one.floor_us, other.floor_us),
    )


def growths(results: list[Costs]) -> tuple[float, float]:
    """Return how much dearer a node is in the longest chain than in the shortest: cold, and cached."""
    shortest, longest = results[0], results[len(LENGTHS) - 1]
    return longest.cold_us / shortest.cold_us, longest.cached_us / shortest.cached_us


def is_cheap(costs: Costs) -> bool:
    """Return whether a case keeps its limits."""
    is_quick = costs.cold_us <= LIMIT_US and costs.cached_us <= CACHED_LIMIT_US
    is_limited = len(costs.case.workflow.nodes) <= LONGEST_LIMITED + 1
    return (is_quick or not is_limited) and costs.changed_us <= CHANGED_LIMIT * costs.expected_us


def is_within(results: list[Costs]) -> bool:
    """Return whether every limit of time is kept."""
    return all(map(is_cheap, results)) and max(growths(results)) <= GROWTH_LIMIT


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


def table_of(results: list[Costs]) -> Table:
    """Return the numbers with their limits."""
    titles = (
        "workflow",
        f"cold (≤ {LIMIT_US:g})",
        f"cached (≤ {CACHED_LIMIT_US:g})",
        "one changed",
        "order and keys",
        "floor",
    )
    table = Table(*titles, title="µs a node")
    for costs in results:
        changed = f"{costs.changed_us:.1f} (≤ {CHANGED_LIMIT * costs.expected_us:.1f})"
        numbers = (f"{number:.1f}" for number in (costs.cold_us, costs.cached_us))
        table.add_row(costs.case.name, *numbers, changed, f"{costs.keys_us:.1f}", f"{costs.floor_us:.2f}")
    return table


def main() -> int:
    """Measure, print, judge."""
    registry = Registry.of(Start, Next, Sum)
    cases = [*map(chain, LENGTHS), wide(WIDTH)]
    results = measure(cases, registry)
    is_flat = needs_no_recursion(cases[LENGTHS.index(5_000)], registry)
    sizes = [peak_bytes(cases[0], registry), peak_bytes(cases[len(LENGTHS) - 1], registry)]
    console = Console(width=120)
    console.print(table_of(results))
    cold, cached = growths(results)
    bytes_growth = sizes[1] / sizes[0]
    ratios = f"cold {cold:.2f}, cached {cached:.2f}, memory {bytes_growth:.2f} ({sizes[1]:.0f} bytes)"
    console.print(f"longest chain over shortest, a node: {ratios}; limit {GROWTH_LIMIT:g}")
    console.print(f"chain of 5,000 in {RECURSION_LIMIT} frames: {'yes' if is_flat else 'NO'}")
    return int(not (is_within(results) and is_flat and bytes_growth <= GROWTH_LIMIT))


if __name__ == "__main__":
    raise SystemExit(main())
