"""LocalMachine: this process as the shims of node packs see it. Implements compat.machine.Machine.

machine = LocalMachine(settings, folders_of(settings), say=link.send, interrupt=worker.cancel_current)
install(machine)       # packs are imported now …
machine.attend(studio) # … and used when the device is open
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
from nodes.host import Host
from runtime.devices import Device, open_device
from runtime.engine import INPUT_KIND, Studio, builtin_registry
from runtime.launch_values import launch_values
from runtime.precision import choose
from runtime.settings import Settings
from runtime.worker_events import readable

T = TypeVar("T")


def say_nothing(message: Said) -> None:
    """Let a message go where nobody hears it: `weft run` has no browsers."""


class LocalMachine:
    """A process on this computer. Before a studio attends, nothing lies on the device and there is no host.

    registry: the node types that there are now. launch: what only the server knows (`port`, `listen`).
    """

    def __init__(
        self,
        settings: Settings,
        folders: Folders,
        *,
        say: Callable[[Said], None] = say_nothing,
        interrupt: Callable[[], None] = lambda: None,
        registry: Callable[[], Registry] = builtin_registry,
        launch: Mapping[str, Any] | None = None,
    ) -> None:
        self.folders = folders
        self.launch: Mapping[str, Any] = {**launch_values(settings), **(launch or {})}
        self.registry = registry
        self.interrupt = interrupt
        self._settings = settings
        self._say = say
        self._studio: Studio | None = None
        open_places(folders)

    def attend(self, studio: Studio) -> None:
        """Work with a studio from now on."""
        self._studio = studio

    @cached_property
    def _opened(self) -> Device:
        return open_device(self._settings.device)

    @property
    def device(self) -> torch.device:
        """Where networks compute."""
        return self._opened.torch_device

    @cached_property
    def dtypes(self) -> Mapping[str, torch.dtype | None]:
        """What networks are stored in."""
        chosen = choose(self._settings.precision, self.device.type)
        return {"unet": chosen.unet.stored, "text": chosen.text.stored, "vae": chosen.vae.stored}

    def names(self, kind: str) -> list[str]:
        """Return the files that a File widget of a kind may name."""
        return self.folders.input_names() if kind == INPUT_KIND else self.folders.model_names(kind)

    def resource(self, kind: type[T]) -> T:
        """Return what the host lends to nodes."""
        if self._studio is None or kind is not Host:
            raise KeyError(f"There is no {kind.__qualname__} here yet; ask for it when nodes run.")
        return self._studio.host  # type: ignore[return-value]  # kind is Host

    def send(self, event: str, data: Any, client_id: str | None = None, payload: bytes = b"") -> None:
        """Send a message to browsers; what JSON does not know goes as text."""
        self._say(Said(event, readable(data), client_id, payload))

    def free_bytes(self) -> int:
        """Return what is free on the device, and within the budget."""
        if self.device.type == "cuda":
            counts = torch.cuda.memory_stats(self.device)
            kept = counts.get("reserved_bytes.all.current", 0) - counts.get("active_bytes.all.current", 0)
            free = int(torch.cuda.mem_get_info(self.device)[0] + kept)
        else:
            free = int(psutil.virtual_memory().available)
        return free if self._studio is None else min(free, self._studio.memory.ledger.free_bytes)

    def total_bytes(self) -> int:
        """Return what the device has."""
        return self._opened.total_bytes

    def loaded(self) -> list[str]:
        """Return the names of the networks of which something lies on the device."""
        blocks = () if self._studio is None else self._studio.memory.ledger.blocks
        return list({block.name.split("/")[0]: None for block in blocks})

    def make_room(self, nbytes: int) -> None:
        """Take weights off the device until so many bytes are free, as far as they are not in use."""
        if self._studio is not None:
            self._studio.memory.make_room(nbytes)

    def evict_all(self) -> None:
        """Take all weights that are not in use off the device."""
        if self._studio is not None:
            self._studio.memory.evict_all()


def open_places(folders: Folders) -> None:
    """Make the folders of models what packs take them for: absolute paths, and one set of suffixes that kinds share."""
    shared = set(MODEL_SUFFIXES)
    for kind, (paths, suffixes) in folders.places.items():
        own = shared if set(suffixes) == MODEL_SUFFIXES else set(suffixes)
        folders.places[kind] = Place([os.path.abspath(path) for path in paths], own)
