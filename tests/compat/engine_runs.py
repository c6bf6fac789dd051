"""Packs of these tests as an engine's nodes, and runs in the form in which record.py keeps what ComfyUI did."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from compat.packs import Adapted, adapt
from compat.shims.finder import install, uninstall
from graph.cache import MemoryCache
from graph.errors import Cancelled, NodeError, Problem
from graph.events import Event, NodeBlocked, NodeCached, NodeFinished, NodeStarted, RunStarted
from graph.execute import Engine
from graph.formats import from_api
from graph.registry import Registry
from graph.validate import output_ids, validate
from runtime.engine import open_studio
from runtime.machine import LocalMachine
from runtime.settings import Settings
from runtime.values import digest, nbytes
from serving.prompt_errors import good_outputs
from tests.compat.cases import PACKS, Case, Prompt

MODULE = "custom_nodes_of_tests"


@contextmanager
def host(base: Path) -> Iterator[None]:
    """Let packs import ComfyUI's modules, with folders of their own."""
    settings = Settings(base=base, device="cpu")
    with open_studio(settings) as studio:
        install(LocalMachine(studio, settings))
        try:
            yield
        finally:
            uninstall()


def load(name: str, folder: Path = PACKS) -> ModuleType:
    """Import a pack anew."""
    spec = importlib.util.spec_from_file_location(f"{MODULE}_{name}", folder / name / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def adapted(name: str) -> Adapted:
    """Return what a pack brings."""
    return adapt(load(name), name)


def registry_of(*names: str) -> Registry:
    """Return the node types of some packs."""
    return Registry.of(*(spec for name in names for spec in adapted(name).specs))


def new_engine(registry: Registry) -> Engine:
    """Return an engine with an empty cache, as the worker has it."""
    return Engine(registry, MemoryCache(10**7), nbytes=nbytes, digest=digest)


def runs(engine: Engine, case: Case) -> list[dict[str, Any]]:
    """Run the prompts of a case, one after the other."""
    return [run(engine, prompt, case.extra) for prompt in case.prompts]


def run(engine: Engine, prompt: Prompt, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Check and run a prompt."""
    sent = json.loads(json.dumps(prompt))
    workflow = from_api(sent)
    assert isinstance(engine.registry, Registry)
    outputs = output_ids(workflow, engine.registry)
    problems = validate(workflow, engine.registry, outputs)
    good = good_outputs(problems, workflow, outputs)
    told: dict[str, Any] = {"errors": errors_of(problems)}
    if not good:
        return {**told, "refused": "prompt_outputs_failed_validation"}
    watch = Watch()
    try:
        engine.run(workflow, outputs=good, emit=watch.take, prompt=sent, extra=extra)
        watch.end = "execution_success"
    except Cancelled:
        watch.end, watch.error = "execution_interrupted", watch.began[-1:]
    except NodeError as error:
        watch.fail(error)
    return {**told, **watch.told()}


def errors_of(problems: tuple[Problem, ...]) -> dict[str, list[list[Any]]]:
    """Return kinds and inputs of problems, by node."""
    found: dict[str, list[list[Any]]] = {}
    for problem in problems:
        assert problem.node_id is not None
        found.setdefault(problem.node_id, []).append([problem.kind, problem.input])
    return {node_id: sorted(errors) for node_id, errors in found.items()}


@dataclass
class Watch:
    """What was told of a run."""

    cached: list[str] = field(default_factory=list)
    began: list[str] = field(default_factory=list)
    executed: dict[str, Any] = field(default_factory=dict)
    blocked: list[list[str]] = field(default_factory=list)
    error: list[str] | None = None
    end: str = ""

    def take(self, event: Event) -> None:
        """Take an event in."""
        match event:
            case RunStarted():
                self.cached += event.cached
            case NodeCached():
                self.cached.append(event.node_id)
            case NodeStarted():
                self.began.append(event.node_id)
            case NodeBlocked():
                self._block(event)
            case NodeFinished() if event.ui:
                display = event.node_id if event.origin is None else event.origin.display
                output = json.loads(json.dumps(event.ui))
                self.executed[event.node_id] = {"output": output, "display_node": display}

    def _block(self, event: NodeBlocked) -> None:
        if event.node_id not in self.began:
            self.began.append(event.node_id)
        if event.message:
            self.blocked.append([event.node_id, f"Execution Blocked: {event.message}"])

    def fail(self, error: NodeError) -> None:
        """Take note of what went wrong."""
        cause = error.__cause__
        self.end = "execution_error"
        self.error = [error.node_id, type(cause).__qualname__, str(cause)]

    def told(self) -> dict[str, Any]:
        """Return all of it."""
        told = {"cached": sorted(set(self.cached)), "began": self.began, "executed": self.executed, "end": self.end}
        return told | {"blocked": self.blocked} | ({} if self.error is None else {"error": self.error})
