"""Execution: one run of one plan, from its first step to its last. See graph.execute for what an engine promises.

Plain nodes run one at a time, in the plan's order, without a task. What must wait is a task: an async node, a node
whose inputs are still being made, a node whose graph runs in its place. Tasks wait for tasks, so nothing nests.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graph.binding import Bound
from graph.dynamic import Expand
from graph.errors import Cancelled
from graph.events import Emit, Origin
from graph.expansion import Placed, place
from graph.held import Held
from graph.keys import Key, content_key
from graph.lazy import gather
from graph.mapping import Expanded
from graph.nested import call
from graph.node_run import NodeRun
from graph.parts import Parts
from graph.plan import Plan, make_demand
from graph.readers import Readers
from graph.results import Result, Values
from graph.scene import Scene
from graph.states import Owner
from graph.tasks import Task, Tasks
from graph.telling import Telling
from graph.visit import Visit
from graph.workflow import Link, Node

POLL_S = 0.1  # how often a run that waits for async nodes asks whether it was cancelled


class Execution:
    """The state of one run. Implements graph.node_run.RunHost."""

    def __init__(
        self,
        parts: Parts,
        plan: Plan,
        emit: Emit,
        cancelled: Callable[[], bool],
        prompt: Mapping[str, Any],
        extra: Mapping[str, Any],
    ) -> None:
        self.emit = emit
        self.cancelled = cancelled
        self.prompt = prompt
        self.extra = extra
        self.resources = parts.resources
        self._parts = parts
        self._plan = plan
        self._scene = Scene(plan.survey, parts.registry, parts.file_digest)
        self.telling = Telling(emit, self._scene)
        self._tasks = Tasks(self._scene.way)
        self._readers = Readers(plan.expected, plan.survey, self._tasks.unfinished)
        self._held = Held(parts.cache, self._readers, parts.digest)
        self._expansions: Counter[str] = Counter()
        self._twins: dict[str, list[str]] = {}
        for twin, first in plan.survey.twins.items():
            self._twins.setdefault(first, []).append(twin)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the run: the workflow's, and those that came by expansion."""
        return self._scene.nodes

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where nodes come from that came by expansion."""
        return self._scene.origins

    async def carry_out(self) -> None:
        """Take what is cached and run the steps."""
        lost = [node_id for node_id in self._plan.used if not self._take(node_id)]
        if lost:
            await self._run_for(lost)
        made = set(self.telling.ran)
        self._tell_cached(*[node_id for node_id in self._plan.cached if node_id not in made])
        await self._run(self._plan.order, poll_s=POLL_S)
        if self._tasks.was_used:
            self.telling.sort()

    async def close(self) -> None:
        """Give back pins, end what still waits."""
        self._held.close()
        await self._tasks.close()

    def target_values(self) -> dict[str, tuple[Any, ...]]:
        """Return the values of the nodes that were asked for."""
        results = {target: self._held[self._scene.first(target)] for target in self._plan.survey.targets}
        return {target: tuple(output.value for output in result.outputs) for target, result in results.items()}

    async def _run(self, order: tuple[str, ...], poll_s: float | None = None) -> None:
        """Run nodes, each after what it reads; first of all async ones that may start at once."""
        tasks: dict[str, Task] = {}
        settled = self._readers.settled
        again = settled.intersection(order)  # whose results are gone
        for node_id in (*filter(self._starts_at_once, order), *order):
            if node_id in settled and node_id not in again:
                continue  # it ran meanwhile, for a lazy input
            if self._tasks.unfinished:
                await self._tasks.breathe(tasks)
            task = self._begin(node_id)
            if task is not None:
                tasks[node_id] = task
        await self._tasks.wait(tasks, poll_s=poll_s, ask=self._check_cancelled)

    def _starts_at_once(self, node_id: str) -> bool:
        bound = self._scene.bound[node_id]
        return bound.spec.is_async and all(self._scene.first(link.node_id) in self._held for link in bound.links)

    async def _run_for(self, wanted: Iterable[str]) -> None:
        """Run what some nodes need, and these."""
        wanted = tuple(wanted)
        demand = make_demand(self._scene, wanted, self._is_there)
        while not all(self._take(node_id) for node_id in demand.used):
            demand = make_demand(self._scene, wanted, self._is_there)
        self._readers.expect(demand.order)
        await self._run(demand.order)

    def _take(self, node_id: str) -> bool:
        """Hold a result of the cache; False if it turned out to be damaged or gone."""
        if node_id in self._held:
            return True
        if not self._held.take(node_id, self._scene.keys[node_id]):
            return False
        if node_id not in self._plan.survey.bound:  # the others are told when the run begins
            self._tell_cached(node_id)
        return True

    def _is_there(self, node_id: str) -> bool:
        key = self._scene.keys[node_id]
        return node_id in self._held or (key is not None and key in self._parts.cache)

    def _begin(self, node_id: str) -> Task | None:
        """Run a plain node whose inputs are there; return the task of any other."""
        if node_id in self._held:
            return None
        if node_id in self._tasks.unfinished:
            return self._tasks.unfinished[node_id]
        bound = self._scene.bound[node_id]
        before: list[Task] = []
        if self._tasks.unfinished:
            before = self._tasks.among(self._scene.first(link.node_id) for link in bound.links)
        if before or bound.spec.is_async:
            return self._tasks.start(node_id, self._later(node_id, before))
        visit = self._visit(node_id)
        if visit is None:
            return None
        with self.telling.naming(bound, visit):
            visit.call()
        if visit.expands:
            return self._tasks.start(node_id, self._expand_and_finish(visit))
        self._finish(visit)
        return None

    async def _later(self, node_id: str, before: list[Task]) -> None:
        """Run a node after what it reads."""
        for task in before:
            await asyncio.shield(task)
        visit = self._visit(node_id)
        if visit is None:
            return
        with self.telling.naming(visit.bound, visit):
            if visit.bound.spec.is_async:
                await visit.calls()
            else:
                visit.call()
        await self._expand_and_finish(visit)

    async def _expand_and_finish(self, visit: Visit) -> None:
        with self.telling.naming(visit.bound, visit):
            for number, expand in visit.expansions():
                visit.returned[number] = Expanded(await self.expand(visit.run, expand))
        self._finish(visit)

    def _check_cancelled(self) -> None:
        if self.cancelled():
            raise Cancelled("The run was cancelled.")

    def _visit(self, node_id: str) -> Visit | None:
        """Begin a node; None if its result was found, now that the inputs are there, or if it is blocked."""
        self._check_cancelled()
        bound, key = self._scene.bound[node_id], self._scene.keys[node_id]
        content = self._content_key(bound)
        name = content or key
        found = None if name is None else self._parts.cache.get(name)
        if found is not None and name is not None:
            self._reuse(node_id, bound, found, name)
            return None
        run = NodeRun(node_id, self, bound.spec.name, bound.inputs, self._scene.origins.get(node_id))
        with self.telling.naming(bound):
            visit = Visit(bound, gather(bound, self._values, self._demand), run)
        if visit.is_blocked:
            self._block(visit, visit.blocked_result())
            return None
        visit.content = content
        self.telling.start(node_id)
        visit.start = self._parts.clock()
        return visit

    def _reuse(self, node_id: str, bound: Bound, found: Result, name: Key) -> None:
        """Take a result that was found when the inputs were there (early cut-off)."""
        key = self._scene.keys[node_id]
        if key is not None:
            self._parts.cache.alias(key, name)
        self._held.settle(node_id)
        self._held.keep(node_id, found, key or name)
        self._tell_cached(node_id, *self._twins.get(node_id, ()))

    def _finish(self, visit: Visit) -> None:
        """Make the result of calls that returned, keep and tell it."""
        bound, run = visit.bound, visit.run
        with self.telling.naming(bound, visit):
            result = visit.result()
        seconds = self._parts.clock() - visit.start
        if blocks := visit.blocks:
            if len(blocks) == visit.total:
                self._block(visit, result)
                return
            self.telling.block(visit)
        key, content = self._scene.keys[run.node_id], visit.content
        name = key or content
        self._held.settle(run.node_id)
        if name is not None:
            self._parts.keep(name, bound.spec, result, seconds, also=content if key is not None else None)
        self._held.keep(run.node_id, result, name)
        self.telling.finish(run.node_id, result, seconds)
        self._tell_cached(*self._twins.get(run.node_id, ()))

    def _tell_cached(self, *node_ids: str) -> None:
        for node_id in node_ids:
            self.telling.reuse(node_id, self._held.get(self._scene.first(node_id)))

    def _block(self, visit: Visit, result: Result) -> None:
        """End a node of which no call was made; the cache does not keep that, so that each run tells why."""
        self.telling.block(visit)
        self._held.settle(visit.run.node_id)
        self._held.keep(visit.run.node_id, result, None)
        self.telling.blocked += (visit.run.node_id, *self._twins.get(visit.run.node_id, ()))

    def _values(self, link: Link) -> Values:
        return self._held[self._scene.first(link.node_id)].outputs[link.output]

    async def _demand(self, link: Link) -> Values:
        """Have a lazy input computed."""
        if self._scene.first(link.node_id) not in self._held:
            await self._run_for((link.node_id,))
        return self._values(link)

    def _content_key(self, bound: Bound) -> Key | None:
        if self._parts.digest is None or not bound.links:
            return None
        return content_key(bound, self._digest_of, self._parts.file_digest)

    def _digest_of(self, link: Link) -> bytes | None:
        return self._held.digest_of(self._scene.first(link.node_id), link.output)

    def state_of(self, run: NodeRun) -> dict[str, Any]:
        """Return what a node keeps between runs."""
        root = self._scene.bound[self._scene.root(run.node_id)]
        return self._parts.states.of(Owner(root.node.id, root.spec.name), Owner(run.node_id, run.node_type))

    async def expand(self, run: NodeRun, expand: Expand) -> tuple[Values, ...]:
        """Run a graph for a node; what it shows, the node shows."""
        placed = place(expand, run.node_id, self._expansions[run.node_id], self._parts.digest)
        self._expansions[run.node_id] += 1
        self._readers.hold_all()
        try:
            return await self._carry_out(run, placed)
        finally:
            self._readers.hold_no_more()
            self._held.let_go()

    async def _carry_out(self, run: NodeRun, placed: Placed) -> tuple[Values, ...]:
        for node_id, given in placed.given.items():
            self._held.put(node_id, given.result)
        await self._run_for(self._scene.add(placed, run.node_id))
        outputs = tuple([self._values(out) if isinstance(out, Link) else out for out in placed.outputs])
        for node_id in (*placed.nodes, *placed.given):
            for kind, items in self.telling.ui.pop(node_id, {}).items():
                run.show(kind, list(items))
            self._held.drop(node_id)
        self._scene.remove(placed)
        return outputs

    async def call(self, caller: NodeRun, node: Callable[..., Any], inputs: Mapping[str, Any]) -> Any:
        """Run another node for a node, with the cache; events go by the caller's id."""
        return await call(self._parts, caller, node, inputs)
