"""What packs bring for this editor: the scripts directly in `weft/` of a pack's web folder, and what they import.

find_editor_scripts({"demo": Path("custom_nodes/demo/web")})  # [EditorScripts("demo", …, "3f…", ("demo.js",))]

ComfyUI's editor is told of all other scripts (`/extensions`) and not of these: the two know nothing of each other's API.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from files.containment import FolderError, names_below, resolved_below
from files.packs import ManifestError, find_packs, read_manifest
from serving.packs import OWN_SCRIPTS, SCRIPTS

logger = logging.getLogger(__name__)
WEB = "web"  # the web folder of packs that name none
ANY = frozenset[str]()


class EditorScripts(NamedTuple):
    """The scripts of a pack. names: from `folder`; version: changes with any file below it."""

    pack: str
    folder: Path
    version: str
    names: tuple[str, ...]


def find_web_folders(roots: Iterable[Path]) -> dict[str, Path]:
    """Return the web folders of packs as their manifests say, by pack, without loading one."""
    found: dict[str, Path] = {}
    for pack in find_packs(roots):
        try:
            folder = resolved_below(pack.path, read_manifest(pack).web or WEB)
        except (FolderError, ManifestError) as error:
            logger.warning("Scripts of %s are left out: %s", pack.name, error)
            continue
        if not pack.is_file and folder.is_dir():
            found[pack.name] = folder
    return found


def joined(told: Mapping[str, Path], found: Mapping[str, Path]) -> dict[str, Path]:
    """Return the web folders that loaded packs told, and those found beside them, each folder once."""
    known = {folder.resolve() for folder in told.values()}
    return {**{name: folder for name, folder in found.items() if folder.resolve() not in known}, **told}


def find_editor_scripts(web_folders: Mapping[str, Path]) -> list[EditorScripts]:
    """Return the scripts of all packs that have some, by name."""
    found = (_scripts_in(pack, web / OWN_SCRIPTS) for pack, web in sorted(web_folders.items()))
    return [scripts for scripts in found if scripts is not None]


def _scripts_in(pack: str, folder: Path) -> EditorScripts | None:
    if not folder.is_dir():
        return None
    files = sorted(names_below(folder, ANY))
    names = tuple(name for name in files if "/" not in name and Path(name).suffix in SCRIPTS)
    return EditorScripts(pack, folder, _version_of(folder, files), names) if names else None


def _version_of(folder: Path, files: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in files:
        try:
            status = (folder / name).stat()
        except OSError:  # it went a moment ago
            continue
        digest.update(f"{name}\0{status.st_mtime_ns}\0{status.st_size}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]
