"""A machine on folders of its own, with the modules of ComfyUI installed for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compat.current import running
from compat.shims.finder import install, uninstall
from graph.cache import MemoryCache
from graph.events import Event
from graph.execute import Engine
from graph.protocol import Decoder, Message, Said, encode
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.workflow import Node, Workflow
from runtime.engine import Studio, open_studio
from runtime.machine import LocalMachine
from runtime.settings import Settings
from tests.tiny_checkpoint import write_tiny_checkpoint


class Desk:
    """What a machine says and is asked for."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.interrupts = 0

    def say(self, message: Said) -> None:
        """Keep a message as it is at the other end of the link."""
        self.said += Decoder().feed(encode(message))

    def interrupt(self) -> None:
        """Count."""
        self.interrupts += 1


@pytest.fixture
def desk() -> Desk:
    """Where messages arrive."""
    return Desk()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Folders of the test, the processor."""
    return Settings(base=tmp_path, device="cpu")


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    """An engine on folders of the test."""
    with open_studio(settings) as studio:
        yield studio


@pytest.fixture
def machine(studio: Studio, settings: Settings, desk: Desk) -> Iterator[LocalMachine]:
    """A machine whose modules can be imported."""
    machine = LocalMachine(studio, settings, say=desk.say, interrupt=desk.interrupt, launch={"port": 8200})
    install(machine)
    yield machine
    uninstall()


@pytest.fixture
def checkpoint(settings: Settings) -> str:
    """The name of a tiny checkpoint."""
    path = settings.base / "models" / "checkpoints" / "tiny.safetensors"
    path.parent.mkdir(parents=True)
    write_tiny_checkpoint(path)
    return path.name


@pytest.fixture
def pack(tmp_path: Path) -> Callable[[str, str], ModuleType]:
    """Return a function that writes a pack of one file and imports it as Weft does."""

    def load(name: str, code: str) -> Any:
        path = tmp_path / "custom_nodes" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(code)
        module = ModuleType(f"custom_nodes.{name}")
        module.__file__ = str(path)
        exec(compile(code, str(path), "exec"), vars(module))
        return module

    return load


@pytest.fixture
def run_in_node(machine: LocalMachine) -> Callable[..., list[Event]]:
    """Return a function that calls another as the function of a node, in a real run, and returns what the run told."""

    def run_it(work: Callable[[], Any], cancelled: Callable[[], bool] = lambda: False) -> list[Event]:
        @node(category="test", output=True)
        def Work(*, run: Run) -> None:
            with running(run):
                work()

        events: list[Event] = []
        workflow = Workflow.of(Node("7", "Work"))
        extra = {"client_id": "me", "prompt_id": "p"}
        Engine(Registry.of(Work), MemoryCache(10**6), nbytes=lambda value: 1).run(
            workflow, emit=events.append, cancelled=cancelled, extra=extra
        )
        return events

    return run_it
