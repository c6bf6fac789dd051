import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.cache import MemoryCache
from graph.errors import NodeError
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.spec import node
from graph.workflow import Link, Node, Workflow


@node(category="test")
def Numbers(count: int) -> list[int]:
    return list(range(count))


@node(category="test")
def Times(a: int, b: int = 10) -> int:
    return a * b


@node(category="test")
def Total(values: list[int], factor: int = 1) -> int:
    return sum(values) * factor


@node(category="test")
def Twice(value: int) -> list[int]:
    return [value, value]


@node(category="test")
def Split(value: int) -> tuple[int, str]:
    return value, str(value)


@node(category="test")
def NoList(value: int) -> list[int]:
    return value  # type: ignore[return-value]


REGISTRY = Registry.of(Numbers, Times, Total, Twice, Split, NoList)


def run(*nodes: Node) -> RunResult:
    engine = Engine(REGISTRY, MemoryCache(10_000), nbytes=lambda value: 8)
    return engine.run(Workflow.of(*nodes), outputs=(nodes[-1].id,))


def numbers(node_id: str, count: int) -> Node:
    return Node(node_id, "Numbers", {"count": count})


@given(st.integers(0, 5), st.integers(0, 5))
def test_shorter_lists_repeat_their_last_item(one: int, other: int) -> None:
    times = Node("3", "Times", {"a": Link("1", 0), "b": Link("2", 0)})
    expected = [min(i, one - 1) * min(i, other - 1) for i in range(max(one, other))] if one and other else []
    assert run(numbers("1", one), numbers("2", other), times).outputs["3"] == (expected,)


def test_a_literal_goes_to_each_item() -> None:
    assert run(numbers("1", 3), Node("2", "Times", {"a": Link("1", 0)})).outputs["2"] == ([0, 10, 20],)


def test_a_list_of_one_stays_a_list() -> None:
    assert run(numbers("1", 1), Node("2", "Times", {"a": Link("1", 0)})).outputs["2"] == ([0],)


def test_a_socket_that_wants_the_list_gets_it_whole() -> None:
    assert run(numbers("1", 4), Node("2", "Total", {"values": Link("1", 0)})).outputs["2"] == (6,)


def test_a_single_value_becomes_a_list_where_one_is_wanted() -> None:
    assert run(Node("1", "Times", {"a": 2}), Node("2", "Total", {"values": Link("1", 0)})).outputs["2"] == (20,)


def test_a_node_may_be_mapped_over_one_list_and_get_another_whole() -> None:
    total = Node("3", "Total", {"values": Link("1", 0), "factor": Link("2", 0)})
    assert run(numbers("1", 4), numbers("2", 3), total).outputs["3"] == ([0, 6, 12],)


def test_list_outputs_of_mapped_calls_are_joined_end_to_end() -> None:
    assert run(numbers("1", 3), Node("2", "Twice", {"value": Link("1", 0)})).outputs["2"] == ([0, 0, 1, 1, 2, 2],)


def test_each_output_of_a_mapped_node_is_a_list() -> None:
    assert run(numbers("1", 2), Node("2", "Split", {"value": Link("1", 0)})).outputs["2"] == ([0, 1], ["0", "1"])


def test_a_list_output_that_is_no_list_is_told() -> None:
    with pytest.raises(NodeError, match=r"NoList #1 failed: .* is a list, but the function returned int"):
        run(Node("1", "NoList", {"value": 1}))
