"""What a node may ask of a run: progress, cancel, resources, other nodes."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from graph.cache import MemoryCache
from graph.encoding import encode
from graph.errors import Cancelled, NodeError
from graph.events import Event, NodeFailed, Progress, RunFinished
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.workflow import Node, Workflow


class Log:
    """What nodes write down, lent to them as a resource."""

    def __init__(self) -> None:
        self.lines: list[str] = []


class Halves(NamedTuple):
    low: int
    high: int


@node(category="test")
def Sum(*values: int) -> int:
    return sum(values)


@node(category="test")
def Halve(value: int) -> Halves:
    return Halves(value // 2, value - value // 2)


@node(category="test", output=True)
def Save(value: int, *, run: Run) -> None:
    run.show("texts", [str(value)])


@node(category="test")
def Steps(total: int, *, run: Run) -> int:
    for step in run.track(range(total)):
        run.resource(Log).lines.append(f"step {step}")
    return total


@node(category="test")
async def Loop(value: int, times: int, *, run: Run) -> int:
    for _ in run.track(range(times)):
        value = await run.call(Sum, values0=value, values1=value)
    return value


@node(category="test")
async def Inner(value: int, *, run: Run) -> int:
    halves = await run.call(Halve, value=value)
    await run.call(Save, value=halves.high)
    return int(halves.high)


REGISTRY = Registry.of(Sum, Halve, Save, Steps, Loop, Inner)


@dataclass
class Bench:
    """An engine, its log and all events."""

    log: Log = field(default_factory=Log)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache = MemoryCache(100_000)
        self.engine = Engine(REGISTRY, self.cache, nbytes=lambda value: 8, digest=encode, resources={Log: self.log})

    def run(self, workflow: Workflow, *outputs: str, **options: Any) -> RunResult:
        self.events.clear()
        return self.engine.run(workflow, outputs=outputs, emit=self.events.append, **options)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def test_cancel_ends_a_node_at_its_next_step() -> None:
    bench = Bench()
    with pytest.raises(Cancelled):
        bench.run(Workflow.of(Node("1", "Steps", {"total": 10})), "1", cancelled=lambda: len(bench.log.lines) == 3)
    assert len(bench.log.lines) == 3
    assert bench.of(Progress)[-1] == Progress("1", 3, 10)
    assert bench.of(RunFinished)[0].status == "cancelled"
    assert not bench.of(NodeFailed)


def test_ctrl_c_in_a_node_ends_the_run() -> None:
    def interrupt(event: Event) -> None:
        events.append(event)
        if isinstance(event, Progress):
            raise KeyboardInterrupt

    events: list[Event] = []
    with pytest.raises(KeyboardInterrupt):
        Bench().engine.run(Workflow.of(Node("1", "Steps", {"total": 2})), outputs=("1",), emit=interrupt)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].status == "cancelled"


def test_a_loop_of_calls_goes_through_the_cache() -> None:
    bench = Bench()
    loop = Workflow.of(Node("1", "Loop", {"value": 1, "times": 3}))
    assert bench.run(loop, "1").outputs["1"] == (8,)
    assert [event.value for event in bench.of(Progress)] == [1, 2, 3]
    hits = bench.cache.statistics().hits
    assert bench.run(loop.with_input("1", "times", 4), "1").outputs["1"] == (16,)
    assert bench.cache.statistics().hits == hits + 3


def test_a_called_node_returns_what_it_would_return_and_shows_by_its_caller() -> None:
    bench = Bench()
    for value in (9, 10):  # 9 // 2 and 10 // 2 have the same higher half: the second Save comes from the cache
        result = bench.run(Workflow.of(Node("1", "Inner", {"value": value})), "1")
        assert result.outputs["1"] == (5,)
        assert result.ui == {"1": {"texts": ["5"]}}


def test_a_resource_that_the_host_lacks_is_named() -> None:
    engine = Engine(REGISTRY, MemoryCache(0), nbytes=lambda value: 0)
    with pytest.raises(NodeError, match="the host of this run has no Log"):
        engine.run(Workflow.of(Node("1", "Steps", {"total": 1})), outputs=("1",))
