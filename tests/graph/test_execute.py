import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.cache import MemoryCache
from graph.encoding import encode
from graph.errors import Cancelled, GraphError, NodeError
from graph.events import Event, NodeCached, NodeFailed, NodeFinished, NodeStarted, RunFinished, RunStarted
from graph.execute import Engine, RunResult
from graph.plan import Plan, Survey
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.workflow import Link, Node, Workflow


class Log:
    """What nodes write down, lent to them as a resource."""

    def __init__(self) -> None:
        self.lines: list[str] = []


class Halves(NamedTuple):
    low: int
    high: int


@node(category="test")
def Number(value: int = 0) -> int:
    return value


@node(category="test")
def Sum(*values: int) -> int:
    return sum(values)


@node(category="test")
def Parity(value: int) -> int:
    return value % 2


@node(category="test")
def Halve(value: int) -> Halves:
    return Halves(value // 2, value - value // 2)


@node(category="test", pure=False)
def Count(run: Run) -> int:
    run.resource(Log).lines.append("count")
    return len(run.resource(Log).lines)


@node(category="test", pure=False)
def Constant(value: int = 7) -> int:
    return value


@node(category="test", output=True)
def Save(value: int, *, run: Run) -> None:
    run.show("texts", [str(value)])


@node(category="test")
def Steps(total: int, *, run: Run) -> int:
    for step in run.track(range(total)):
        run.resource(Log).lines.append(f"step {step}")
    return total


@node(category="test")
def Break(value: int) -> int:
    raise ValueError("the value does not please")


@node(category="test")
async def Wait(value: int) -> int:
    await asyncio.sleep(0)
    return value + 1


REGISTRY = Registry.of(Number, Sum, Parity, Halve, Count, Constant, Save, Steps, Break, Wait)


@dataclass
class Bench:
    """An engine, its log and all events."""

    budget: int = 100_000
    cuts_off: bool = True
    log: Log = field(default_factory=Log)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache = MemoryCache(self.budget)
        ticks = iter(range(10**9))
        self.engine = Engine(
            REGISTRY,
            self.cache,
            nbytes=lambda value: 8,
            digest=encode if self.cuts_off else None,
            resources={Log: self.log},
            clock=lambda: float(next(ticks)),
        )

    def run(self, workflow: Workflow, *outputs: str, **options: Any) -> RunResult:
        self.events.clear()
        return self.engine.run(workflow, outputs=outputs or None, emit=self.events.append, **options)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def total(node_id: str, *sources: str) -> Node:
    return Node(node_id, "Sum", {f"values{place}": Link(source, 0) for place, source in enumerate(sources)})


SAVED = Workflow.of(Node("1", "Number", {"value": 4}), total("2", "1", "1"), Node("3", "Save", {"value": Link("2", 0)}))


@st.composite
def dags(draw: st.DrawFn) -> Workflow:
    """Draw sums of sums of numbers, written in any order; node 0 is a number."""
    size = draw(st.integers(1, 12))
    nodes = []
    for place in range(size):
        sources = draw(st.lists(st.integers(0, place - 1), max_size=3)) if place else []
        number = Node(str(place), "Number", {"value": draw(st.integers(0, 3))})
        nodes.append(total(str(place), *map(str, sources)) if sources else number)
    return Workflow.of(*draw(st.permutations(nodes)))


def naive(workflow: Workflow, node_id: str) -> int:
    found = workflow.nodes[node_id]
    if found.type == "Number":
        return int(found.inputs["value"])
    return sum(naive(workflow, link.node_id) for _, link in found.links())


def cone(workflow: Workflow, node_id: str) -> Iterator[str]:
    """Yield a node and everything that it needs."""
    yield node_id
    for _, link in workflow.nodes[node_id].links():
        yield from cone(workflow, link.node_id)


@given(dags(), st.integers(0, 500))
def test_a_run_gives_what_plain_evaluation_gives_with_any_budget(workflow: Workflow, budget: int) -> None:
    bench = Bench(budget)
    for _ in range(2):
        result = bench.run(workflow, *workflow.nodes)
        assert result.outputs == {node_id: (naive(workflow, node_id),) for node_id in workflow.nodes}
        assert bench.cache.statistics().used_bytes <= budget
    assert not bench.cache._pins


@given(dags())
def test_after_a_change_of_one_leaf_exactly_what_depends_on_it_runs_again(workflow: Workflow) -> None:
    bench = Bench(cuts_off=False)
    bench.run(workflow, *workflow.nodes)
    changed = workflow.with_input("0", "value", 1_000)
    result = bench.run(changed, *workflow.nodes)
    depends = {node_id for node_id in workflow.nodes if "0" in cone(workflow, node_id)}
    plan = bench.engine.plan(changed, tuple(workflow.nodes))
    assert set(result.ran) <= depends  # equal nodes run once, so one may stand for another
    assert {plan.survey.first(node_id) for node_id in depends} == set(result.ran)
    assert result.outputs == {node_id: (naive(changed, node_id),) for node_id in workflow.nodes}


def test_nothing_runs_again_and_what_an_output_shows_is_told_again() -> None:
    bench = Bench()
    first = bench.run(SAVED)
    again = bench.run(SAVED)
    assert first.ran == ("1", "2", "3")
    assert again.ran == ()
    assert again.cached == ("1", "2", "3")
    assert again.ui == first.ui == {"3": {"texts": ["8"]}}
    assert bench.events[0] == RunStarted((), ("1", "2", "3"))
    assert NodeFinished("3", 0.0, {"texts": ["8"]}) in bench.events
    assert not bench.of(NodeStarted)


def test_a_run_tells_each_step_in_order() -> None:
    bench = Bench()
    bench.run(SAVED)
    kinds = [type(event) for event in bench.events]
    assert kinds == [RunStarted, *[NodeStarted, NodeFinished] * 3, RunFinished]
    assert bench.events[0] == RunStarted(("1", "2", "3"), ())
    assert bench.of(RunFinished)[0].status == "done"


def test_equal_nodes_run_once_even_without_a_cache() -> None:
    bench = Bench(budget=0)
    workflow = Workflow.of(Node("1", "Steps", {"total": 2}), Node("2", "Steps", {"total": 2}), total("3", "1", "2"))
    result = bench.run(workflow, "3", "2")
    assert result.outputs == {"3": (4,), "2": (2,)}
    assert bench.log.lines == ["step 0", "step 1"]
    assert bench.of(NodeCached) == [NodeCached("2")]


def test_an_impure_node_always_runs_and_carries_what_follows_along() -> None:
    bench = Bench()
    workflow = Workflow.of(Node("1", "Count"), total("2", "1"))
    assert [bench.run(workflow, "2").outputs["2"] for _ in range(3)] == [(1,), (2,), (3,)]


def test_unchanged_result_stops_recomputation() -> None:
    bench = Bench()
    workflow = Workflow.of(
        Node("1", "Number", {"value": 3}),
        Node("2", "Parity", {"value": Link("1", 0)}),
        total("3", "2"),
        Node("4", "Save", {"value": Link("3", 0)}),
    )
    bench.run(workflow)
    changed = workflow.with_input("1", "value", 5)
    assert bench.run(changed).ran == ("1", "2")
    assert bench.of(NodeFinished)[-1].ui == {"texts": ["1"]}
    assert bench.run(changed).ran == ()  # what was found by content is known by its new key too


def test_an_impure_node_that_gives_the_same_stops_recomputation() -> None:
    bench = Bench()
    workflow = Workflow.of(Node("1", "Constant"), total("2", "1", "1"), total("3", "2"))
    assert bench.run(workflow, "3").ran == ("1", "2", "3")
    assert bench.run(workflow, "3").ran == ("1",)


def test_a_failure_names_the_node_and_keeps_its_cause() -> None:
    bench = Bench()
    workflow = Workflow.of(Node("1", "Number"), Node("7", "Break", {"value": Link("1", 0)}))
    with pytest.raises(NodeError, match=r"^Break #7 failed: the value does not please$") as caught:
        bench.run(workflow, "7")
    assert isinstance(caught.value.__cause__, ValueError)
    assert (caught.value.node_id, caught.value.node_type) == ("7", "Break")
    assert caught.value.inputs == {"value": [0]}
    assert bench.events[-2:] == [NodeFailed("7", str(caught.value)), bench.of(RunFinished)[0]]
    assert bench.of(RunFinished)[0].status == "failed"
    assert bench.run(workflow, "1").ran == ()  # what was done before the failure is kept
    assert not bench.cache._pins


def test_cancel_ends_a_run_between_nodes() -> None:
    bench = Bench()
    with pytest.raises(Cancelled):
        bench.run(SAVED, cancelled=lambda: len(bench.of(NodeFinished)) == 1)
    assert bench.run(SAVED).ran == ("2", "3")


def test_named_outputs_can_be_linked_one_by_one() -> None:
    workflow = Workflow.of(Node("1", "Halve", {"value": 9}), Node("2", "Sum", {"values0": Link("1", 1)}))
    assert Bench().run(workflow, "1", "2").outputs == {"1": (4, 5), "2": (5,)}


def test_async_nodes_are_awaited_also_within_a_running_loop() -> None:
    workflow = Workflow.of(Node("1", "Wait", {"value": 1}), Node("2", "Wait", {"value": Link("1", 0)}))
    bench = Bench()
    assert bench.run(workflow, "2").outputs["2"] == (3,)

    async def within() -> RunResult:
        with pytest.raises(GraphError, match="run_async"):
            bench.engine.run(workflow, outputs=("2",))
        return await Bench().engine.run_async(workflow, outputs=("2",))

    assert asyncio.run(within()).outputs["2"] == (3,)


def test_a_long_chain_needs_no_recursion() -> None:
    nodes = [Node("0", "Number", {"value": 1}), *(total(str(i), str(i - 1)) for i in range(1, 3_000))]
    assert Bench().run(Workflow.of(*nodes), "2999").outputs["2999"] == (1,)


class Backwards:
    """A scheduler that turns independent nodes round."""

    def __init__(self) -> None:
        self.prepared: list[tuple[str, ...]] = []

    def arrange(self, survey: Survey, order: tuple[str, ...]) -> tuple[str, ...]:
        return (*reversed(order[:-1]), order[-1])

    def prepare(self, plan: Plan) -> None:
        self.prepared.append(plan.order)


def test_a_scheduler_orders_the_nodes_and_is_told_of_the_run() -> None:
    scheduler = Backwards()
    engine = Engine(Registry.of(Number, Sum), MemoryCache(10**6), nbytes=lambda value: 28, scheduler=scheduler)
    nodes = [Node(f"n{value}", "Number", {"value": value}) for value in range(3)]
    links = {f"values{index}": Link(node.id, 0) for index, node in enumerate(nodes)}
    result = engine.run(Workflow.of(*nodes, Node("sum", "Sum", links)), outputs=["sum"])
    assert result.ran == ("n2", "n1", "n0", "sum")
    assert scheduler.prepared == [result.ran]
    assert result.outputs["sum"] == (3,)
