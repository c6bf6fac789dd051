"""A machine on folders of the test, whose PromptServer packs can import."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compat.shims.finder import install, uninstall
from runtime.engine import open_studio
from runtime.machine import LocalMachine
from runtime.settings import Settings


class Asked:
    """A server that answers as the test says, and remembers the questions."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.questions: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, what: str, arguments: Any) -> Any:
        """Answer."""
        self.questions.append((what, dict(arguments)))
        return self.answers.get(what)


@pytest.fixture
def asked() -> Asked:
    """What is asked of the server."""
    return Asked()


@pytest.fixture
def server(tmp_path: Path, asked: Asked) -> Iterator[Any]:
    """PromptServer.instance."""
    settings = Settings(base=tmp_path, device="cpu")
    with open_studio(settings) as studio:
        install(LocalMachine(studio, settings, ask=asked))
        found = importlib.import_module("server").PromptServer.instance
        yield found
        if "loop" in vars(found):
            found.loop.end()
        uninstall()


@pytest.fixture
def load(server: Any, tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """Return a function that imports a pack of one file, or imports it again."""
    before = set(sys.modules)

    def import_it(name: str, code: str) -> ModuleType:
        module = ModuleType(f"custom_nodes.{name}")
        sys.modules[module.__name__] = module
        exec(
            compile(f"from server import PromptServer\nserver = PromptServer.instance\n{code}", "pack", "exec"),
            vars(module),
        )
        return module

    yield import_it
    for name in [name for name in sys.modules if name.startswith("custom_nodes") and name not in before]:
        del sys.modules[name]
