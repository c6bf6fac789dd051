"""Operators that decide, count and repeat, run by the engine as a workflow would."""

from typing import Any

import pytest

import nodes.lists
import nodes.logic
import nodes.loops
import nodes.primitives
import nodes.strings
from graph.cache import MemoryCache
from graph.encoding import encode
from graph.errors import NodeError
from graph.events import Event, NodeStarted
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from nodes.loops import CARRIED, MOST_CARRIED, STARTED, LoopStart

REGISTRY = Registry.collect([nodes.lists, nodes.logic, nodes.loops, nodes.primitives, nodes.strings])


def digest(value: Any) -> bytes:
    return encode([value.count]) if isinstance(value, LoopStart) else encode(value)


class Bench:
    def __init__(self) -> None:
        self.engine = Engine(REGISTRY, MemoryCache(10_000_000), nbytes=lambda value: 8, digest=digest)
        self.events: list[Event] = []

    def run(self, *found: Node, outputs: tuple[str, ...] | None = None) -> RunResult:
        self.events.clear()
        workflow = Workflow.of(*found)
        assert validate(workflow, REGISTRY, outputs or (found[-1].id,)) == ()
        return self.engine.run(workflow, outputs=outputs or (found[-1].id,), emit=self.events.append)

    def value(self, *found: Node) -> Any:
        return self.run(*found).outputs[found[-1].id][0]


def maths(node_id: str, expression: str, **values: Any) -> Node:
    return Node(
        node_id, "ComfyMathExpression", {"expression": expression, **{f"values.{n}": v for n, v in values.items()}}
    )


@pytest.mark.parametrize(("switch", "expected", "ran"), [(True, "yes", "2"), (False, "no", "1")])
def test_a_switch_computes_one_branch(switch: bool, expected: str, ran: str) -> None:
    texts = (Node("1", "PrimitiveString", {"value": "no"}), Node("2", "PrimitiveString", {"value": "yes"}))
    chosen = Node("3", "ComfySwitchNode", {"switch": switch, "on_false": Link("1", 0), "on_true": Link("2", 0)})
    result = Bench().run(*texts, chosen)
    assert result.outputs["3"] == (expected,)
    assert set(result.ran) == {ran, "3"}


def test_and_or_not_take_any_values() -> None:
    bench = Bench()
    number = Node("n", "PrimitiveInt", {"value": 0})
    for node_type, expected in (("ComfyAndNode", False), ("ComfyOrNode", True)):
        assert (
            bench.value(number, Node("1", node_type, {"values.value0": Link("n", 0), "values.value1": "text"}))
            is expected
        )
    assert bench.value(number, Node("1", "ComfyNotNode", {"value": Link("n", 0)})) is True


@pytest.mark.parametrize(("comparison", "expected"), [("==", 0), ("!=", 1), ("<", 1), ("<=", 1), (">", 0), (">=", 0)])
def test_compare_compares(comparison: str, expected: int) -> None:
    assert nodes.logic.Compare(1, 2.5, comparison) is bool(expected)
    assert nodes.logic.Compare(1, 1.0, comparison) is (comparison in ("==", "<=", ">="))


def test_a_gate_stops_what_follows() -> None:
    shut = Node("2", "Gate", {"value": 1, "is_open": False, "message": "shut"})
    assert Bench().run(shut, Node("3", "PreviewAny", {"source": Link("2", 0)})).blocked == ("3",)


def test_expressions_take_inputs_by_their_letter_and_give_three_forms() -> None:
    numbers = (Node("n", "PrimitiveFloat", {"value": 2.5}), Node("m", "PrimitiveInt", {"value": 1}))
    computed = maths("1", "a * 2 + b", a=Link("n", 0), b=Link("m", 0))
    assert Bench().run(*numbers, computed).outputs["1"] == (6.0, 6, True)
    with pytest.raises(NodeError, match='ComfyMathExpression #1 failed: there is no input "c"'):
        Bench().run(*numbers, maths("1", "a + c", a=Link("n", 0)))


@pytest.mark.parametrize(
    ("value", "expected"), [(3, (3.0, 3)), (2.7, (2.7, 2)), ("1e3", (1000.0, 1000)), (True, (1.0, 1))]
)
def test_numbers_are_converted(value: Any, expected: tuple[float, int]) -> None:
    assert nodes.logic.ComfyNumberConvert(value) == expected


def test_no_number_is_told() -> None:
    with pytest.raises(ValueError, match='"many" is not a finite number'):
        nodes.logic.ComfyNumberConvert("many")


def test_lists_are_made_and_picked_from() -> None:
    bench = Bench()
    made = (Node("r", "ListRange", {"start": 10, "count": 3}), Node("n", "PrimitiveInt", {"value": 7}))
    joined = Node("l", "CreateList", {"inputs.input0": Link("r", 0), "inputs.input1": Link("n", 0)})
    assert bench.value(*made, joined) == [10, 11, 12, 7]
    assert bench.value(*made, joined, Node("p", "ListPick", {"values": Link("l", 0), "index": -1})) == [7]
    assert bench.value(*made, joined, Node("c", "ListLength", {"values": Link("l", 0)})) == 4
    with pytest.raises(NodeError, match="there is no item 4 in a list of 4"):
        bench.run(*made, joined, Node("p", "ListPick", {"values": Link("l", 0), "index": 4}))


UNUSED = (None,) * (MOST_CARRIED - 1)  # of the values that a loop may carry, all but the first


def for_loop(count: Any, body: str = "a + b") -> tuple[Node, ...]:
    return (
        Node("start", "ForLoopStart", {"count": count, "value": 1}),
        maths("body", body, a=Link("start", 2), b=Link("start", 1)),
        Node("end", "ForLoopEnd", {"loop": Link("start", 0), "value": Link("body", 1)}),
    )


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_for_loop_repeats_what_lies_inside(count: int) -> None:
    result = Bench().run(*for_loop(count))
    expected = [1 + sum(range(place + 1)) for place in range(count)]
    assert result.outputs["end"] == (expected[-1] if expected else 1, *UNUSED, expected)


def test_passes_that_ran_before_come_from_the_cache_and_are_shown_at_the_node_inside() -> None:
    bench = Bench()
    bench.run(*for_loop(3))
    started = [(event.node_id, event.origin) for event in bench.events if isinstance(event, NodeStarted)]
    assert ("end.1.body", ("end", "body")) in started
    again = bench.run(*for_loop(5))
    assert [node_id for node_id in again.ran if "body" in node_id] == ["end.3.body", "end.4.body"]
    assert set(bench.run(*for_loop(5)).ran) == {"end"}


def test_output_nodes_inside_of_a_loop_run_in_each_pass_and_nowhere_else() -> None:
    show = Node("show", "PreviewAny", {"source": Link("body", 1)})
    result = Bench().run(*for_loop(3), show, outputs=("end", "show"))
    assert dict(result.ui) == {"end": {"text": ["1", "2", "4"]}}
    assert "show" in result.blocked


def test_what_a_loop_reads_from_outside_runs_once() -> None:
    bench = Bench()
    outside = Node("o", "ListLength", {"values": 5})
    body = maths("body", "a + b", a=Link("start", 2), b=Link("o", 0))
    result = bench.run(outside, *(body if found.id == "body" else found for found in for_loop(4)))
    assert result.outputs["end"][0] == 5
    assert result.ran.count("o") == 1


@pytest.mark.parametrize("inner_value", [Link("start", 2), 1])
def test_loops_may_lie_inside_of_loops(inner_value: Any) -> None:
    nodes = (
        Node("start", "ForLoopStart", {"count": 3, "value": 1}),
        Node("start2", "ForLoopStart", {"count": 2, "value": inner_value}),
        maths("body", "a + b + 1", a=Link("start2", 2), b=Link("start", 1)),
        Node("end2", "ForLoopEnd", {"loop": Link("start2", 0), "value": Link("body", 1)}),
        Node("end", "ForLoopEnd", {"loop": Link("start", 0), "value": Link("end2", 0)}),
    )
    value = 1
    for index in range(3):
        inner = value if isinstance(inner_value, Link) else 1
        for _ in range(2):
            inner += index + 1
        value = inner
    assert Bench().run(*nodes).outputs["end"][0] == value


def while_loop(most_passes: int = 100, limit: int = 40) -> tuple[Node, ...]:
    return (
        Node("start", "WhileLoopStart", {"value": 1}),
        maths("double", "a * 2", a=Link("start", 2)),
        Node("small", "Compare", {"a": Link("double", 1), "b": limit, "comparison": "<"}),
        Node(
            "end",
            "WhileLoopEnd",
            {
                "loop": Link("start", 0),
                "condition": Link("small", 0),
                "value": Link("double", 1),
                "most_passes": most_passes,
            },
        ),
    )


def test_a_while_loop_goes_on_as_long_as_its_condition_holds() -> None:
    assert Bench().run(*while_loop()).outputs["end"] == (64, *UNUSED, [2, 4, 8, 16, 32, 64])


def test_a_while_loop_without_end_is_told() -> None:
    with pytest.raises(NodeError, match="WhileLoopEnd #end failed: the condition still holds after 7 passes"):
        Bench().run(*while_loop(7, limit=10**9))


def test_a_list_of_counts_gives_a_loop_for_each() -> None:
    counts = Node("counts", "ListRange", {"start": 1, "count": 3})
    assert Bench().run(counts, *for_loop(Link("counts", 0), "a * 2")).outputs["end"][0] == [2, 4, 8]


def test_a_failure_inside_names_the_node_and_the_end() -> None:
    with pytest.raises(NodeError, match=r"ComfyMathExpression #end\.0\.body, inside ForLoopEnd #end, failed"):
        Bench().run(*for_loop(2, "a / b"))


def test_a_loop_carries_many_values() -> None:
    """Value n becomes value n + 1, the last becomes the first: after as many passes all are where they were."""
    start = Node("start", "ForLoopStart", {"count": 3, **{name: place for place, name in enumerate(CARRIED)}})
    turned = {name: Link("start", STARTED.index(CARRIED[place - 1])) for place, name in enumerate(CARRIED)}
    end = Node("end", "ForLoopEnd", {"loop": Link("start", 0), **turned})
    expected = [(place - 3) % MOST_CARRIED for place in range(MOST_CARRIED)]
    assert Bench().run(start, end).outputs["end"] == (*expected, [9, 8, 7])


def listed_loop(count: int, start: Node, *inside: Node) -> tuple[Node, ...]:
    numbers = Node("numbers", "ListRange", {"start": 1, "count": 3})
    end = Node("end", "ForLoopEnd", {"loop": Link("start", 0), "value": Link(inside[-1].id, 1)})
    return numbers, start, *inside, end


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_stays_a_list_from_pass_to_pass(count: int) -> None:
    """In each pass the node inside runs once for each item; what reads the end does so too."""
    start = Node("start", "ForLoopStart", {"count": count, "value": Link("numbers", 0)})
    nodes = listed_loop(count, start, maths("body", "a * 2", a=Link("start", 2)))
    after = maths("after", "a + 1", a=Link("end", 0))
    result = Bench().run(*nodes, after, outputs=("end", "after"))
    value, *_, all_values = result.outputs["end"]
    assert value == [number * 2**count for number in (1, 2, 3)]
    assert result.outputs["after"][1] == [number + 1 for number in value]
    assert all_values == [number * 2**done for done in range(1, count + 1) for number in (1, 2, 3)]


def test_a_value_may_become_a_list_on_the_way() -> None:
    start = Node("start", "ForLoopStart", {"count": 2, "value": 1})
    nodes = listed_loop(2, start, maths("body", "a + b", a=Link("start", 2), b=Link("numbers", 0)))
    assert Bench().run(*nodes).outputs["end"][0] == [3, 5, 7]


def test_a_while_loop_over_a_list_goes_on_while_all_of_it_is_small() -> None:
    start = Node("start", "WhileLoopStart", {"value": Link("numbers", 0)})
    numbers = Node("numbers", "ListRange", {"start": 1, "count": 3})
    _, double, small, end = while_loop(limit=20)
    assert Bench().run(numbers, start, double, small, end).outputs["end"][0] == [8, 16, 24]


def test_a_while_loop_whose_condition_is_false_at_the_start_makes_no_pass() -> None:
    _, double, small, end = while_loop()
    start = Node("start", "WhileLoopStart", {"condition": False, "value": 1})
    result = Bench().run(start, double, small, end)
    assert result.outputs["end"] == (1, *UNUSED, [])
    assert "double" not in str(result.ran)


def test_what_a_loop_begins_with_is_computed_once_and_only_if_it_is_used() -> None:
    first = Node("first", "ListLength", {"values": 5})
    nodes = tuple(
        Node("start", "ForLoopStart", {"count": 3, "value": Link("first", 0)}) if found.id == "start" else found
        for found in for_loop(3)
    )
    assert Bench().run(first, *nodes).ran.count("first") == 1
