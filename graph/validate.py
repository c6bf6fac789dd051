"""Validate a workflow: every reason why it cannot run, at once, in reading order.

    validate(workflow, registry)[0].message  # "KSampler #7, steps: 0 is not in 1..10000."

As in ComfyUI, only what an output needs is checked; a node of an unknown type is reported wherever it stands.
Linear in the size of the workflow, without recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache

import networkx as nx

from graph.choices import Names
from graph.errors import Problem
from graph.inputs import TypesOf, node_problems
from graph.registry import Registry
from graph.spec import NodeSpec
from graph.types import ANY, SocketType
from graph.workflow import Link, Node, Workflow

MOST_SHOWN = 12  # nodes of a circle that a sentence names


def validate(
    workflow: Workflow, registry: Registry, outputs: Iterable[str] | None = None, names: Names | None = None
) -> tuple[Problem, ...]:
    """Return all problems. `outputs` limits the check to what these nodes need; `names` lists files by kind."""
    wanted = output_ids(workflow, registry) if outputs is None else tuple(outputs)
    needed, circles, order = _needed_in_order(workflow, wanted)
    types_of = _types(workflow, registry, order)
    listed = None if names is None else cache(names)
    near_misses = cache(registry.near_misses)
    specs = specs_of(workflow, registry)
    problems: list[Problem] = []
    for node in workflow.nodes.values():
        spec = specs[node.type]
        if spec is None:
            problems.append(_unknown_type(node, near_misses(node.type)))
        elif node.id in needed:
            problems += node_problems(node, spec, workflow, types_of, listed)
        if node.id in circles:
            problems.append(_circle_problem(workflow, circles[node.id]))
    return (*problems, *_output_problems(workflow, registry, wanted))


def output_ids(workflow: Workflow, registry: Registry) -> tuple[str, ...]:
    """Return the ids of the nodes that run even if nothing reads them, in reading order."""
    specs = specs_of(workflow, registry)
    outputs = {name for name, spec in specs.items() if spec is not None and spec.is_output}
    return tuple([node.id for node in workflow.nodes.values() if node.type in outputs])


def specs_of(workflow: Workflow, registry: Registry) -> Mapping[str, NodeSpec | None]:
    """Return the types that a workflow uses by name, None for unknown ones: there are few for many nodes."""
    return {name: registry.find(name) for name in {node.type for node in workflow.nodes.values()}}


def _needed_in_order(
    workflow: Workflow, outputs: Sequence[str]
) -> tuple[Set[str], Mapping[str, Sequence[str]], Sequence[str]]:
    """Return the ids of the nodes that the outputs need, the circles among them, and an order (_circles_and_order)."""
    written = _needed_as_written(workflow, outputs)
    if written is not None:
        return written.keys(), {}, list(written)
    needed = reachable(workflow, outputs)
    return needed, *_circles_and_order(workflow, needed)


def _needed_as_written(workflow: Workflow, outputs: Sequence[str]) -> dict[str, None] | None:
    """Return the ids of the nodes that the outputs need, in the order in which they were written.

    None unless each stands behind all that it needs, as in most documents: one way back through them finds what is
    needed and that the order is right (2.0 ms in place of 3.5 for 5,000 nodes, 2026-11).
    """
    nodes = workflow.nodes
    needed = {node_id for node_id in outputs if node_id in nodes}
    passed: dict[str, None] = {}
    for node in reversed(tuple(nodes.values())):
        if node.id in needed:
            passed[node.id] = None
            for _, link in node.links():
                if link.node_id in passed:
                    return None
                needed.add(link.node_id)
    if len(needed) > len(passed) and any(node_id in nodes for node_id in needed.difference(passed)):
        return None  # one was passed before it was known to be needed
    return dict.fromkeys(reversed(passed))


def reachable(workflow: Workflow, outputs: Iterable[str]) -> frozenset[str]:
    """Return the ids of the nodes that the outputs need, themselves too; links to nowhere are passed over."""
    nodes = workflow.nodes
    waiting = [node_id for node_id in outputs if node_id in nodes]
    found = set(waiting)
    while waiting:
        for _, link in nodes[waiting.pop()].links():
            source = link.node_id
            if source not in found and source in nodes:
                found.add(source)
                waiting.append(source)
    return frozenset(found)


def _circles_and_order(workflow: Workflow, needed: frozenset[str]) -> tuple[Mapping[str, Sequence[str]], Sequence[str]]:
    """Return one circle for each knot of nodes that wait for each other, by its first node, and all nodes in an order.

    What a node needs comes before it. Only what is left over by the sort can be in a knot; networkx finds them there
    (Tarjan's algorithm), which on all nodes took a third of a whole check (5,000 nodes, 2026-11).
    """
    order = _sorted(workflow, needed)
    rest = needed.difference(order)
    if not rest:
        return {}, order
    graph = nx.DiGraph()
    graph.add_nodes_from(node_id for node_id in workflow.nodes if node_id in rest)
    for node_id in list(graph):
        links = (link for _, link in workflow.nodes[node_id].links() if link.node_id in rest)
        graph.add_edges_from((node_id, link.node_id) for link in links)
    position = {node_id: index for index, node_id in enumerate(graph)}
    circles: dict[str, Sequence[str]] = {}
    for knot in nx.strongly_connected_components(graph):
        order.extend(knot)
        first = min(knot, key=position.__getitem__)
        if len(knot) > 1 or graph.has_edge(first, first):
            edges = nx.find_cycle(graph.subgraph(knot), first)
            circles[first] = [source for source, _ in edges]
    return circles, order


def _sorted(workflow: Workflow, needed: frozenset[str]) -> list[str]:
    """Return the nodes in an order in which none comes before what it needs, without those in or behind a circle."""
    readers: dict[str, list[str]] = {}
    missing: dict[str, int] = {}
    order: list[str] = []
    for node_id in needed:
        sources = [link.node_id for _, link in workflow.nodes[node_id].links() if link.node_id in needed]
        if sources:
            missing[node_id] = len(sources)
            for source in sources:
                readers.setdefault(source, []).append(node_id)
        else:
            order.append(node_id)
    for node_id in order:  # it grows
        for reader in readers.get(node_id, ()):
            missing[reader] -= 1
            if not missing[reader]:
                order.append(reader)
    return order


def _types(workflow: Workflow, registry: Registry, order: Sequence[str]) -> TypesOf:
    """Return the types of every node's outputs, type variables replaced by what arrives at their inputs."""
    types: dict[str, tuple[SocketType, ...]] = {}
    specs = specs_of(workflow, registry)
    for node_id in order:
        node = workflow.nodes[node_id]
        spec = specs[node.type]
        if spec is not None and not spec.has_variable_outputs:
            types[node_id] = spec.output_types
        elif spec is not None:
            bound = _bound(node, spec, types)
            types[node_id] = tuple(bound.get(output.type, _or_any(output.type)) for output in spec.outputs)
    return types


def _bound(node: Node, spec: NodeSpec, types: TypesOf) -> dict[SocketType, SocketType]:
    """Return what each type variable of a node stands for: the type of the first link that arrives at it."""
    bound: dict[SocketType, SocketType] = {}
    spec = spec.for_inputs(node.inputs)
    for name, link in node.links():
        socket = spec.input(name)
        given = _type_at(types, link)
        if socket is not None and socket.type.variable and given is not None:
            bound.setdefault(socket.type, given)
    return bound


def _type_at(types: TypesOf, link: Link) -> SocketType | None:
    known = types.get(link.node_id, ())
    return known[link.output] if 0 <= link.output < len(known) else None


def _or_any(socket_type: SocketType) -> SocketType:
    return ANY if socket_type.variable else socket_type


def _unknown_type(node: Node, near_misses: tuple[str, ...]) -> Problem:
    advice = f'; did you mean "{near_misses[0]}"?' if near_misses else ". Is a node pack missing?"
    message = f'{node.label}: there is no node type "{node.type}"{advice}'
    details = {"node_id": node.id, "class_type": node.type, "nearest": near_misses}
    return Problem("missing_node_type", message, node.id, None, details)


def _circle_problem(workflow: Workflow, circle: Sequence[str]) -> Problem:
    """Return the problem with the way of the data: from a node to the one that reads it, and on to the first again."""
    way = [circle[0], *reversed(circle)]
    shown = [workflow.nodes[node_id].label for node_id in way]
    if len(shown) > MOST_SHOWN:
        shown[MOST_SHOWN // 2 : -MOST_SHOWN // 2] = [f"({len(shown) - MOST_SHOWN} more)"]
    labels = " → ".join(shown)
    message = f"{workflow.nodes[circle[0]].label}: the links go round in a circle: {labels}; remove one of them."
    return Problem("dependency_cycle", message, circle[0], None, {"cycle_nodes": tuple(way[:-1])})


def _output_problems(workflow: Workflow, registry: Registry, wanted: Sequence[str]) -> tuple[Problem, ...]:
    strange = [node_id for node_id in wanted if node_id not in workflow.nodes]
    if strange:
        sentences = (f"Output #{node_id}: the workflow has no such node." for node_id in strange)
        return tuple(Problem("prompt_no_outputs", sentence) for sentence in sentences)
    if wanted or any(registry.find(node.type) is None for node in workflow.nodes.values()):
        return ()
    advice = "add SaveImage or PreviewImage, for example" if workflow.nodes else "it is empty"
    return (Problem("prompt_no_outputs", f"The workflow has no output node, so nothing would run; {advice}."),)
