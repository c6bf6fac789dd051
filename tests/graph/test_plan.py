import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import GraphError
from graph.plan import Plan, make_plan
from graph.registry import Registry
from graph.spec import node
from graph.types import Lazy
from graph.workflow import Link, Node, Workflow


@node(category="test")
def Number(value: int = 0) -> int:
    return value


@node(category="test")
def Sum(*values: int) -> int:
    return sum(values)


@node(category="test", output=True)
def Show(value: int) -> None:
    pass


@node(category="test")
async def Switch(on: bool, yes: Lazy[int], no: Lazy[int]) -> int:
    return await (yes if on else no)


REGISTRY = Registry.of(Number, Sum, Show, Switch)


def plan(workflow: Workflow, *cached: str, outputs: tuple[str, ...] | None = None) -> Plan:
    """Plan with the results of some nodes in the cache."""
    nothing = make_plan(workflow, REGISTRY, outputs, cached=lambda key: False)
    kept = {nothing.keys[node_id] for node_id in cached}
    return make_plan(workflow, REGISTRY, outputs, cached=kept.__contains__)


def total(node_id: str, *sources: str) -> Node:
    return Node(node_id, "Sum", {f"values{place}": Link(source, 0) for place, source in enumerate(sources)})


DIAMOND = Workflow.of(
    Node("out", "Show", {"value": Link("join", 0)}),  # written before what it needs
    Node("a", "Number", {"value": 1}),
    total("c", "a"),
    total("b", "a", "a"),
    total("join", "b", "c"),
    Node("aside", "Number", {"value": 9}),
)


def test_ties_go_by_the_written_order_and_what_no_output_needs_is_left_out() -> None:
    assert plan(DIAMOND).order == ("a", "c", "b", "join", "out")


def test_only_what_the_asked_nodes_need_is_planned() -> None:
    assert plan(DIAMOND, outputs=("b",)).order == ("a", "b")
    assert plan(DIAMOND, outputs=("aside", "a")).order == ("a", "aside")


def test_a_cached_node_needs_nothing_before_it() -> None:
    found = plan(DIAMOND, "b", "c")
    assert found.order == ("join", "out")
    assert set(found.used) == {"b", "c"}
    assert found.cached == ("c", "b")


def test_kept_results_are_told_even_where_nothing_reads_them() -> None:
    found = plan(DIAMOND, "a", "out")
    assert found.order == ()
    assert found.used == ("out",)
    assert found.cached == ("a", "out")


def test_equal_nodes_are_planned_once() -> None:
    workflow = Workflow.of(
        Node("1", "Number", {"value": 5}),
        Node("2", "Number", {"value": 5}),
        total("3", "1"),
        total("4", "2"),
        total("5", "3", "4"),
    )
    found = plan(workflow, outputs=("5",))
    assert found.order == ("1", "3", "5")
    assert found.survey.twins == {"2": "1", "4": "3"}
    assert found.expected.readers == {"1": 1, "3": 2, "5": 1}


def test_lazy_inputs_are_not_planned_but_surveyed() -> None:
    workflow = Workflow.of(
        Node("1", "Number", {"value": 1}),
        Node("2", "Number", {"value": 2}),
        Node("3", "Switch", {"on": True, "yes": Link("1", 0), "no": Link("2", 0)}),
    )
    found = plan(workflow, outputs=("3",))
    assert found.order == ("3",)
    assert found.survey.order == ("1", "2", "3")


def test_a_circle_is_told_with_its_nodes() -> None:
    workflow = Workflow.of(
        total("1", "2"), total("2", "3"), total("3", "1"), Node("4", "Show", {"value": Link("1", 0)})
    )
    with pytest.raises(GraphError, match=r"circle: .*Sum #1.*; remove one"):
        plan(workflow)


def test_unknown_types_nodes_and_links_are_told() -> None:
    with pytest.raises(GraphError, match='Nunber #1: there is no node type "Nunber"'):
        plan(Workflow.of(Node("1", "Nunber")))
    with pytest.raises(GraphError, match="Output #7"):
        plan(DIAMOND, outputs=("7",))
    with pytest.raises(GraphError, match="Sum #1: a link comes from node #x"):
        plan(Workflow.of(total("1", "x")), outputs=("1",))
    with pytest.raises(GraphError, match="Sum #2: a link asks for output 3 of Number #1, which has 1;"):
        plan(Workflow.of(Node("1", "Number"), Node("2", "Sum", {"values0": Link("1", 3)})), outputs=("2",))
    with pytest.raises(GraphError, match="Show #1, value: the input is missing"):
        plan(Workflow.of(Node("1", "Show")))
    with pytest.raises(GraphError, match="Number #1, value: "):
        plan(Workflow.of(Node("1", "Number", {"value": "many"})), outputs=("1",))


@st.composite
def dags(draw: st.DrawFn) -> Workflow:
    """Draw sums of sums of numbers, written in any order."""
    size = draw(st.integers(1, 12))
    nodes = []
    for place in range(size):
        sources = draw(st.lists(st.integers(0, place - 1), max_size=3)) if place else []
        number = Node(str(place), "Number", {"value": draw(st.integers(0, 2))})
        nodes.append(total(str(place), *map(str, sources)) if sources else number)
    return Workflow.of(*draw(st.permutations(nodes)))


@given(dags(), st.sets(st.integers(0, 11)), st.data())
def test_a_plan_is_an_order_in_which_everything_is_there_when_it_is_read(
    workflow: Workflow, kept: set[int], data: st.DataObject
) -> None:
    target = data.draw(st.sampled_from(sorted(workflow.nodes)))
    everything = make_plan(workflow, REGISTRY, (target,), cached=lambda key: False)
    keys = {everything.keys[str(number)] for number in kept if str(number) in everything.keys}
    found = make_plan(workflow, REGISTRY, (target,), cached=keys.__contains__)
    there = set(found.used)
    for node_id in found.order:
        assert found.keys[node_id] not in keys
        for link in found.survey.bound[node_id].links:
            assert found.survey.first(link.node_id) in there
        there.add(node_id)
    assert found.survey.first(target) in there
    read = {found.survey.first(link.node_id) for ran in found.order for link in found.survey.bound[ran].links}
    assert set(found.order) <= read | {found.survey.first(target)}


@given(dags(), st.data())
def test_keys_depend_neither_on_ids_nor_on_the_order_of_writing(workflow: Workflow, data: st.DataObject) -> None:
    ids = list(workflow.nodes)
    names = dict(zip(ids, data.draw(st.permutations([f"n{place}" for place in range(len(ids))])), strict=True))
    renamed = [
        Node(
            names[found.id],
            found.type,
            {name: Link(names[v.node_id], v.output) if isinstance(v, Link) else v for name, v in found.inputs.items()},
        )
        for found in data.draw(st.permutations(list(workflow.nodes.values())))
    ]
    keys = plan(workflow, outputs=tuple(ids)).keys
    others = plan(Workflow.of(*renamed), outputs=tuple(names.values())).keys
    assert {names[node_id]: key for node_id, key in keys.items()} == others
