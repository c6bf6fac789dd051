"""The process that looks at one pack: `python -m runtime.pack_check.child PACK FOLDER SECONDS`.

In FOLDER it leaves what the pack's files say (BEFORE), all of it once the pack is loaded (AFTER), and where the pack was when
the process crashed or the time was over (TRACE).
"""

from __future__ import annotations

import faulthandler
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from compat.routes.additions import added_web_folders
from files.packs import Manifest, ManifestError, Pack, read_manifest
from graph.registry import Registry
from runtime.engine import Studio, open_studio
from runtime.pack_check.apart import AFTER, BEFORE, TRACE, pack_at
from runtime.pack_check.features import Seen, features_of
from runtime.pack_check.names import lacking, noted_patches, of_comfyui, patches
from runtime.pack_check.report import PackCheck, Patch
from runtime.pack_check.requirements import unmet
from runtime.pack_check.scripts import THEIRS, scripts_of
from runtime.pack_check.sources import Use, scan
from runtime.packs.adapters import COMFYUI, kind_of, wants_comfyui
from runtime.packs.importing import package_of
from runtime.packs.joining import join
from runtime.packs.loading import LoadedPack, load_pack
from runtime.packs.opening import lend_process
from runtime.packs.stand_ins import StandIns
from runtime.settings import Settings

FOLDERS = ("custom_nodes", "input", "models", "output", "temp", "user")
Around = Callable[[PackCheck], AbstractContextManager[None]]


def main(pack: str, folder: str, seconds: str) -> None:
    """Look at a pack, and end at once: threads that it started are not waited for."""
    found = pack_at(Path(pack))
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as base:
        for name in FOLDERS:  # packs list what lies in them
            Path(base, name).mkdir()
        settings = Settings(base=Path(base), device="cpu")
        with open_studio(settings) as studio:
            check = examine(found, studio, settings, partial(_watched, Path(folder), float(seconds)))
        _put(Path(folder, AFTER), check)
    os._exit(0)


def examine(pack: Pack, studio: Studio, settings: Settings, around: Around = lambda before: nullcontext()) -> PackCheck:
    """Return all that there is to say of a pack, which is loaded into this process.

    around: what is entered while that is done; it is given what could be said before.
    """
    if wants_comfyui(pack) or kind_of(pack) == COMFYUI:
        lend_process(studio, settings, lambda: studio.registry)
    before, uses = look_at_files(pack)
    package_of([pack.path.parent])
    with around(before), ThreadPoolExecutor(1) as thread:  # a thread, as in the worker
        loaded = thread.submit(load_pack, pack, StandIns()).result()
    return with_loaded(before, loaded, uses, studio.registry)


@contextmanager
def _watched(folder: Path, limit_s: float, before: PackCheck) -> Iterator[None]:
    """Leave what is known, and where the process is if it crashes or does not come to an end."""
    _put(folder / BEFORE, before)
    with (folder / TRACE).open("w") as stream:
        faulthandler.enable(stream)
        faulthandler.dump_traceback_later(limit_s, exit=True, file=stream)
        yield
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()


def look_at_files(pack: Pack) -> tuple[PackCheck, tuple[Use, ...]]:
    """Return what can be said of a pack that is not imported, and the names of ComfyUI that it uses."""
    manifest, uses = _manifest(pack), scan(pack)
    theirs = of_comfyui(uses, pack)
    check = PackCheck(
        pack.name,
        str(pack.path),
        kind_of(pack),
        version=manifest.version,
        lacking=tuple(lacking(theirs)),
        patches=tuple(patches(theirs)),
        requirements=unmet(manifest, pack, uses),
        features=features_of(Seen((), frozenset(use.name for use in theirs))),
    )
    return check, tuple(theirs)


def with_loaded(check: PackCheck, loaded: LoadedPack, uses: tuple[Use, ...], builtin: Registry) -> PackCheck:
    """Add what became of the pack when it was loaded."""
    report = join(builtin, [loaded]).reports[check.name]
    kept = set(report.nodes)
    specs = tuple(spec for spec in loaded.specs if spec.name in kept)
    added = [Path(folder) for folder in added_web_folders().values()]
    scripts = tuple(scripts_of([*(folder for _, folder in loaded.web_folders), *added]))
    names = frozenset(use.name for use in uses)
    return replace(
        check,
        state=report.state.value,
        seconds=round(report.seconds, 3),
        nodes=report.nodes,
        problems=report.problems,
        notes=report.notes,
        features=features_of(Seen(specs, names, any(script.editor == THEIRS for script in scripts))),
        patches=tuple(_all_patches(check.patches)),
        scripts=scripts,
    )


def _all_patches(known: tuple[Patch, ...]) -> list[Patch]:
    names = {patch.name for patch in known}
    return [*known, *(patch for patch in noted_patches() if patch.name not in names)]


def _put(path: Path, check: PackCheck) -> None:
    """Write the result so that it is there wholly or not at all."""
    beside = path.with_suffix(".new")
    beside.write_bytes(check.document())
    beside.replace(path)


def _manifest(pack: Pack) -> Manifest:
    try:
        return read_manifest(pack)
    except ManifestError:
        return Manifest(pack.name)  # the report of the pack says what is wrong with it


if __name__ == "__main__":
    arguments: Any = sys.argv[1:]
    main(*arguments)
