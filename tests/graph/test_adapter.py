"""Types that are no annotated functions: what runs and checks them gets all inputs as one mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from graph.cache import MemoryCache
from graph.describe import describe
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.run import Run
from graph.spec import NodeSpec, Output, Socket, node
from graph.spec_document import read_registry, write_registry
from graph.types import ANY, INT, Lazy
from graph.validate import validate
from graph.widgets import Range
from graph.workflow import Link, Node, Workflow


@dataclass(frozen=True)
class Adapted:
    """Adds its numbers; what it says of nodes is given."""

    work: Callable[[Mapping[str, Any], Run], Any] = lambda values, run: sum(values.values())
    seen: Callable[[Node, Mapping[str, Any]], Any] = lambda node, inputs: None
    wrong: Callable[[Node, Mapping[str, str]], Mapping[str, str]] | None = None

    @property
    def has_checks(self) -> bool:
        return self.wrong is not None

    def __call__(self, values: Mapping[str, Any], run: Run) -> Any:
        return self.work(values, run)

    def fingerprint(self, node: Node, inputs: Mapping[str, Any]) -> Any:
        return self.seen(node, inputs)

    def faults(self, node: Node, types: Mapping[str, str]) -> Mapping[str, str]:
        return {} if self.wrong is None else self.wrong(node, types)


def spec_of(adapter: Adapted, *sockets: Socket, outputs: int = 1, **more: Any) -> NodeSpec:
    results = (Output("INT", INT),) * outputs
    return NodeSpec("Sum", adapter, sockets or (A, B), results, adapter=adapter, takes_run=True, **more)


A = Socket("a", INT, Range(number=int))
B = Socket("b", INT, Range(number=int), is_optional=True)
MORE = Socket("**", ANY, is_optional=True, is_growing=True, takes_any_name=True, takes_literals=True)


@node(category="test")
def Number(value: int) -> int:
    return value


@node(category="test")
def Numbers(count: int) -> list[int]:
    return list(range(count))


class Bench:
    """An engine that is kept, so that a second run meets the first one's results."""

    def __init__(self, spec: NodeSpec, *others: Any) -> None:
        self.registry = Registry.of(spec, Number, Numbers, *others)
        self.engine = Engine(self.registry, MemoryCache(10_000), nbytes=lambda value: 8)

    def run(self, *nodes: Node, outputs: tuple[str, ...] = ("s",)) -> RunResult:
        return self.engine.run(Workflow.of(*nodes), outputs=outputs)


def total(**inputs: Any) -> Node:
    return Node("s", "Sum", inputs)


def test_inputs_come_as_one_mapping_whatever_their_names() -> None:
    bench = Bench(spec_of(Adapted(), A, B, Socket("run", INT, Range(number=int), is_optional=True), MORE))
    assert bench.run(total(a=1, run="20", self=300, values=4000)).outputs["s"] == (4321,)


def test_a_fingerprint_joins_the_key_and_sees_links_as_links() -> None:
    seen: list[Mapping[str, Any]] = []
    outside = [1]

    def look(node: Node, inputs: Mapping[str, Any]) -> int:
        seen.append(inputs)
        return outside[0]

    bench = Bench(spec_of(Adapted(seen=look)))
    nodes = (Node("n", "Number", {"value": 5}), total(a=2, b=Link("n", 0)))
    assert bench.run(*nodes).ran == ("n", "s")
    assert bench.run(*nodes).ran == ()
    assert seen[0] == {"a": 2, "b": Link("n", 0)}
    outside[0] = 2
    assert bench.run(*nodes).ran == ("s",)


def test_a_node_that_cannot_be_told_runs_every_time() -> None:
    def look(node: Node, inputs: Mapping[str, Any]) -> int:
        raise ValueError("it changed, perhaps")

    bench = Bench(spec_of(Adapted(seen=look)))
    assert [bench.run(total(a=1)).ran for _ in range(2)] == [("s",), ("s",)]


def test_equal_nodes_share_a_result_unless_their_ids_count() -> None:
    def ran(spec: NodeSpec) -> tuple[str, ...]:
        twins = (Node("s", "Sum", {"a": 1}), Node("t", "Sum", {"a": 1}))
        return Bench(spec).run(*twins, outputs=("s", "t")).ran

    assert ran(spec_of(Adapted())) == ("s",)
    assert ran(spec_of(Adapted(), counts_id=True)) == ("s", "t")


def test_what_is_wrong_is_told_by_input_with_the_types_that_arrive() -> None:
    def check(node: Node, types: Mapping[str, str]) -> Mapping[str, str]:
        return {"b": f"{node.inputs['a']} and {types['b']} do not go together", "": "it is wrong as a whole"}

    registry = Registry.of(spec_of(Adapted(wrong=check)), Number)
    workflow = Workflow.of(Node("n", "Number", {"value": 5}), total(a=2, b=Link("n", 0)))
    problems = validate(workflow, registry, ["s"])
    assert [problem.input for problem in problems] == ["b", None]
    assert [str(problem) for problem in problems] == [
        "Sum #s, b: 2 and INT do not go together.",
        "Sum #s: it is wrong as a whole.",
    ]
    (travelled,) = [spec for spec in read_registry(write_registry(registry)) if spec.name == "Sum"]
    assert travelled.has_validator
    assert validate(workflow, Registry.of(travelled, Number), ["s"]) == ()


def test_any_literal_is_good_where_it_is_said() -> None:
    wanted = Socket("a", INT)
    with_literals = Socket("a", INT, takes_literals=True)
    for socket, kinds in ((wanted, ["invalid_input_type"]), (with_literals, [])):
        workflow = Workflow.of(total(a={"points": [1, 2]}))
        assert [each.kind for each in validate(workflow, Registry.of(spec_of(Adapted(), socket)), ["s"])] == kinds


def test_a_reference_is_the_link_itself_and_what_is_behind_it_ran() -> None:
    got: list[Any] = []
    adapter = Adapted(work=lambda values, run: got.append(values["a"]) or 1)
    bench = Bench(spec_of(adapter, Socket("a", INT, is_reference=True)))
    assert bench.run(Node("n", "Number", {"value": 5}), total(a=Link("n", 0))).ran == ("n", "s")
    assert bench.run(Node("m", "Number", {"value": 5}), total(a=Link("m", 0))).ran == ("s",)
    assert got == [Link("n", 0), Link("m", 0)]


def test_growing_inputs_may_be_promises() -> None:
    async def first(values: Mapping[str, Any], run: Run) -> int:
        found: int = await values["x1"]
        return found

    @node(category="test")
    def Loud() -> int:
        raise AssertionError("nobody asked")

    more = Socket("**", ANY, is_optional=True, is_lazy=True, is_growing=True, takes_any_name=True)
    bench = Bench(spec_of(Adapted(work=first), more, is_async=True), Loud)
    nodes = (Node("n", "Number", {"value": 5}), Node("l", "Loud"), total(x1=Link("n", 0), x2=Link("l", 0)))
    assert bench.run(*nodes).outputs["s"] == (5,)


def test_calls_for_a_list_know_their_row() -> None:
    adapter = Adapted(work=lambda values, run: 10 * run.row + values["a"])
    bench = Bench(spec_of(adapter))
    assert bench.run(Node("n", "Numbers", {"count": 3}), total(a=Link("n", 0))).outputs["s"] == ([0, 11, 22],)


def test_a_promise_of_a_whole_list_gives_the_list() -> None:
    @node(category="test")
    async def Length(numbers: Lazy[list[int]]) -> int:
        return len(await numbers)

    bench = Bench(spec_of(Adapted()), Length)
    nodes = (Node("n", "Numbers", {"count": 3}), Node("l", "Length", {"numbers": Link("n", 0)}))
    assert bench.run(*nodes, outputs=("l",)).outputs["l"] == (3,)


def test_a_type_may_describe_itself_here_and_elsewhere() -> None:
    files = ["a"]
    spec = spec_of(Adapted(), describer=lambda: {"input": {"file": (list(files),)}}, is_described_anew=True)
    assert describe(spec, name="Other") == {"input": {"file": (["a"],)}, "name": "Other"}
    files.append("b")
    (travelled,) = read_registry(write_registry(Registry.of(spec)))
    assert travelled.is_described_anew
    assert describe(travelled) == {"input": {"file": [["a", "b"]]}, "name": "Sum"}


@pytest.mark.parametrize("is_durable", [True, False])
def test_results_may_be_for_this_process_only(is_durable: bool) -> None:
    class Watched(MemoryCache):
        def put(self, *args: Any, **more: Any) -> bool:
            kept.append(more["is_durable"])
            return super().put(*args, **more)

    kept: list[bool] = []
    spec = spec_of(Adapted(), is_durable=is_durable)
    engine = Engine(Registry.of(spec), Watched(10_000), nbytes=lambda value: 8)
    engine.run(Workflow.of(total(a=1)), outputs=["s"])
    assert kept == [is_durable]


def test_nodes_know_where_others_came_from() -> None:
    from graph.dynamic import Expand

    found: list[Any] = []

    @node(category="test")
    def Outer() -> int | Expand:
        return Expand(Workflow.of(Node("in", "Sum", {"a": 1})), (Link("in", 0),))

    adapter = Adapted(work=lambda values, run: found.append(dict(run.origins)) or 1)
    bench = Bench(spec_of(adapter), Outer)
    bench.run(Node("o", "Outer"), outputs=("o",))
    assert {inner: origin.parent for inner, origin in found[0].items()} == {"o.0.in": "o"}
