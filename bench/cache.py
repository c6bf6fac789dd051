"""How much an editing session computes again under a budget, against a cache without one: a simulation, no device.

    python bench/cache.py  # prints ratios with their limits; exit code 1 if one is missed

Somebody works on a picture: turns a knob, runs, goes back to what was better, turns another. The real engine runs each
edit with nodes that only move a clock. Seconds and bytes are of four pictures of 1024 x 1024 with a second pass at
1536 x 1536, as a consumer GPU takes for SDXL (table STAGES). The same sessions, by seed, under each strategy.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graph.cache import MemoryCache
from graph.execute import Engine
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.strategies import Balanced, Strategy
from graph.types import SocketType
from graph.workflow import Link, Node, Workflow

BUDGET_BYTES = 500 * 10**6
ENDLESS_BYTES = 10**15
EDITS = 300
SEEDS = range(10)
MOST_ABOVE_ENDLESS = 0.15  # what the usual strategy may compute beyond an endless cache
LEAST_OF_LRU = 0.40  # what an LRU cache of the same bytes computes beyond it; else the session proves nothing
GOES_BACK = 0.5  # how often an edit takes up an earlier state
MEMORY = 12  # among how many of the last states


class Stage(NamedTuple):
    """A node: what it reads, what it costs, how large its result is, how often its knob is turned."""

    reads: tuple[str, ...]
    seconds: float
    nbytes: int
    turned: float


LATENT, LATENT_2 = 4 * 4 * 128**2 * 4, 4 * 4 * 192**2 * 4
IMAGE, IMAGE_2 = 4 * 3 * 1024**2 * 4, 4 * 3 * 1536**2 * 4
STAGES = {
    "checkpoint": Stage((), 4.0, 64, 0.2),
    "picture": Stage((), 0.05, IMAGE // 4, 0.2),
    "depth": Stage(("picture",), 1.2, IMAGE // 12, 0.2),
    "positive": Stage(("checkpoint",), 0.15, 77 * 2048 * 4, 3.0),
    "negative": Stage(("checkpoint",), 0.15, 77 * 2048 * 4, 1.0),
    "empty": Stage((), 0.001, LATENT, 0.1),
    "control": Stage(("positive", "depth"), 0.001, 77 * 2048 * 4, 1.0),
    "sampled": Stage(("checkpoint", "control", "negative", "empty"), 22.0, LATENT, 4.0),
    "preview": Stage(("sampled", "checkpoint"), 1.6, IMAGE, 0.0),
    "enlarged": Stage(("sampled",), 0.01, LATENT_2, 0.2),
    "second": Stage(("checkpoint", "control", "negative", "enlarged"), 34.0, LATENT_2, 2.0),
    "decoded": Stage(("second", "checkpoint"), 4.0, IMAGE_2, 0.0),
    "sharp": Stage(("decoded",), 0.5, IMAGE_2, 1.5),
    "mask": Stage(("picture",), 0.05, 1536**2 * 4, 0.5),
    "graded": Stage(("sharp", "mask"), 0.4, IMAGE_2, 3.0),
    "grain": Stage(("graded",), 0.3, IMAGE_2, 1.5),
}
OUTPUTS = ("preview", "grain")


class Clock:
    """Seconds that nodes move."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


Made = Annotated[str, SocketType("MADE")]


@node(category="bench")
def Work(stage: str, setting: int, *parts: Made, run: Run) -> Made:
    """Take as long as the stage takes."""
    run.resource(Clock).seconds += STAGES[stage].seconds
    return stage


class Recent(Balanced):
    """Least recently used, bounded in bytes: what the strategies are compared with."""

    def rank(self, clock: float, seconds: float, nbytes: int, stamp: int) -> float:
        """Return when it was used."""
        return stamp


def session(seed: int) -> Iterator[Workflow]:
    """Yield the workflow after each edit."""
    numbers = random.Random(seed)
    names, weights = list(STAGES), [stage.turned for stage in STAGES.values()]
    states = [dict.fromkeys(STAGES, 0)]
    for edit in range(1, EDITS + 1):
        yield workflow_of(states[-1])
        if numbers.random() < GOES_BACK:
            states.append(numbers.choice(states[-MEMORY:]))
        else:
            (name,) = numbers.choices(names, weights)
            states.append({**states[-1], name: edit})


def workflow_of(settings: dict[str, int]) -> Workflow:
    """Return the workflow with its knobs set."""
    return Workflow.of(
        *(
            Node(
                name,
                "Work",
                {
                    "stage": name,
                    "setting": settings[name],
                    **{f"parts{index}": Link(source, 0) for index, source in enumerate(stage.reads)},
                },
            )
            for name, stage in STAGES.items()
        )
    )


def seconds_of(strategy: Strategy, seed: int) -> float:
    """Return what a session computes."""
    clock = Clock()
    engine = Engine(
        Registry.of(Work),
        MemoryCache(strategy=strategy),
        nbytes=lambda stage: STAGES[stage].nbytes,
        resources={Clock: clock},
        clock=clock,
    )
    for workflow in session(seed):
        engine.run(workflow, outputs=OUTPUTS)
    return clock.seconds


def main() -> int:
    """Simulate, print, judge."""
    sums: dict[str, float] = {}
    strategies: dict[str, Callable[[], Strategy]] = {
        "endless": lambda: Balanced(ENDLESS_BYTES),
        "balanced": lambda: Balanced(BUDGET_BYTES),
        "LRU": lambda: Recent(BUDGET_BYTES),
    }
    for name, make in strategies.items():
        sums[name] = sum(seconds_of(make(), seed) for seed in SEEDS) / len(SEEDS)
    balanced, lru = (sums[name] / sums["endless"] - 1 for name in ("balanced", "LRU"))
    table = Table("cache", "computed in a session", "beyond endless", "limit")
    table.add_row("endless", f"{sums['endless']:,.0f} s", "", "")
    table.add_row(
        f"balanced, {BUDGET_BYTES // 10**6} MB",
        f"{sums['balanced']:,.0f} s",
        f"{balanced:.1%}",
        f"at most {MOST_ABOVE_ENDLESS:.0%}",
    )
    table.add_row(f"LRU, {BUDGET_BYTES // 10**6} MB", f"{sums['LRU']:,.0f} s", f"{lru:.1%}", f"over {LEAST_OF_LRU:.0%}")
    console = Console()
    console.print(table)
    console.print(f"{len(SEEDS)} sessions of {EDITS} edits, {GOES_BACK:.0%} of them back to an earlier state")
    return int(not (balanced <= MOST_ABOVE_ENDLESS and lru > LEAST_OF_LRU))


if __name__ == "__main__":
    raise SystemExit(main())
