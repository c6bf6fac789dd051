"""The engine with everything that this machine gives it: built-in nodes, cache, folders and a device.

studio = open_studio(Settings(base=Path(".")))
result = studio.engine.run(workflow, emit=print)
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path

import nodes
from graph.cache import MemoryCache
from graph.choices import File
from graph.execute import Engine
from graph.registry import Registry
from nodes.host import Host
from runtime.devices import Device, open_device
from runtime.folders import Folders
from runtime.host import LocalHost
from runtime.settings import Settings
from runtime.values import digest, nbytes

INPUT_KIND = "input"


@dataclass(frozen=True)
class Studio:
    """An engine and the machine around it."""

    engine: Engine
    registry: Registry
    folders: Folders
    device: Device

    def names(self, kind: str) -> list[str]:
        """Return the files that a File widget of that kind may name."""
        return self.folders.input_names() if kind == INPUT_KIND else self.folders.model_names(kind)

    def places(self, kind: str) -> tuple[Path, ...]:
        """Return the folders in which files of that kind lie."""
        return (self.folders.input,) if kind == INPUT_KIND else self.folders.model_roots(kind)


def builtin_registry() -> Registry:
    """Return the nodes of the package `nodes`."""
    found = sorted(module.name for module in pkgutil.iter_modules(nodes.__path__))
    return Registry.collect(importlib.import_module(f"nodes.{name}") for name in found)


def open_studio(settings: Settings) -> Studio:
    """Build the engine for a process."""
    folders = Folders.below(settings.base, output=settings.output, input=settings.input)
    device = open_device(settings.device)
    host: Host = LocalHost(folders, device, precision=settings.precision, write_metadata=settings.write_metadata)
    registry = builtin_registry()
    engine = Engine(
        registry,
        MemoryCache(settings.cache_bytes),
        nbytes=nbytes,
        digest=digest,
        file_digest=lambda file, name: file_stamp(folders, file, name),
        resources={Host: host},
    )
    return Studio(engine, registry, folders, device)


def file_stamp(folders: Folders, file: File, name: str) -> list[int] | None:
    """Return what changes when a file is changed: its size and time of change; None if there is no such file."""
    try:
        path: Path = folders.input_path(name) if file.kind == INPUT_KIND else folders.find_model(file.kind, name)
        status = path.stat()
    except (ValueError, OSError):
        return None
    return [status.st_size, status.st_mtime_ns]
