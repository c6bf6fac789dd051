"""Load one pack: import it, find its nodes, and say what became of it. Nothing that it does passes through.

loaded = load_pack(pack, StandIns())
loaded.specs, loaded.report.state
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from files.packs import Manifest, ManifestError, Pack, read_manifest
from graph.spec import NodeSpec
from runtime.packs.adapters import Adapted, adapt, does_more, kind_of
from runtime.packs.importing import import_entry, import_file, node_files
from runtime.packs.problems import place_of_node, problem_of
from runtime.packs.report import PackProblem, PackReport, PackState
from runtime.packs.stand_ins import StandIns
from runtime.packs.surroundings import look, settle
from runtime.realm import source_digest


@dataclass(frozen=True)
class LoadedPack:
    """What a pack gives. is_broken: a file of it could not be imported. digest: of its code."""

    pack: Pack
    report: PackReport
    specs: tuple[NodeSpec, ...] = ()
    web_folders: tuple[tuple[str, Path], ...] = ()
    digest: str = ""
    is_broken: bool = False


@dataclass(frozen=True)
class _Imported:
    modules: tuple[ModuleType, ...]
    problems: tuple[PackProblem, ...]


def load_pack(pack: Pack, stand_ins: StandIns) -> LoadedPack:
    """Return a pack, imported in this thread."""
    start = time.perf_counter()
    kind = kind_of(pack)
    manifest, wrong = _manifest(pack)
    with stand_ins.for_pack(pack.name) as said, _event_loop():
        before = look()
        imported = _import(pack, manifest)
        found, failed = _adapt(pack, manifest, imported)
        notes = settle(before)
    specs, twice = _own_specs(pack, found)
    web, lost = _web_folders(pack, manifest, found)
    left_out = [PackProblem(text, str(pack.entry)) for text in found.problems]
    problems = (*wrong, *imported.problems, *failed, *twice, *lost, *left_out)
    brings = specs or web or does_more(pack)
    problems = problems or _nothing_in_it(pack, brings)
    report = PackReport(
        pack.name,
        pack.path,
        _state(brings, problems),
        manifest.version,
        kind,
        time.perf_counter() - start,
        tuple(spec.name for spec in specs),
        problems,
        (*notes, *said.notes),
    )
    digest = source_digest([pack.module]) if specs else ""
    return LoadedPack(pack, report, specs, web, digest, bool(imported.problems or failed))


def failed_pack(pack: Pack, error: Exception) -> LoadedPack:
    """Return what is said of a pack that could not even be looked at."""
    problem = problem_of(error, pack, Manifest(pack.name))
    return LoadedPack(pack, PackReport(pack.name, pack.path, PackState.FAILED, problems=(problem,)), is_broken=True)


def _manifest(pack: Pack) -> tuple[Manifest, tuple[PackProblem, ...]]:
    try:
        return read_manifest(pack), ()
    except ManifestError as error:
        problem = PackProblem(str(error), str(pack.folder / "pyproject.toml"), remedy="Mend the file, or remove it.")
        return Manifest(pack.name), (problem,)


def _import(pack: Pack, manifest: Manifest) -> _Imported:
    """Import the entry, and then each file with nodes; one that fails does not keep the others away."""
    try:
        modules = [import_entry(pack)]
    except BaseException as error:
        return _Imported((), (problem_of(error, pack, manifest),))
    problems = []
    for path in node_files(pack):
        try:
            modules.append(import_file(pack, path))
        except BaseException as error:
            problems.append(problem_of(error, pack, manifest))
    return _Imported(tuple(modules), tuple(problems))


def _adapt(pack: Pack, manifest: Manifest, imported: _Imported) -> tuple[Adapted, list[PackProblem]]:
    if not imported.modules:
        return Adapted(), []
    try:
        return adapt(pack, imported.modules), []
    except BaseException as error:  # code of the pack may run here too
        return Adapted(), [problem_of(error, pack, manifest, lead="Its nodes could not be read. ")]


def _own_specs(pack: Pack, found: Adapted) -> tuple[tuple[NodeSpec, ...], list[PackProblem]]:
    """Return the node types, each name once, as belonging to the pack whatever its modules are called."""
    specs: dict[str, NodeSpec] = {}
    twice = []
    for spec in found.specs:
        is_inside = spec.module == pack.module or spec.module.startswith(f"{pack.module}.")
        spec = spec if is_inside else replace(spec, module=pack.module)
        if specs.setdefault(spec.name, spec) is not spec:
            file, line = place_of_node(spec)
            message = f'The pack has two nodes called "{spec.name}"; this one is left out.'
            twice.append(PackProblem(message, file, line, "Rename one: @node(name=…)."))
    return tuple(specs.values()), twice


def _web_folders(
    pack: Pack, manifest: Manifest, found: Adapted
) -> tuple[tuple[tuple[str, Path], ...], list[PackProblem]]:
    """Return the folders for browsers, by the name under which they are served, and those that are not there."""
    named = [(manifest.name if kind_of(pack) == "comfyui" else pack.name, manifest.web)]
    named += [(pack.name, found.web_directory)]
    folders = {name: pack.folder / web for name, web in named if web}
    lost = [
        PackProblem(f"Its folder for browsers, {folder}, is not there.", str(pack.entry), remedy="Correct its name.")
        for folder in folders.values()
        if not folder.is_dir()
    ]
    return tuple((name, folder.resolve()) for name, folder in folders.items() if folder.is_dir()), lost


def _nothing_in_it(pack: Pack, brings: object) -> tuple[PackProblem, ...]:
    if brings:
        return ()
    message = "There is nothing in it: no function with @node, no NODE_CLASS_MAPPINGS, no comfy_entrypoint."
    remedy = "Put @node(category=…) above a function (docs/nodes.md), or move what is no pack out of custom_nodes."
    return (PackProblem(message, str(pack.path), None, remedy),)


def _state(brings: object, problems: object) -> PackState:
    if not problems:
        return PackState.LOADED
    return PackState.PARTLY if brings else PackState.FAILED


@contextmanager
def _event_loop() -> Iterator[None]:
    """Give the thread a loop: some packs ask for one while they are imported."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()
