"""What the memory scheduler saves, simulated: bytes brought to a device of 8 GB, against what is usual.

    python bench/memory.py  # prints ratios with limits; exit code 1 if one is missed

The baseline takes nodes in the written order and drops whole networks, the least recently used first. Workflows are drawn
from fixed seeds: two to five checkpoints of usual sizes (float16), each of which fits alone, jobs written in any order.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graph.horizon import Use
from graph.memory import Block, total_bytes
from graph.order import memory_order
from graph.simulate import explain, whole_networks

MB, GB = 10**6, 10**9
BUDGET = 8 * GB
WORKFLOWS = 300
RATIO_LIMIT = 0.75  # bytes moved over those of the baseline, all workflows together
ONCE_LIMIT = 1.0  # bytes moved over the bytes of both checkpoints, where both fit
ORDER_LIMIT_US = 60.0  # a node; what a whole cold run may cost (bench/engine.py)


@dataclass(frozen=True)
class Sizes:
    """A kind of checkpoint: bytes of its networks, and of the work in a step and in decoding."""

    name: str
    text_mb: int
    backbone_mb: int
    vae_mb: int
    step_mb: int
    decode_mb: int


KINDS = (
    Sizes("SD1.5", 246, 1719, 167, 400, 900),
    Sizes("SDXL", 1639, 5135, 167, 900, 1800),
    Sizes("small SDXL", 1639, 2680, 167, 900, 1800),
    Sizes("fp8 transformer", 2500, 4800, 168, 1100, 1800),
)


@dataclass
class Drawn:
    """A workflow as the scheduler sees it: nodes in the written order, what each needs and uses."""

    order: list[str] = field(default_factory=list)
    before: dict[str, list[str]] = field(default_factory=dict)
    uses: dict[str, Use] = field(default_factory=dict)

    def add(self, name: str, before: Sequence[str], blocks: tuple[Block, ...] = (), workspace: int = 0) -> str:
        """Write another node."""
        self.order.append(name)
        self.before[name] = list(before)
        if blocks:
            self.uses[name] = Use(name, blocks, workspace)
        return name

    def along(self, order: Sequence[str]) -> list[Use]:
        """Return the uses in an order of the nodes."""
        return [self.uses[node_id] for node_id in order if node_id in self.uses]


@cache
def network(name: str, size_mb: int, parts: int) -> tuple[Block, ...]:
    """Return a network of equal blocks."""
    return tuple(Block(f"{name}/{index}", size_mb * MB // parts) for index in range(parts))


def add_job(drawn: Drawn, number: int, checkpoint: str, kind: Sizes, prompts: int, upscales: bool) -> None:
    """Write a picture: prompts, sampler, decoder, and perhaps a second sampler after going through pixels."""
    text = network(f"{checkpoint}/text", kind.text_mb, 12)
    backbone = network(f"{checkpoint}/backbone", kind.backbone_mb, 16)
    vae = network(f"{checkpoint}/vae", kind.vae_mb, 4)
    encoded = [drawn.add(f"{number}/text{index}", [checkpoint], text, 50 * MB) for index in range(prompts)]
    last = drawn.add(f"{number}/sample", encoded, backbone, kind.step_mb * MB)
    if upscales:
        last = drawn.add(f"{number}/decode-small", [last], vae, kind.decode_mb * MB)
        last = drawn.add(f"{number}/encode", [last], vae, kind.decode_mb * MB)
        last = drawn.add(f"{number}/sample-large", [last], backbone, kind.step_mb * MB)
    last = drawn.add(f"{number}/decode", [last], vae, kind.decode_mb * MB)
    drawn.add(f"{number}/save", [last])


def random_workflow(seed: int) -> Drawn:
    """Draw checkpoints and jobs on them."""
    rng = random.Random(seed)
    drawn = Drawn()
    checkpoints = {drawn.add(f"checkpoint{index}", []): rng.choice(KINDS) for index in range(rng.randint(2, 5))}
    for number in range(rng.randint(2, 12)):
        checkpoint = rng.choice(list(checkpoints))
        add_job(drawn, number, checkpoint, checkpoints[checkpoint], rng.randint(1, 2), rng.random() < 0.3)
    return drawn


def alternating(kind: Sizes, prompts: int = 8) -> Drawn:
    """Write eight prompts, in turn for one and the other checkpoint."""
    drawn = Drawn()
    names = [drawn.add(f"checkpoint{index}", []) for index in range(2)]
    for number in range(prompts):
        add_job(drawn, number, names[number % 2], kind, 2, upscales=False)
    return drawn


@dataclass(frozen=True)
class Compared:
    """Bytes moved by the scheduler, by its evictions alone in the written order, and by the baseline."""

    moved: int
    written_order: int
    baseline: int
    peak: int
    order_us: float


def compare(drawn: Drawn, budget: int) -> Compared:
    """Simulate a workflow in three ways."""
    start = time.perf_counter()
    order = memory_order(drawn.order, drawn.before, drawn.uses, budget)
    order_us = (time.perf_counter() - start) / len(order) * 1e6
    ours, written = explain(drawn.along(order), budget), explain(drawn.along(drawn.order), budget)
    baseline = whole_networks(drawn.along(drawn.order), budget)
    return Compared(ours.moved_bytes, written.moved_bytes, baseline, max(ours.peak_bytes, written.peak_bytes), order_us)


def once(budgets: Mapping[str, int]) -> list[tuple[str, float]]:
    """Return, for each budget, the bytes moved over the bytes that there are, two SD1.5 checkpoints in turn."""
    drawn = alternating(KINDS[0])
    everything = total_bytes({block for use in drawn.uses.values() for block in use.blocks})
    return [(name, compare(drawn, budget).moved / everything) for name, budget in budgets.items()]


def main() -> int:
    """Simulate, print, judge."""
    console = Console()
    results = [compare(random_workflow(seed), BUDGET) for seed in range(WORKFLOWS)]
    baseline = sum(result.baseline for result in results)
    ratio = sum(result.moved for result in results) / baseline
    written = sum(result.written_order for result in results) / baseline
    peak = max(result.peak for result in results)
    order_us = sorted(result.order_us for result in results)[WORKFLOWS // 2]
    both = once({"both fit (8 GB)": BUDGET, "one fits (3 GB)": 3 * GB})
    table = Table("what", "measured", "limit", title=f"{WORKFLOWS} random workflows, {BUDGET / GB:g} GB")
    table.add_row("bytes moved / baseline", f"{ratio:.3f}", f"{RATIO_LIMIT:g}")
    table.add_row("  of it by eviction alone, written order", f"{written:.3f}", "")
    table.add_row("highest use of the budget", f"{peak / BUDGET:.3f}", "1")
    table.add_row("ordering, µs a node (median)", f"{order_us:.1f}", f"{ORDER_LIMIT_US:g}")
    for name, value in both:
        table.add_row(
            f"2 checkpoints, 8 prompts in turn, {name}: bytes moved / bytes", f"{value:.3f}", f"{ONCE_LIMIT:g}"
        )
    console.print(table)
    is_good = ratio <= RATIO_LIMIT and peak <= BUDGET and order_us <= ORDER_LIMIT_US
    return int(not (is_good and all(value <= ONCE_LIMIT for _, value in both)))


if __name__ == "__main__":
    raise SystemExit(main())
