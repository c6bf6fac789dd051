"""What packs call of ComfyUI while they run: ComfyAPI, in an async and a sync form, and ComfyExtension.

await ComfyAPI().execution.set_progress(3, 20)
ComfyAPISync().execution.set_progress(3, 20)
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib
import inspect
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from compat.current import current_run
from compat.v3.node import ComfyNode
from compat.v3.replacement import NodeReplace
from compat.v3.saving import to_picture

logger = logging.getLogger(__name__)


class Execution:
    """What a node tells while it works."""

    async def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """Tell how far the node is, perhaps with a picture or a tensor; ends the node if the run was cancelled."""
        run = current_run()
        if run is None:
            raise ValueError("No node runs here, so there is no progress to tell; call set_progress inside of execute.")
        if preview_image is not None:
            run.preview(functools.partial(_picture, preview_image))
        run.progress(value, max_value)  # type: ignore[arg-type]  # fractions are told as they are


def _picture(image: Any) -> Any:
    if not isinstance(image, torch.Tensor):
        return image
    return to_picture(image[0] if image.ndim == 4 else image)


@dataclass
class CacheContext:
    """Which result a provider is asked for."""

    node_id: str
    class_type: str
    cache_key_hash: str


@dataclass
class CacheValue:
    """A result, as a provider keeps it."""

    outputs: list[Any]
    ui: dict[str, Any] | None = None


class CacheProvider(ABC):
    """A cache outside of the process."""

    @abstractmethod
    async def on_lookup(self, context: CacheContext) -> CacheValue | None:
        """Return a result, or None."""

    @abstractmethod
    async def on_store(self, context: CacheContext, value: CacheValue) -> None:
        """Keep a result."""

    def should_cache(self, context: CacheContext, value: CacheValue | None = None) -> bool:
        """Return whether a result is one to keep."""
        return True

    def on_prompt_start(self, prompt_id: str) -> None:  # noqa: B027
        """Hear that a prompt begins."""

    def on_prompt_end(self, prompt_id: str) -> None:  # noqa: B027
        """Hear that a prompt ended."""


class Caching:
    """Caches of packs. The names are there; the engine has a cache of its own and asks no other."""

    CacheProvider: ClassVar[Any] = CacheProvider
    CacheContext: ClassVar[Any] = CacheContext
    CacheValue: ClassVar[Any] = CacheValue

    async def register_provider(self, provider: CacheProvider) -> None:
        """Tell that the provider is not asked."""
        logger.warning("%s is not asked: results are kept in Weft's own cache.", type(provider).__qualname__)

    async def unregister_provider(self, provider: CacheProvider) -> None:
        """Do nothing: no provider is asked."""


class NodeReplacement:
    """Node types in place of older ones."""

    async def register(self, node_replace: NodeReplace) -> None:
        """Let editors offer the newer type."""
        server: Any = importlib.import_module("server").PromptServer.instance
        server.node_replace_manager.register(node_replace)


class ComfyAPI_latest:
    """The parts of the API."""

    VERSION: ClassVar[str] = "latest"
    STABLE: ClassVar[bool] = False
    Execution: ClassVar[Any] = Execution
    Caching: ClassVar[Any] = Caching
    NodeReplacement: ClassVar[Any] = NodeReplacement

    def __init__(self) -> None:
        """Make the parts; they keep nothing."""
        self.execution = self.Execution()
        self.caching = self.Caching()
        self.node_replacement = self.NodeReplacement()


class Waiting:
    """An object whose async methods, and those of its parts, are called as plain ones."""

    def __init__(self, target: Any) -> None:
        """Take the object."""
        self._target = target

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if inspect.iscoroutinefunction(found):
            return _waiting(found)
        return Waiting(found) if hasattr(found, "__dict__") and not callable(found) else found


def _waiting(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return wait_for(method(*args, **kwargs))

    return call


def wait_for(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns, in this thread if it does not wait; else in a loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(contextvars.copy_context().run, asyncio.run, coroutine).result()


def sync_class(api: type) -> Callable[[], Any]:
    """Return the sync form of an API class."""
    return functools.partial(_sync, api)


def _sync(api: type) -> Any:
    return Waiting(api())


ComfyAPISync_latest = sync_class(ComfyAPI_latest)


class ComfyExtension(ABC):
    """What a pack gives: its nodes, and something to do when it is loaded."""

    async def on_load(self) -> None:  # noqa: B027
        """Prepare what the nodes need; most need nothing."""

    @abstractmethod
    async def get_node_list(self) -> list[type[ComfyNode]]:
        """Return the nodes."""
