"""Execution: one run of one plan, from its first step to its last. See graph.execute for what an engine promises."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.binding import Bound
from graph.cache import MemoryCache
from graph.errors import Cancelled, NodeError
from graph.events import Emit, NodeCached, NodeFailed, NodeFinished, NodeStarted
from graph.keys import FileDigest, Key, call_key, content_key, value_part
from graph.lazy import ListArrived, Promise
from graph.mapping import collect, rows
from graph.nested import call_inputs, lazy_kept, spec_of
from graph.node_run import NodeRun
from graph.plan import Plan, Scheduler, Specs, make_demand
from graph.results import Result, Values
from graph.run import Run
from graph.spec import NodeSpec
from graph.workflow import Link

RESULT_BYTES = 200  # a Result with one Values, without the value (CPython 3.11, 2026-11)


@dataclass(frozen=True)
class Parts:
    """What runs are made with; see graph.execute.Engine."""

    registry: Specs
    cache: MemoryCache
    nbytes: Callable[[Any], int]
    digest: Callable[[Any], bytes | None] | None = None
    file_digest: FileDigest | None = None
    resources: Mapping[type[Any], Any] = field(default_factory=dict)
    clock: Callable[[], float] = time.perf_counter
    scheduler: Scheduler | None = None


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
        self.ui: dict[str, Mapping[str, Any]] = {}
        self.ran: list[str] = []
        self.cached: list[str] = []
        self._parts = parts
        self._plan = plan
        self._survey = plan.survey
        self._results: dict[str, Result] = {}
        self._digests: dict[Link, bytes | None] = {}
        self._pinned: dict[str, Key] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._readers = Counter(plan.readers)
        self._keeps_all = any(plan.survey.bound[node_id].lazy_links for node_id in plan.order)
        self._twins: dict[str, list[str]] = {}
        for twin, first in plan.survey.twins.items():
            self._twins.setdefault(first, []).append(twin)

    async def carry_out(self) -> None:
        """Take what is cached and run the steps in order."""
        for node_id in self._plan.used:
            self._take(node_id)
        for node_id in self._plan.cached:
            self._tell_cached(node_id)
        for node_id in self._plan.order:
            if node_id not in self._results:
                await self._step(node_id)

    async def close(self) -> None:
        """Give back pins, end what still waits."""
        for key in self._pinned.values():
            self._parts.cache.unpin(key)
        self._pinned.clear()
        waiting = [task for task in self._tasks.values() if not task.done()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def target_values(self) -> dict[str, tuple[Any, ...]]:
        """Return the values of the nodes that were asked for."""
        results = {target: self._results[self._survey.first(target)] for target in self._survey.targets}
        return {target: tuple(output.value for output in result.outputs) for target, result in results.items()}

    def _take(self, node_id: str) -> None:
        """Hold a result of the cache for this run."""
        key = self._survey.keys[node_id]
        found = None if key is None else self._parts.cache.get(key)
        assert key is not None, "a node without a key is never planned as cached"
        assert found is not None, "the cache is used by one thread, so what was planned as cached is there"
        self._pin(node_id, key)
        self._results[node_id] = found

    def _pin(self, node_id: str, key: Key) -> None:
        self._parts.cache.pin(key)
        self._pinned[node_id] = key

    def _tell_cached(self, node_id: str) -> None:
        self.cached.append(node_id)
        self.emit(NodeCached(node_id))
        result = self._results.get(self._survey.first(node_id))
        if result is not None and result.ui:
            self.ui[node_id] = result.ui
            self.emit(NodeFinished(node_id, 0.0, result.ui))

    async def _step(self, node_id: str) -> None:
        """Find or compute the result of one node whose inputs are there."""
        if self.cancelled():
            raise Cancelled("The run was cancelled.")
        bound, key = self._survey.bound[node_id], self._survey.keys[node_id]
        content = self._content_key(bound)
        name = content or key
        found = None if name is None else self._parts.cache.get(name)
        if found is not None and name is not None:
            self._reuse(node_id, bound, found, name)
        else:
            await self._compute(node_id, bound, key or content, content if key else None)
        for twin in self._twins.get(node_id, ()):
            self._tell_cached(twin)

    def _reuse(self, node_id: str, bound: Bound, found: Result, name: Key) -> None:
        """Take a result that was found when the inputs were there (early cut-off)."""
        key = self._survey.keys[node_id]
        if key is not None:
            self._parts.cache.alias(key, name)
        self._release(bound)
        self._keep(node_id, found, key or name)
        self._tell_cached(node_id)

    async def _compute(self, node_id: str, bound: Bound, key: Key | None, also: Key | None) -> None:
        self.emit(NodeStarted(node_id))
        start = self._parts.clock()
        result = await self._result_of(bound)
        seconds = self._parts.clock() - start
        self.ran.append(node_id)
        self._release(bound)
        if key is not None:
            self._parts.cache.put(key, result, nbytes=self._nbytes(result), seconds=seconds, also=also)
        self._keep(node_id, result, key)
        if result.ui:
            self.ui[node_id] = result.ui
        self.emit(NodeFinished(node_id, seconds, result.ui))

    async def _result_of(self, bound: Bound) -> Result:
        """Run a node's function; whatever goes wrong becomes a NodeError that names the node."""
        try:
            inputs = self._gather(bound)
            while True:
                run = NodeRun(bound.node.id, self)
                try:
                    calls, is_mapped = rows(bound.spec, inputs)
                    returned = [await invoke(bound.spec, values, run) for values in calls]
                    return collect(bound.spec, returned, is_mapped=is_mapped, ui=run.shown)
                except ListArrived as arrived:
                    inputs[arrived.name] = arrived.values
        except (Cancelled, NodeError):
            raise
        except Exception as error:
            message = f"{bound.node.label} failed: {sentence_of(error)}"
            self.emit(NodeFailed(bound.node.id, message))
            raise NodeError(message, node_id=bound.node.id, node_type=bound.spec.name) from error

    def _gather(self, bound: Bound) -> dict[str, Any]:
        """Return the inputs: values that arrived, promises and literals."""
        lazy = {socket.name: socket for socket in bound.spec.inputs if socket.is_lazy} if bound.lazy_links else {}
        inputs: dict[str, Any] = {}
        for name, value in bound.inputs.items():
            if not isinstance(value, Link):
                inputs[name] = value
            elif name in lazy:
                inputs[name] = Promise(name, value, lazy[name].is_list, self._demand)
            else:
                inputs[name] = self._values(value)
        return inputs

    def _values(self, link: Link) -> Values:
        return self._results[self._survey.first(link.node_id)].outputs[link.output]

    async def _demand(self, link: Link) -> Values:
        """Have a lazy input computed. Each step is a task of its own, so that chains of promises nest no calls."""
        demand = make_demand(self._survey, (link.node_id,), self._is_there)
        for node_id in demand.used:
            if node_id not in self._results:
                self._take(node_id)
        for node_id in demand.order:
            if node_id not in self._results:
                if node_id not in self._tasks:
                    self._tasks[node_id] = asyncio.get_running_loop().create_task(self._step(node_id))
                await asyncio.shield(self._tasks[node_id])
        return self._values(link)

    def _is_there(self, node_id: str) -> bool:
        key = self._survey.keys[node_id]
        return node_id in self._results or (key is not None and key in self._parts.cache)

    def _content_key(self, bound: Bound) -> Key | None:
        if self._parts.digest is None or not bound.links:
            return None
        return content_key(bound, self._digest_of, self._parts.file_digest)

    def _digest_of(self, link: Link) -> bytes | None:
        link = Link(self._survey.first(link.node_id), link.output)
        if link not in self._digests:
            values = self._values(link)
            parts = [value_part(item, self._parts.digest) for item in values.items]
            known = [part for part in parts if part is not None]
            head = b"v%d,%d:" % (values.is_list, len(parts))
            self._digests[link] = head + b"".join(known) if len(known) == len(parts) else None
        return self._digests[link]

    def _nbytes(self, result: Result) -> int:
        nbytes = self._parts.nbytes
        shown = sum([len(items) for items in result.ui.values()])
        return RESULT_BYTES * (1 + shown) + sum([nbytes(item) for output in result.outputs for item in output.items])

    def _keep(self, node_id: str, result: Result, key: Key | None) -> None:
        """Hold a result until its last reader ran."""
        if not self._keeps_all and not self._readers[node_id]:
            return
        self._results[node_id] = result
        if key is not None and node_id not in self._pinned:
            self._pin(node_id, key)

    def _release(self, bound: Bound) -> None:
        """Let go of the inputs that nothing will read any more."""
        if self._keeps_all:
            return
        for link in bound.links:
            first = self._survey.first(link.node_id)
            self._readers[first] -= 1
            if not self._readers[first]:
                del self._results[first]
                key = self._pinned.pop(first, None)
                if key is not None:
                    self._parts.cache.unpin(key)

    async def call(self, caller: NodeRun, node: Callable[..., Any], inputs: Mapping[str, Any]) -> Any:
        """Run another node for a node, with the cache; events go by the caller's id."""
        caller.check_cancelled()
        spec = spec_of(node, self._parts.registry)
        values = call_inputs(spec, inputs)
        key = call_key(spec, values, self._parts.digest, self._parts.file_digest)
        result = None if key is None else self._parts.cache.get(key)
        if result is None:
            start = self._parts.clock()
            run = NodeRun(caller.node_id, self)
            result = collect(spec, [await invoke(spec, lazy_kept(spec, values), run)], is_mapped=False, ui=run.shown)
            seconds = self._parts.clock() - start
            if key is not None:
                self._parts.cache.put(key, result, nbytes=self._nbytes(result), seconds=seconds)
        for kind, items in result.ui.items():
            caller.show(kind, items)
        return result.value


async def invoke(spec: NodeSpec, values: Mapping[str, Any], run: Run) -> Any:
    """Call a node's function with these inputs."""
    args, kwargs = spec.call(values, run)
    value = spec.function(*args, **kwargs)
    return await value if spec.is_async else value


def sentence_of(error: Exception) -> str:
    """Return what an exception says; with its type where it says no more than a word."""
    text = str(error)
    return text if " " in text and not isinstance(error, KeyError) else f"{type(error).__name__}: {text}".rstrip(": ")
