"""Plan a run: which nodes must run, in which order, and which results are there already.

    plan = make_plan(workflow, registry, cached=lambda key: key in cache)
    plan.order   # ("7", "8", "9"): KSampler and what follows
    plan.cached  # ("4", "5", "6")

A survey (all nodes behind the outputs, in order, with keys) is made once, and one more for each graph that a node
expands into; a demand (what of it must run) again whenever a node asks for a lazy input. Ties go by the written order.
networkx names the circle if there is one; its sort takes 8 µs a node (2 cores, 5,000 nodes, 2026-11), half of what a
cached node may cost, so the sort is here.
"""

from __future__ import annotations

import heapq
from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import networkx as nx

from graph.binding import Bound, bind
from graph.errors import GraphError
from graph.keys import FileDigest, Key, node_key
from graph.spec import NodeSpec
from graph.workflow import CacheMark, Link, Node, Workflow

KeyTest = Callable[[Key], bool]
NOTHING: Mapping[str, Bound] = {}
Arrange = Callable[["Survey", tuple[str, ...]], tuple[str, ...]]
"""Puts the nodes that must run into a better order; none comes before what it needs."""


class Specs(Protocol):
    """Where node types are found: graph.registry.Registry."""

    def find(self, name: str) -> NodeSpec | None:
        """Return the type of that name or alias; None if there is none."""
        ...


class Surveyed(Protocol):
    """Nodes of which inputs, keys and places in the order are known: Survey, and graph.scene.Scene, which grows."""

    @property
    def bound(self) -> Mapping[str, Bound]:
        """The nodes with their types, by id."""
        ...

    @property
    def keys(self) -> Mapping[str, Key | None]:
        """The key of each node."""
        ...

    @property
    def places(self) -> Mapping[str, int]:
        """Numbers that rise from what is read to what reads it."""
        ...

    def first(self, node_id: str) -> str:
        """Return the node that runs in this node's place."""
        ...


@dataclass(frozen=True)
class Survey:
    """Everything behind some nodes. Nodes with equal keys are one: `twins` leads from the others to the first."""

    workflow: Workflow
    targets: tuple[str, ...]
    order: tuple[str, ...]
    bound: Mapping[str, Bound]
    keys: Mapping[str, Key | None]
    twins: Mapping[str, str]
    places: Mapping[str, int]

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

    @property
    def known_keys(self) -> frozenset[Key]:
        """All keys."""
        return frozenset(self.keys.values()) - {None}  # type: ignore[return-value]

    @property
    def pinned_keys(self) -> frozenset[Key]:
        """The keys of nodes whose results the user wants to keep."""
        bound = self.survey.bound
        return frozenset(key for node_id, key in self.keys.items() if key and bound[node_id].node.mark is CacheMark.PIN)


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
    workflow: Workflow,
    registry: Specs,
    outputs: Iterable[str] | None = None,
    file_digest: FileDigest | None = None,
    *,
    around: Surveyed | None = None,
    written: Iterable[str] | None = None,
) -> Survey:
    """Find and key everything behind the given nodes, or behind all output nodes.

    `around`: what is known already and where the search stops. `written`: the written order, if not the workflow's.
    """
    targets = _output_ids(workflow, registry) if outputs is None else tuple(outputs)
    known = around.bound if around is not None else NOTHING
    bound = _bind_all(workflow, registry, targets, known)
    order = _sorted(bound, workflow.nodes if written is None else written)
    keys: dict[str, Key | None] = {}
    seen = keys if around is None else ChainMap(keys, cast("dict[str, Key | None]", around.keys))
    firsts: dict[Key, str] = {}
    twins: dict[str, str] = {}
    for node_id in order:
        key = keys[node_id] = node_key(bound[node_id], seen, file_digest)
        if key is not None and (first := firsts.setdefault(key, node_id)) != node_id:
            twins[node_id] = first
    places = dict(zip(order, range(len(order)), strict=True))
    return Survey(workflow, targets, order, bound, keys, twins, places)


def make_demand(survey: Surveyed, wanted: Iterable[str], is_there: Callable[[str], bool]) -> Demand:
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
    return Demand(tuple(sorted(runs, key=survey.places.__getitem__)), tuple(used))


def _output_ids(workflow: Workflow, registry: Specs) -> tuple[str, ...]:
    return tuple(node.id for node in workflow.nodes.values() if _spec(node, registry).is_output)


def _spec(node: Node, registry: Specs) -> NodeSpec:
    spec = registry.find(node.type)
    if spec is None:
        raise GraphError(f'{node.label}: there is no node type "{node.type}". Is a node pack missing?')
    return spec


def _bind_all(
    workflow: Workflow, registry: Specs, targets: Sequence[str], known: Mapping[str, Bound]
) -> dict[str, Bound]:
    for target in targets:
        if target not in workflow.nodes:
            raise GraphError(f"Output #{target}: the workflow has no such node.")
    bound: dict[str, Bound] = {}
    waiting = [target for target in targets if target not in known]
    while waiting:
        node = workflow.nodes[waiting.pop()]
        if node.id not in bound:
            found = bound[node.id] = bind(node, _spec(node, registry))
            waiting += [source for source in _sources(workflow, found) if source not in known]
    for found in bound.values():
        _check_outputs(found, bound, known)
    return bound


def _sources(workflow: Workflow, bound: Bound) -> list[str]:
    links = links_of(bound)
    for link in links:
        if link.node_id not in workflow.nodes:
            raise GraphError(f"{bound.node.label}: a link comes from node #{link.node_id}, which is not there.")
    return [link.node_id for link in links]


def _check_outputs(found: Bound, bound: Mapping[str, Bound], known: Mapping[str, Bound]) -> None:
    for link in links_of(found):
        source = bound.get(link.node_id) or known[link.node_id]
        count = len(source.spec.outputs)
        if not 0 <= link.output < count:
            sentence = f"a link asks for output {link.output} of {source.node.label}, which has {count}"
            raise GraphError(f"{found.node.label}: {sentence}; link it again.")


def links_of(bound: Bound) -> tuple[Link, ...]:
    """Return all links that arrive at a node, lazy ones last."""
    return bound.links + bound.lazy_links if bound.lazy_links else bound.links


def _sorted(bound: Mapping[str, Bound], written: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes so that each comes after what it reads, and else as written."""
    order = [node_id for node_id in written if node_id in bound]
    if len(order) < len(bound):
        order = list(dict.fromkeys((*order, *bound)))
    return tuple(order if _is_sorted(order, bound) else _topological(order, bound))


def _is_sorted(order: Sequence[str], bound: Mapping[str, Bound]) -> bool:
    seen: set[str] = set()
    for node_id in order:
        for link in links_of(bound[node_id]):
            if link.node_id not in seen and link.node_id in bound:
                return False
        seen.add(node_id)
    return True


def _topological(order: Sequence[str], bound: Mapping[str, Bound]) -> list[str]:
    """Sort by Kahn's algorithm ("Topological sorting of large networks", 1962), the first written of the ready first."""
    places = {node_id: place for place, node_id in enumerate(order)}
    readers: dict[str, list[int]] = {node_id: [] for node_id in order}
    missing = [0] * len(order)
    for node_id, place in places.items():
        for link in links_of(bound[node_id]):
            if link.node_id in bound:
                readers[link.node_id].append(place)
                missing[place] += 1
    ready = [place for place, count in enumerate(missing) if not count]
    found: list[str] = []
    while ready:
        node_id = order[heapq.heappop(ready)]
        found.append(node_id)
        for place in readers[node_id]:
            missing[place] -= 1
            if not missing[place]:
                heapq.heappush(ready, place)
    if len(found) < len(order):
        raise _circle(bound)
    return found


def _circle(bound: Mapping[str, Bound]) -> GraphError:
    graph = nx.DiGraph((link.node_id, node_id) for node_id, found in bound.items() for link in links_of(found))
    way = [source for source, _ in nx.find_cycle(graph)]
    labels = " → ".join(bound[node_id].node.label for node_id in (*way, way[0]))
    return GraphError(f"The links go round in a circle: {labels}; remove one of them.")
