"""Packs as modules: `custom_nodes.NAME`, whatever NAME is, imported, taken out again and put back.

package_of([Path("custom_nodes")])       # the package `custom_nodes`, without a file of its own
module = import_entry(pack)              # also of a name such as "ComfyUI-Rain", and of a folder without __init__.py
kept = take_out(pack)                    # all modules that lie in the pack's folder
put_back(pack, kept)
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from files.packs import Pack

PACKAGE = "custom_nodes"
MARK = re.compile(r"^@([\w.]+\.)?node\(", re.MULTILINE)  # a file that has both is imported, though nothing else may
SOURCE = "graph.spec"
INSTALLED = "site-packages"
FRESH_S = 5.0  # bytecode tells sources apart by size and whole seconds: an edit may be too quick for it


def package_of(roots: Iterable[Path]) -> ModuleType:
    """Return the package that packs lie in; it finds those in `roots` under their names, if these are identifiers."""
    package = sys.modules.get(PACKAGE)
    if package is None:
        package = ModuleType(PACKAGE, "Node packs.")
        package.__spec__ = ModuleSpec(PACKAGE, None, is_package=True)
        sys.modules[PACKAGE] = package
    package.__path__ = [str(root) for root in roots]
    return package


def import_entry(pack: Pack) -> ModuleType:
    """Return the module of a pack, newly made; whatever it raises passes through, and the module is gone then."""
    module = importlib.util.module_from_spec(_spec_of(pack))
    sys.modules[pack.module] = module
    try:
        if module.__spec__ is not None and module.__spec__.loader is not None and pack.entry.is_file():
            module.__spec__.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(pack.module, None)
        raise
    module = sys.modules[pack.module]  # a module may put another in its place
    setattr(sys.modules[PACKAGE], pack.module.removeprefix(f"{PACKAGE}."), module)
    return module


def node_files(pack: Pack) -> Iterator[Path]:
    """Yield the files directly in a pack's folder, but for its entry, that define nodes."""
    for path in () if pack.is_file else sorted(pack.path.glob("*.py")):
        if path != pack.entry and not path.name.startswith(("_", "test_")) and _has_nodes(_text(path)):
            yield path


def import_file(pack: Pack, path: Path) -> ModuleType:
    """Return a file of a pack as a module."""
    return importlib.import_module(f"{pack.module}.{path.stem}")


def modules_of(pack: Pack) -> dict[str, ModuleType]:
    """Return all modules that lie in a pack, also those that it found through sys.path under names of their own."""
    return {name: module for name, module in list(sys.modules.items()) if _belongs(name, module, pack)}


def take_out(pack: Pack) -> dict[str, ModuleType]:
    """Let the next import of a pack read its files again; return what was there."""
    found = modules_of(pack)
    for name in found:
        del sys.modules[name]
    _forget_bytecode(pack)
    importlib.invalidate_caches()
    return found


def put_back(pack: Pack, modules: Mapping[str, ModuleType]) -> None:
    """Have these modules in place of those that came since."""
    for name in modules_of(pack):
        del sys.modules[name]
    sys.modules.update(modules)
    if pack.module in modules and PACKAGE in sys.modules:
        setattr(sys.modules[PACKAGE], pack.module.removeprefix(f"{PACKAGE}."), modules[pack.module])


def _spec_of(pack: Pack) -> ModuleSpec:
    folders = None if pack.is_file else [str(pack.path)]
    if pack.entry.is_file():
        spec = importlib.util.spec_from_file_location(pack.module, pack.entry, submodule_search_locations=folders)
        if spec is not None:
            return spec
    spec = ModuleSpec(pack.module, None, is_package=True)
    spec.submodule_search_locations = folders
    return spec


def _belongs(name: str, module: object, pack: Pack) -> bool:
    if name == pack.module or name.startswith(f"{pack.module}."):
        return True
    file = getattr(module, "__dict__", {}).get("__file__")
    if not isinstance(file, str) or INSTALLED in file:
        return False
    return file == str(pack.path) if pack.is_file else file.startswith(f"{pack.path}{os.sep}")


def _forget_bytecode(pack: Pack) -> None:
    """Remove the bytecode of files that were written a moment ago."""
    for path in [pack.path] if pack.is_file else pack.path.rglob("*.py"):
        with suppress(OSError):
            if abs(time.time() - path.stat().st_mtime) < FRESH_S:
                Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def _has_nodes(text: str) -> bool:
    return SOURCE in text and MARK.search(text) is not None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
