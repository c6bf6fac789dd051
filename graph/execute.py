"""Engine: carry a plan out, with cache, lists, lazy inputs, events and cancel.

    engine = Engine(registry, MemoryCache(budget_bytes=2**30), nbytes=nbytes, digest=digest)
    result = engine.run(workflow, emit=print)
    result.outputs["9"], result.ran, result.cached

A result of a node is found by its key before the run, or, once its inputs are there, by their content (early cut-off).
Results that nothing will read any more are let go during the run. Plain nodes run one after the other, in the caller's
thread; async nodes run side by side, and as soon as one fails, the others are cancelled. Values go from node to node as
they are: a node must not change what it receives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from graph.errors import Cancelled, GraphError
from graph.events import Emit, FileRead, RunFinished, RunStarted
from graph.execution import Execution
from graph.parts import Parts
from graph.plan import Plan, make_plan
from graph.workflow import Workflow

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class RunResult:
    """What a run gave. `outputs`: one value for each output of the asked nodes; `ui`: what nodes show, by node id."""

    outputs: Mapping[str, tuple[Any, ...]]
    ui: Mapping[str, Mapping[str, Any]]
    ran: tuple[str, ...]
    cached: tuple[str, ...]
    blocked: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Engine(Parts):
    """Runs workflows one after the other; what it holds between runs is the cache.

    nbytes: bytes that keeping a value costs. digest: bytes that change with a value's content, or None where that is
    dear; without it there is no early cut-off. file_digest: the same for files that widgets name. resources: what nodes
    may ask of the host, by class. prepare: what is done to a workflow before it gets its keys. scheduler: puts nodes in
    order by the memory they need, and is told of each plan.
    """

    def plan(self, workflow: Workflow, outputs: Iterable[str] | None = None) -> Plan:
        """Return what a run would do now."""
        self.cache.refresh()
        return make_plan(
            self.prepare(workflow) if self.prepare else workflow,
            self.registry,
            outputs,
            cached=self.cache.__contains__,
            file_digest=self.file_digest,
            arrange=None if self.scheduler is None else self.scheduler.arrange,
        )

    def run(
        self,
        workflow: Workflow,
        *,
        outputs: Iterable[str] | None = None,
        emit: Emit = lambda event: None,
        cancelled: Callable[[], bool] = lambda: False,
        prompt: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> RunResult:
        """Run the nodes that `outputs` names (default: all output nodes) and what they need.

        NodeError if a node fails, Cancelled if `cancelled()` says so, GraphError if the workflow cannot be planned.
        """
        if asyncio._get_running_loop() is not None:
            raise GraphError("An event loop runs in this thread; write await engine.run_async(…) instead of run.")
        loop = asyncio.new_event_loop()  # not asyncio.run, which takes Ctrl-C away from plain functions
        job = self.run_async(workflow, outputs=outputs, emit=emit, cancelled=cancelled, prompt=prompt, extra=extra)
        task = loop.create_task(job)
        try:
            return loop.run_until_complete(task)
        except KeyboardInterrupt:
            if task.cancel():  # it came while the loop waited, or in a task of a node
                with suppress(asyncio.CancelledError, KeyboardInterrupt):
                    loop.run_until_complete(task)
            raise
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    async def run_async(
        self,
        workflow: Workflow,
        *,
        outputs: Iterable[str] | None = None,
        emit: Emit = lambda event: None,
        cancelled: Callable[[], bool] = lambda: False,
        prompt: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> RunResult:
        """Do the same within a running event loop."""
        start = self.clock()
        self.states.keep(workflow, self.registry)
        parts = self._watched(emit, cancelled)
        plan = parts.plan(workflow, outputs)
        self.cache.begin(plan.known_keys, plan.pinned_keys)
        if self.scheduler is not None:
            self.scheduler.prepare(plan)
        execution = Execution(parts, plan, emit, cancelled, prompt or NOTHING, extra or NOTHING)
        emit(RunStarted(plan.order, plan.cached))
        status = "failed"
        try:
            await execution.carry_out()
            status = "done"
        except (Cancelled, KeyboardInterrupt, asyncio.CancelledError):
            status = "cancelled"
            raise
        finally:
            await execution.close()
            seconds = self.clock() - start
            emit(RunFinished(status, seconds))
        return RunResult(
            outputs=execution.target_values(),
            ui=execution.telling.ui,
            ran=tuple(execution.telling.ran),
            cached=tuple(execution.telling.cached),
            blocked=tuple(execution.telling.blocked),
            seconds=seconds,
        )

    def _watched(self, emit: Emit, cancelled: Callable[[], bool]) -> Engine:
        """Return the engine for one run, which tells of large files that it reads, and reads no further if cancelled."""
        digest = self.file_digest
        if digest is None:
            return self

        def on_read(name: str, value: int, total: int) -> None:
            emit(FileRead(name, value, total))
            if cancelled():
                raise Cancelled("The run was cancelled.")

        return replace(self, file_digest=lambda file, name, _=None: digest(file, name, on_read))
