"""LocalMachine: this process as the shims of node packs see it. Implements compat.machine.Machine.

install(LocalMachine(studio, settings, say=link.send, interrupt=cancel_current))  # packs are imported now
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import psutil
import torch

from files.folders import Folders
from files.kinds import MODEL_SUFFIXES, Place
from graph.protocol import Said
from graph.registry import Registry
from runtime.engine import Studio
from runtime.launch_values import launch_values
from runtime.precision import choose
from runtime.settings import Settings

T = TypeVar("T")


def say_nothing(message: Said) -> None:
    """Let a message go where nobody hears it: `weft run` has no browsers."""


def know_nothing(what: str, arguments: Mapping[str, Any]) -> Any:
    """Return None: `weft run` has no server."""


class LocalMachine:
    """The process of a studio.

    registry: the node types that there are now. launch: what only the server knows (`port`, `listen`).
    """

    def __init__(
        self,
        studio: Studio,
        settings: Settings,
        *,
        say: Callable[[Said], None] = say_nothing,
        ask: Callable[[str, Mapping[str, Any]], Any] = know_nothing,
        interrupt: Callable[[], None] = lambda: None,
        registry: Callable[[], Registry] | None = None,
        launch: Mapping[str, Any] | None = None,
    ) -> None:
        self.folders = studio.folders
        self.device = studio.device.torch_device
        self.launch: Mapping[str, Any] = {**launch_values(settings), **(launch or {})}
        self._studio = studio
        self._settings = settings
        self._say = say
        self._ask = ask
        self._interrupt = interrupt
        self._registry = registry
        open_places(studio.folders)

    @cached_property
    def dtypes(self) -> Mapping[str, torch.dtype | None]:
        """What networks are stored in."""
        chosen = choose(self._settings.precision, self.device.type)
        return {"unet": chosen.unet.stored, "text": chosen.text.stored, "vae": chosen.vae.stored}

    def registry(self) -> Registry:
        """Return the node types that there are now."""
        return self._studio.registry if self._registry is None else self._registry()

    def names(self, kind: str) -> list[str]:
        """Return the files that a File widget of a kind may name."""
        return self._studio.names(kind)

    def resource(self, kind: type[T]) -> T:
        """Return what the host lends to nodes."""
        found: T = self._studio.engine.resources[kind]
        return found

    def send(self, event: str, data: Any, client_id: str | None = None, payload: bytes = b"") -> None:
        """Send a message to browsers; what JSON does not know goes as text."""
        self._say(Said(event, data, client_id, payload))

    def ask(self, what: str, arguments: Mapping[str, Any] | None = None) -> Any:
        """Return what the server says to a question; None if there is no server."""
        return self._ask(what, arguments or {})

    def interrupt(self) -> None:
        """End the job that runs."""
        self._interrupt()

    def free_bytes(self) -> int:
        """Return what is free on the device, and within the budget."""
        if self.device.type == "cuda":
            counts = torch.cuda.memory_stats(self.device)
            kept = counts.get("reserved_bytes.all.current", 0) - counts.get("active_bytes.all.current", 0)
            free = int(torch.cuda.mem_get_info(self.device)[0] + kept)
        else:
            free = int(psutil.virtual_memory().available)
        return min(free, self._studio.memory.ledger.free_bytes)

    def total_bytes(self) -> int:
        """Return what the device has."""
        return self._studio.device.total_bytes

    def loaded(self) -> list[str]:
        """Return the names of the networks of which something lies on the device."""
        return list({block.name.split("/")[0]: None for block in self._studio.memory.ledger.blocks})

    def make_room(self, nbytes: int) -> None:
        """Take weights off the device until so many bytes are free, as far as they are not in use."""
        self._studio.memory.make_room(nbytes)

    def evict_all(self) -> None:
        """Take all weights that are not in use off the device."""
        self._studio.memory.evict_all()


def open_places(folders: Folders) -> None:
    """Make the folders of models what packs take them for: absolute paths, and one set of suffixes that kinds share."""
    shared = set(MODEL_SUFFIXES)
    for kind, (paths, suffixes) in folders.places.items():
        own = shared if set(suffixes) == MODEL_SUFFIXES else set(suffixes)
        folders.places[kind] = Place([os.path.abspath(path) for path in paths], own)
