"""What nodes keep between runs."""

from graph.cache import MemoryCache
from graph.dynamic import Expand
from graph.execute import Engine
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.workflow import Link, Node, Workflow


@node(category="test", pure=False)
def Count(*, run: Run) -> int:
    run.state["count"] = run.state.get("count", 0) + 1
    return int(run.state["count"])


@node(category="test", pure=False)
def Other(*, run: Run) -> int:
    return len(run.state)


@node(category="test", pure=False)
def Inside() -> int | Expand:
    return Expand(Workflow.of(Node("x", "Count")), (Link("x", 0),))


def counts(engine: Engine, *nodes: Node) -> list[int]:
    outputs = engine.run(Workflow.of(*nodes), outputs=[found.id for found in nodes]).outputs
    return [values[0] for values in outputs.values()]


def engine() -> Engine:
    return Engine(Registry.of(Count, Other, Inside), MemoryCache(1_000), nbytes=lambda value: 8)


def test_all_states_can_be_forgotten() -> None:
    kept = engine()
    assert counts(kept, Node("1", "Count"), Node("2", "Count")) == [1, 1]
    kept.states.clear()
    assert counts(kept, Node("1", "Count"), Node("2", "Count")) == [1, 1]


def test_each_node_has_a_state_of_its_own() -> None:
    kept = engine()
    assert counts(kept, Node("1", "Count"), Node("2", "Count")) == [1, 1]
    assert counts(kept, Node("2", "Count"), Node("3", "Count")) == [2, 1]
    assert counts(engine(), Node("1", "Count")) == [1]


def test_a_state_ends_with_its_node_or_its_type() -> None:
    kept = engine()
    for nodes in ((Node("2", "Other"),), (Node("1", "Other"),)):
        counts(kept, Node("1", "Count"))
        counts(kept, *nodes)
        assert counts(kept, Node("1", "Count")) == [1]
        counts(kept, Node("2", "Other"))


def test_a_node_that_another_expands_into_keeps_its_state_as_well() -> None:
    kept = engine()
    assert [counts(kept, Node("1", "Inside")) for _ in range(3)] == [[1], [2], [3]]
