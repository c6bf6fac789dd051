"""Plan a run: which nodes must run, in which order, and which results are there already.

    plan = make_plan(workflow, registry, cached=lambda key: key in cache)
    plan.order   # ("7", "8", "9"): KSampler and what follows
    plan.cached  # ("4", "5", "6")

A survey (all nodes behind the outputs, in order, with keys) is made once; a demand (what of it must run) again whenever
a node asks for a lazy input. networkx sorts and finds cycles: 8 µs a node (2 cores, 5,000 nodes, 2026-11), an eighth
of what a cold run may cost. Ties go by the written order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import networkx as nx

from graph.binding import Bound, bind
from graph.errors import GraphError
from graph.keys import FileDigest, Key, node_key
from graph.spec import NodeSpec
from graph.workflow import Link, Node, Workflow

KeyTest = Callable[[Key], bool]
Arrange = Callable[["Survey", tuple[str, ...]], tuple[str, ...]]
"""Puts the nodes that must run into a better order; none comes before what it needs."""


class Specs(Protocol):
    """Where node types are found: graph.registry.Registry."""

    def find(self, name: str) -> NodeSpec | None:
        """Return the type of that name or alias; None if there is none."""
        ...


@dataclass(frozen=True)
class Survey:
    """Everything behind some nodes. Nodes with equal keys are one: `twins` leads from the others to the first."""

    targets: tuple[str, ...]
    order: tuple[str, ...]
    bound: Mapping[str, Bound]
    keys: Mapping[str, Key | None]
    twins: Mapping[str, str]

    def first(self, node_id: str) -> str:
        """Return the node that runs in this node's place; mostly itself."""
        return self.twins.get(node_id, node_id)


@dataclass(frozen=True)
class Demand:
    """What must run for some nodes, in order, and the results at hand that it reads."""

    order: tuple[str, ...]
    used: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What a run does. `cached` are all nodes whose results are kept, `used` those that will be read."""

    survey: Survey
    order: tuple[str, ...]
    cached: tuple[str, ...]
    used: tuple[str, ...]
    readers: Mapping[str, int]  # how often a result is read: by links of nodes that run, and as a target

    @property
    def keys(self) -> Mapping[str, Key | None]:
        """Key of each node; None where nothing may be reused."""
        return self.survey.keys


class Scheduler(Protocol):
    """Whoever moves weights between memories: runtime.scheduling.MemoryScheduler."""

    def arrange(self, survey: Survey, order: tuple[str, ...]) -> tuple[str, ...]:
        """Return the order that moves the least."""
        ...

    def prepare(self, plan: Plan) -> None:
        """Be told what is going to run."""
        ...


def make_plan(
    workflow: Workflow,
    registry: Specs,
    outputs: Iterable[str] | None = None,
    *,
    cached: KeyTest,
    file_digest: FileDigest | None = None,
    arrange: Arrange | None = None,
) -> Plan:
    """Plan for the given nodes, or for all output nodes; GraphError for a cycle or an unknown type."""
    survey = make_survey(workflow, registry, outputs, file_digest)

    def is_there(node_id: str) -> bool:
        key = survey.keys[node_id]
        return key is not None and cached(key)

    demand = make_demand(survey, survey.targets, is_there)
    runs = set(demand.order)
    kept = tuple(
        node_id
        for node_id in survey.order
        if node_id not in runs and survey.first(node_id) not in runs and is_there(node_id)
    )
    order = demand.order if arrange is None else arrange(survey, demand.order)
    return Plan(survey, order, kept, demand.used, _readers(survey, order))


def _readers(survey: Survey, order: Iterable[str]) -> Mapping[str, int]:
    readers = Counter(survey.first(target) for target in survey.targets)
    for node_id in order:
        for link in survey.bound[node_id].links:
            readers[survey.first(link.node_id)] += 1
    return readers


def make_survey(
    workflow: Workflow, registry: Specs, outputs: Iterable[str] | None = None, file_digest: FileDigest | None = None
) -> Survey:
    """Find and key everything behind the given nodes, or behind all output nodes."""
    targets = _output_ids(workflow, registry) if outputs is None else tuple(outputs)
    bound = _bind_all(workflow, registry, targets)
    order = _sorted(workflow, bound)
    keys: dict[str, Key | None] = {}
    firsts: dict[Key, str] = {}
    twins: dict[str, str] = {}
    for node_id in order:
        key = keys[node_id] = node_key(bound[node_id], keys, file_digest)
        if key is not None and (first := firsts.setdefault(key, node_id)) != node_id:
            twins[node_id] = first
    return Survey(targets, order, bound, keys, twins)


def make_demand(survey: Survey, wanted: Iterable[str], is_there: Callable[[str], bool]) -> Demand:
    """Find what must run for some nodes; a node whose result is there needs nothing before it."""
    runs: set[str] = set()
    used: dict[str, None] = {}
    waiting = [survey.first(node_id) for node_id in wanted]
    while waiting:
        node_id = waiting.pop()
        if node_id in runs or node_id in used:
            continue
        if is_there(node_id):
            used[node_id] = None
            continue
        runs.add(node_id)
        waiting += [survey.first(link.node_id) for link in survey.bound[node_id].links]
    return Demand(tuple(node_id for node_id in survey.order if node_id in runs), tuple(used))


def _output_ids(workflow: Workflow, registry: Specs) -> tuple[str, ...]:
    return tuple(node.id for node in workflow.nodes.values() if _spec(node, registry).is_output)


def _spec(node: Node, registry: Specs) -> NodeSpec:
    spec = registry.find(node.type)
    if spec is None:
        raise GraphError(f'{node.label}: there is no node type "{node.type}". Is a node pack missing?')
    return spec


def _bind_all(workflow: Workflow, registry: Specs, targets: Sequence[str]) -> dict[str, Bound]:
    for target in targets:
        if target not in workflow.nodes:
            raise GraphError(f"Output #{target}: the workflow has no such node.")
    bound: dict[str, Bound] = {}
    waiting = list(targets)
    while waiting:
        node = workflow.nodes[waiting.pop()]
        if node.id not in bound:
            found = bound[node.id] = bind(node, _spec(node, registry))
            waiting += _sources(workflow, found)
    for found in bound.values():
        _check_outputs(found, bound)
    return bound


def _sources(workflow: Workflow, bound: Bound) -> list[str]:
    links = _links(bound)
    for link in links:
        if link.node_id not in workflow.nodes:
            raise GraphError(f"{bound.node.label}: a link comes from node #{link.node_id}, which is not there.")
    return [link.node_id for link in links]


def _check_outputs(found: Bound, bound: Mapping[str, Bound]) -> None:
    for link in _links(found):
        source = bound[link.node_id]
        count = len(source.spec.outputs)
        if not 0 <= link.output < count:
            sentence = f"a link asks for output {link.output} of {source.node.label}, which has {count}"
            raise GraphError(f"{found.node.label}: {sentence}; link it again.")


def _links(bound: Bound) -> tuple[Link, ...]:
    return bound.links + bound.lazy_links


def _sorted(workflow: Workflow, bound: Mapping[str, Bound]) -> tuple[str, ...]:
    graph = nx.DiGraph()
    written = {node_id: place for place, node_id in enumerate(workflow.nodes)}
    graph.add_nodes_from(sorted(bound, key=written.__getitem__))
    graph.add_edges_from((link.node_id, node_id) for node_id, found in bound.items() for link in _links(found))
    try:
        return tuple(nx.lexicographical_topological_sort(graph, key=written.__getitem__))
    except nx.NetworkXUnfeasible as error:
        way = [source for source, _ in nx.find_cycle(graph)]
        labels = " → ".join(workflow.nodes[node_id].label for node_id in (*way, way[0]))
        raise GraphError(f"The links go round in a circle: {labels}; remove one of them.") from error
