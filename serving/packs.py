"""What node packs give to browsers: scripts, translations, examples, subgraphs, and names of nodes that replace others.

Files are looked up in the packs' folders (`custom_nodes/NAME`), whether the packs are loaded or not, as ComfyUI does.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from files.containment import names_below

logger = logging.getLogger(__name__)
EXAMPLE_FOLDERS = ("example_workflows", "example", "examples", "workflow", "workflows")
LOCALE_FILES = ("nodeDefs", "commands", "settings")  # JSON files beside main.json, each under its name
SCRIPTS = frozenset({".js"})
OWN_SCRIPTS = "weft"  # the folder in a pack's web folder whose scripts are for our own editor, and for no other


class Subgraph(NamedTuple):
    """A subgraph's file in a pack."""

    id: str
    pack: str
    path: Path

    def describe(self) -> dict[str, Any]:
        """Return it in ComfyUI's shape."""
        return {"source": "custom_node", "name": self.path.stem, "info": {"node_pack": f"custom_nodes.{self.pack}"}}


def pack_folders(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders of packs, by name; those that are switched off (`NAME.disabled`) and hidden ones are none."""
    for root in roots:
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith((".", "__")) and folder.suffix != ".disabled":
                yield folder


def find_scripts(folder: Path) -> list[str]:
    """Return the scripts below a folder, as names from there; not those of our own editor (serving.editor_scripts)."""
    names = names_below(folder, SCRIPTS) if folder.is_dir() else ()
    return sorted(name for name in names if not name.startswith(f"{OWN_SCRIPTS}/"))


def find_examples(roots: Iterable[Path]) -> dict[str, list[str]]:
    """Return the names of example workflows by pack."""
    found = {
        folder.name: [path.stem for name in EXAMPLE_FOLDERS for path in sorted((folder / name).glob("*.json"))]
        for folder in pack_folders(roots)
    }
    return {pack: names for pack, names in found.items() if names}


def find_subgraphs(roots: Iterable[Path]) -> list[Subgraph]:
    """Return the subgraphs of all packs."""
    paths = [path for folder in pack_folders(roots) for path in sorted((folder / "subgraphs").glob("*.json"))]
    return [Subgraph(_id_of(path), path.parent.parent.name, path) for path in paths]


def gather_translations(roots: Iterable[Path]) -> dict[str, Any]:
    """Return the texts of all packs by language; packs that come later add to and replace what earlier ones say."""
    found: dict[str, Any] = {}
    for pack in pack_folders(roots):
        for folder in sorted((pack / "locales").glob("*/")):
            texts = _load(folder / "main.json")
            texts |= {name: more for name in LOCALE_FILES if (more := _load(folder / f"{name}.json"))}
            if texts:
                found[folder.name] = merge(found.get(folder.name, {}), texts)
    return found


def merge(base: Any, more: Any) -> Any:
    """Return two JSON values as one: objects are merged, lists joined, other values replaced."""
    if isinstance(base, dict) and isinstance(more, dict):
        return base | {key: merge(base[key], value) if key in base else value for key, value in more.items()}
    if isinstance(base, list) and isinstance(more, list):
        return base + more
    return more


def _load(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        logger.warning("%s is left out: it is not JSON (%s).", path, error)
        return {}
    return document if isinstance(document, dict) else {}


def _id_of(path: Path) -> str:
    return hashlib.sha256(f"custom_node{path.as_posix()}".encode()).hexdigest()
