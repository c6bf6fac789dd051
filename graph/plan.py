"""Plan a run: which nodes must run, in which order, and which results are there already.

    plan = make_plan(workflow, registry, cached=lambda key: key in cache)
    plan.order   # ("7", "8", "9"): KSampler and what follows
    plan.cached  # ("4", "5", "6")

A survey (all nodes behind the outputs, in order, with keys) is made once, and one more for each graph that a node
expands into; a demand (what of it must run) again whenever a node asks for a lazy input.
"""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, cast

from graph.binding import Bound, bind, links_of
from graph.errors import GraphError
from graph.keys import FileDigest, Key, node_key
from graph.sorting import sort_nodes
from graph.spec import NodeSpec
from graph.workflow import CacheMark, Node, Workflow

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


class Expected(NamedTuple):
    """What may be read in a run, and by whom. See graph.readers."""

    readers: Mapping[str, int]  # how often a result may be read: by links of nodes that may run, and as a target
    may_run: Collection[str]  # the nodes of the order, and what their lazy inputs might need
    expanders: Collection[str]  # those of them that may link to anything


@dataclass(frozen=True)
class Plan:
    """What a run does. `cached` are all nodes whose results are kept, `used` those that will be read."""

    survey: Survey
    order: tuple[str, ...]
    cached: tuple[str, ...]
    used: tuple[str, ...]
    expected: Expected

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
    return Plan(survey, order, kept, demand.used, _expected(survey, order, is_there))


def _expected(survey: Survey, order: Sequence[str], is_there: Callable[[str], bool]) -> Expected:
    readers = Counter([survey.first(target) for target in survey.targets])
    may_run, expanders = set(order), list[str]()
    waiting: list[str] = []
    for node_id in order:
        bound = survey.bound[node_id]
        for link in bound.links:
            readers[survey.first(link.node_id)] += 1
        if bound.lazy_links:
            waiting += [survey.first(link.node_id) for link in bound.lazy_links]
            readers.update(waiting[-len(bound.lazy_links) :])
        if bound.spec.may_link_anywhere:
            expanders.append(node_id)
    while waiting:
        node_id = waiting.pop()
        if node_id in may_run or is_there(node_id):
            continue
        may_run.add(node_id)
        bound = survey.bound[node_id]
        sources = [survey.first(link.node_id) for link in links_of(bound)]
        readers.update(sources)
        waiting += sources
        if bound.spec.may_link_anywhere:
            expanders.append(node_id)
    return Expected(readers, may_run, expanders)


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
    order = sort_nodes(bound, workflow.nodes if written is None else written)
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
