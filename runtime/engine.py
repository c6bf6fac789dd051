"""The engine with everything that this machine gives it: built-in nodes, cache, folders and a device.

studio = open_studio(Settings(base=Path(".")))
result = studio.engine.run(workflow, emit=print)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

import nodes
from diffusion.text.embeddings import find_embedding
from files.folders import Folders
from files.kinds import INPUT_SUFFIXES
from files.model_paths import gather_model_paths
from graph.cache import Cache, MemoryCache
from graph.choices import File
from graph.execute import Engine
from graph.keys import ALL_FILES
from graph.ledger import Ledger
from graph.parts import OnRead
from graph.registry import Registry
from graph.results import Result
from graph.store import LEAST_S, Store, open_store
from graph.strategies import STRATEGIES, Limits
from graph.tiers import TieredCache
from graph.workflow import Workflow
from nodes.file_names import with_expanded_prefixes
from nodes.host import Host
from runtime.blobs import ResultCodec
from runtime.demands import Catalogue
from runtime.devices import Device, budget_bytes, has_bfloat16, open_device, ram_bytes
from runtime.file_digests import FileDigests, Tell, say_nothing, stamps_below
from runtime.host import LocalHost
from runtime.memory_settings import MemorySettings
from runtime.precision import choose
from runtime.ram import RamTier
from runtime.realm import PACK_FOLDER, digests_of_packs, realm_of, with_code_of_packs
from runtime.residency import DeviceMemory
from runtime.scheduling import MemoryScheduler
from runtime.settings import CacheSettings, Settings, cache_folder
from runtime.transfer import CudaTransfer, PlainTransfer, Transfer
from runtime.values import digest, nbytes
from runtime.workspace import Workspaces

INPUT_KIND = "input"
EMBEDDINGS = "embeddings"  # prompts name them without folder and extension mostly


@dataclass(frozen=True)
class Studio:
    """An engine and the machine around it."""

    engine: Engine
    registry: Registry
    folders: Folders
    device: Device
    memory: DeviceMemory
    scheduler: MemoryScheduler
    host: LocalHost
    digests: FileDigests
    code_of_packs: Mapping[str, str]
    store: Store | None = None

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait until results that belong on the disk are there."""
        if self.store is not None:
            self.store.close()

    def with_registry(self, registry: Registry, code_of_packs: Mapping[str, str]) -> Studio:
        """Return the studio with other node types; its cache knows packs by the digests of their code."""
        digests = digests_of_packs(registry, {**self._code_of_modules(), **code_of_packs})
        registry = with_code_of_packs(registry, digests)
        engine = replace(self.engine, registry=registry, prepare=partial(_prepared, registry))
        return replace(self, engine=engine, registry=registry, code_of_packs=digests)

    def _code_of_modules(self) -> Mapping[str, str]:
        """The digests of packs that are not loaded again: modules that were named at the start."""
        return {name: digest for name, digest in self.code_of_packs.items() if not name.startswith(f"{PACK_FOLDER}.")}

    def names(self, kind: str) -> list[str]:
        """Return the files that a File widget of that kind may name."""
        return self.folders.input_names(kind) if kind in INPUT_SUFFIXES else self.folders.choices(kind)

    def places(self, kind: str) -> tuple[Path, ...]:
        """Return the folders in which files of that kind lie."""
        return (self.folders.input,) if kind in INPUT_SUFFIXES else self.folders.model_roots(kind)


def builtin_registry(more: Iterable[str] = ()) -> Registry:
    """Return the nodes of the package `nodes`, and of the modules named in `more`."""
    found = sorted(module.name for module in pkgutil.iter_modules(nodes.__path__))
    names = (*(f"nodes.{name}" for name in found), *more)
    return Registry.collect(importlib.import_module(name) for name in names)


def open_studio(settings: Settings, tell: Tell = say_nothing, registry: Registry | None = None) -> Studio:
    """Build the engine for a process. `tell` is called with a sentence when something takes long."""
    registry = builtin_registry() if registry is None else registry
    folders = folders_of(settings)
    device = open_device(settings.device)
    memory = open_memory(device, settings.memory)
    host = LocalHost(
        folders,
        memory,
        precision=settings.precision,
        write_metadata=settings.write_metadata,
        preview_method=settings.preview_method,
    )
    wide = has_bfloat16(memory.device)
    precisions = choose(settings.precision, memory.device.type, has_bfloat16=wide)
    catalogue = Catalogue(
        folders,
        precisions,
        memory.workspaces,
        memory.tables_on_device,
        has_bfloat16=wide,
        has_processor=memory.device.type != "cpu",
        cpu_vae=settings.precision.cpu_vae,
    )
    scheduler = MemoryScheduler(memory, catalogue)
    code_of_packs = digests_of_packs(registry)
    registry = with_code_of_packs(registry, code_of_packs)
    store = _open_store(settings, device)
    digests = FileDigests(store, tell)
    engine = Engine(
        registry,
        _open_cache(settings.cache, folders, store),
        nbytes=nbytes,
        digest=digest,
        file_digest=partial(file_content, folders, digests.of),
        resources={Host: host},
        prepare=partial(_prepared, registry),
        scheduler=scheduler,
    )
    return Studio(engine, registry, folders, device, memory, scheduler, host, digests, code_of_packs, store)


def _prepared(registry: Registry, workflow: Workflow) -> Workflow:
    return with_expanded_prefixes(workflow, registry.find, datetime.now())


def open_memory(device: Device, settings: MemorySettings) -> DeviceMemory:
    """Return the memory of a device."""
    return DeviceMemory(
        device.torch_device,
        Ledger(str(device.torch_device), budget_bytes(device, settings)),
        Workspaces(settings.workspaces),
        residence=settings.residence,
        tables_on_device=settings.tables_on_device,
        transfer=_transfer(device),
        ram=open_ram(device, settings),
    )


def _transfer(device: Device) -> Transfer:
    """Return the way to a device."""
    return (
        CudaTransfer(device.torch_device) if device.torch_device.type == "cuda" else PlainTransfer(device.torch_device)
    )


def open_ram(device: Device, settings: MemorySettings) -> RamTier | None:
    """Return the tier below a device; none for one whose memory is the computer's own, unless a budget is asked for."""
    nbytes = ram_bytes(device, settings)
    return RamTier(Ledger("RAM", nbytes), is_pinned=device.torch_device.type == "cuda") if nbytes else None


def _open_store(settings: Settings, device: Device) -> Store | None:
    if settings.cache.disk_bytes == 0:
        return None
    return open_store(
        cache_folder(settings.base, settings.cache.directory),
        codec=ResultCodec(),
        realm=realm_of(settings, device),
        least_s=LEAST_S,
        budget_bytes=settings.cache.disk_bytes,
    )


def folders_of(settings: Settings) -> Folders:
    """Return where files lie; FolderError if a file of model folders is wrong."""
    return Folders.below(
        settings.base,
        output=settings.output,
        input=settings.input,
        temp=settings.temp,
        user=settings.user,
        models=settings.models,
        extra=gather_model_paths(settings.base, settings.extra_model_paths),
    )


def _open_cache(chosen: CacheSettings, folders: Folders, store: Store | None) -> Cache:
    limits = Limits(
        budget_bytes=chosen.memory_bytes,
        results=chosen.results,
        headroom_bytes=chosen.headroom_bytes,
        inactive_bytes=chosen.inactive_bytes,
        available=lambda: psutil.virtual_memory().available,
    )
    memory = MemoryCache(
        chosen.memory_bytes,
        STRATEGIES[chosen.strategy](limits),
        is_current=lambda result: files_are_there(folders, result),
    )
    return memory if store is None else TieredCache(memory, store)


def files_are_there(folders: Folders, result: Result) -> bool:
    """Return whether the files that a result shows, pictures mostly, still exist."""
    roots = {"output": folders.output, "temp": folders.temp}
    shown = [item for items in result.ui.values() if isinstance(items, list) for item in items]
    files = [item for item in shown if isinstance(item, dict) and "filename" in item and item.get("type") in roots]
    return all((roots[item["type"]] / item.get("subfolder", "") / item["filename"]).is_file() for item in files)


def file_content(
    folders: Folders, digest_of: Callable[..., Any], file: File, name: str, on_read: OnRead | None = None
) -> Any:
    """Return what changes with a file, or with any file of its kind for ALL_FILES; None if there is no such file."""
    try:
        if name == ALL_FILES:
            roots = folders.model_roots(file.kind)
            return [[path, *stamp] for root in roots for path, stamp in stamps_below(root)]
        if halves := folders.tiny_vae_files(file.kind, name):
            return [digest_of(half) for half in halves]
        path = _path_of(folders, file, name)
        return digest_of(path) if on_read is None else digest_of(path, on_read)
    except (ValueError, OSError):
        return None


def _path_of(folders: Folders, file: File, name: str) -> Path:
    if file.kind in INPUT_SUFFIXES:
        return folders.input_path(name)
    found = find_embedding(folders.model_roots(EMBEDDINGS))(name) if file.kind == EMBEDDINGS else None
    return found or folders.find_model(file.kind, name)
