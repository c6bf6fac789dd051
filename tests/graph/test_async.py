"""Async nodes run side by side, plain ones one at a time and in order."""

import asyncio
from typing import Any

import pytest

from graph.cache import MemoryCache
from graph.errors import Cancelled, NodeError
from graph.events import Event, NodeFinished, NodeStarted, Progress, RunFinished
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.workflow import Link, Node, Workflow


class Meeting:
    """Lets those who come wait until there are enough of them; counts who is there and who was sent away."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.came = 0
        self.sent_away = 0
        self.order: list[int] = []
        self._is_full = asyncio.Event()

    async def join(self) -> None:
        self.came += 1
        if self.came == self.size:
            self._is_full.set()
        try:
            await self._is_full.wait()
        except asyncio.CancelledError:
            self.sent_away += 1
            raise


@node(category="test")
async def Meet(value: int, *, run: Run) -> int:
    run.progress(1, 2)
    await run.resource(Meeting).join()
    run.progress(2, 2)
    return value


@node(category="test")
async def Turns(value: int) -> int:
    for _ in range(value):
        await asyncio.sleep(0)
    return value


@node(category="test", pure=False)
def Plain(value: int, *, run: Run) -> int:
    run.resource(Meeting).order.append(value)
    return value


@node(category="test")
async def Fail(value: int) -> int:
    await asyncio.sleep(0)
    raise ValueError(f"no {value}, please")


@node(category="test")
def Numbers(count: int) -> list[int]:
    return list(range(count))


@node(category="test")
def Sum(*values: int) -> int:
    return sum(values)


@node(category="test", output=True)
def Show(value: int, *, run: Run) -> None:
    run.show("texts", [str(value)])


@node(category="test")
async def Interrupt(value: int) -> int:
    await asyncio.sleep(0)
    raise KeyboardInterrupt


REGISTRY = Registry.of(Meet, Turns, Plain, Fail, Numbers, Sum, Show, Interrupt)


class Bench:
    def __init__(self, size: int = 0) -> None:
        self.meeting = Meeting(size)
        cache, lent = MemoryCache(1_000_000), {Meeting: self.meeting}
        self.engine = Engine(REGISTRY, cache, nbytes=lambda value: 8, resources=lent)
        self.events: list[Event] = []

    def run(self, *nodes: Node, outputs: tuple[str, ...] | None = None, **options: Any) -> RunResult:
        self.events.clear()
        return self.engine.run(Workflow.of(*nodes), outputs=outputs, emit=self.events.append, **options)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def total(node_id: str, *sources: str) -> Node:
    return Node(node_id, "Sum", {f"values{place}": Link(source, 0) for place, source in enumerate(sources)})


def test_independent_async_nodes_are_in_flight_together() -> None:
    bench = Bench(3)  # a meeting of three: one alone would wait for ever
    nodes = [Node(str(place), "Meet", {"value": place}) for place in range(3)]
    result = bench.run(*nodes, total("sum", "0", "1", "2"), outputs=("sum",))
    assert result.outputs["sum"] == (3,)
    assert result.ran == ("0", "1", "2", "sum")
    assert [type(event) for event in bench.events[1:7]] == [NodeStarted, Progress] * 3
    assert all((event.value, event.total) in {(1, 2), (2, 2)} for event in bench.of(Progress))


def test_calls_for_the_items_of_a_list_are_in_flight_together() -> None:
    bench = Bench(4)
    result = bench.run(Node("1", "Numbers", {"count": 4}), Node("2", "Meet", {"value": Link("1", 0)}), outputs=("2",))
    assert result.outputs["2"] == ([0, 1, 2, 3],)


def test_results_stand_in_the_workflows_order_whatever_ends_first() -> None:
    bench = Bench()
    nodes = [Node(str(place), "Turns", {"value": 40 - 10 * place}) for place in range(4)]
    shows = [Node(f"show{place}", "Show", {"value": Link(str(place), 0)}) for place in range(4)]
    result = bench.run(*nodes, *shows)
    assert result.ran == ("0", "1", "2", "3", "show0", "show1", "show2", "show3")
    assert list(result.ui) == ["show0", "show1", "show2", "show3"]
    assert [event.node_id for event in bench.of(NodeFinished)][:2] == ["3", "show3"]


def test_plain_nodes_run_in_order_while_async_ones_wait() -> None:
    bench = Bench(2)
    nodes = [
        Node("0", "Meet", {"value": 0}),
        *(Node(f"plain{place}", "Plain", {"value": place}) for place in range(3)),
        Node("1", "Meet", {"value": 1}),
        Node("last", "Plain", {"value": Link("0", 0)}),
    ]
    bench.run(*nodes, outputs=tuple(found.id for found in nodes))
    assert bench.meeting.order == [0, 1, 2, 0]


def test_an_async_node_that_needs_nothing_begins_before_plain_work() -> None:
    bench = Bench()
    bench.run(Node("1", "Plain", {"value": 1}), Node("2", "Turns", {"value": 1}), outputs=("1", "2"))
    assert [event.node_id for event in bench.of(NodeStarted)] == ["2", "1"]


def test_an_error_cancels_the_others_and_the_first_in_the_workflow_counts() -> None:
    bench = Bench(9)
    nodes = [Node("0", "Meet", {"value": 0}), *(Node(str(n), "Fail", {"value": n}) for n in (1, 2)), total("3", "0")]
    with pytest.raises(NodeError, match="Fail #1 failed: no 1, please"):
        bench.run(*nodes, outputs=("1", "2", "3"))
    assert bench.meeting.sent_away == 1
    assert bench.of(RunFinished)[0].status == "failed"


def test_one_failing_call_of_a_list_ends_the_others() -> None:
    bench = Bench()
    with pytest.raises(NodeError, match="Fail #2 failed: no 0, please"):
        bench.run(Node("1", "Numbers", {"count": 4}), Node("2", "Fail", {"value": Link("1", 0)}), outputs=("2",))


def test_cancel_ends_a_run_that_waits() -> None:
    bench = Bench(2)
    with pytest.raises(Cancelled):
        bench.run(Node("1", "Meet", {"value": 1}), outputs=("1",), cancelled=lambda: bench.meeting.came == 1)
    assert bench.meeting.sent_away == 1
    assert bench.of(RunFinished)[0].status == "cancelled"


def test_ctrl_c_in_an_async_node_ends_the_run() -> None:
    bench = Bench(2)
    with pytest.raises(KeyboardInterrupt):
        bench.run(Node("1", "Interrupt", {"value": 1}), Node("2", "Meet", {"value": 2}), outputs=("1", "2"))
    assert bench.meeting.sent_away == 1
    assert bench.of(RunFinished)[0].status == "cancelled"


def test_long_chains_of_async_nodes_need_no_recursion() -> None:
    nodes = [
        Node("0", "Turns", {"value": 1}),
        *(Node(str(n), "Turns", {"value": Link(str(n - 1), 0)}) for n in range(1, 2_000)),
    ]
    assert Bench().run(*nodes, outputs=("1999",)).outputs["1999"] == (1,)
    with pytest.raises(NodeError):
        Bench().run(
            Node("x", "Fail", {"value": 1}), *nodes[1:], Node("0", "Turns", {"value": Link("x", 0)}), outputs=("1999",)
        )
