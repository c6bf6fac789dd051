"""Names of ComfyUI that a pack uses: which of them are not here, and which it replaces without effect.

lacking(uses)  # [Lack("comfy.sd.load_clip", "…/nodes.py", 12)]

Modules are asked, so the finder must be installed. What hangs on objects that are neither modules nor classes is not looked at.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from compat.routes.additions import prompt_server
from compat.shim_module import HEEDED, NOTED, ShimModule
from compat.shims.finder import OURS, installed
from files.packs import Pack
from runtime.pack_check.report import Lack, Patch
from runtime.pack_check.sources import Use

ONLY_THERE = frozenset({"api_server", "app", "comfy_config", "comfyui_version", "cuda_malloc"})
"""Further modules of ComfyUI, of which Weft has nothing."""


def tops() -> frozenset[str]:
    """Return the first words of ComfyUI's modules."""
    finder = installed()
    return ONLY_THERE | {OURS} | (frozenset() if finder is None else finder.names)


def of_comfyui(uses: Iterable[Use], pack: Pack) -> list[Use]:
    """Return the uses of ComfyUI's modules; those of which the pack has its own are none."""
    wanted = tops() - own_modules(pack)
    return [use for use in uses if use.name.partition(".")[0] in wanted]


def own_modules(pack: Pack) -> frozenset[str]:
    """Return the names that a pack's own files and folders would be imported by."""
    if pack.is_file:
        return frozenset()
    kept = {path.stem for path in pack.path.rglob("*.py")}
    folders = {path.parent.name for path in pack.path.rglob("*.py")}
    return frozenset(kept | folders) - {OURS, "comfy", "server"}  # a pack's nodes.py is imported from `.`


def lacking(uses: Iterable[Use]) -> list[Lack]:
    """Return what is not here, each name once for each file."""
    found: dict[tuple[str, str], Lack] = {}
    for use in uses:
        name = _missing_part(use.name)
        if name is not None:
            lack = Lack(name, str(use.file), use.line, use.is_optional, use.is_late)
            before = found.setdefault((name, lack.file), lack)
            if before.is_optional and not lack.is_optional:
                found[name, lack.file] = lack
    return list(found.values())


def patches(uses: Iterable[Use]) -> Iterator[Patch]:
    """Yield what the files of a pack assign in ComfyUI's modules and classes, if it is here and nobody heeds it."""
    for use in uses:
        owner, _, name = use.name.rpartition(".")
        holder = _found(owner) if use.is_set else None
        is_heeded = isinstance(holder, ModuleType) and name in vars(holder).get(HEEDED, ())
        if isinstance(holder, ModuleType | type) and not is_heeded:
            yield Patch(use.name, str(use.file), use.line)


def noted_patches() -> Iterator[Patch]:
    """Yield what was assigned in ComfyUI's modules while packs were loaded."""
    for module in list(sys.modules.values()):
        if isinstance(module, ShimModule):
            yield from (Patch(f"{module.__name__}.{name}") for name in sorted(vars(module).get(NOTED, ())))


def _found(name: str) -> Any:
    """Return what a dotted name stands for, None if it is not here."""
    value: Any = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        value = _step(value, ".".join(parts[:count]))
        if value is None:
            return None
    return value


@cache
def _missing_part(name: str) -> str | None:
    """Return the first part of a dotted name that is not here."""
    parts, value = name.split("."), None
    for count in range(1, len(parts) + 1):
        path = ".".join(parts[:count])
        value = _step(value, path)
        if value is None:
            return path
        if not isinstance(value, ModuleType | type) and value is not prompt_server():
            return None
    return None


def _step(value: Any, path: str) -> Any:
    """Return the last part of a path, which is looked for in the value of what is before it; None if there is none."""
    name = path.rpartition(".")[2]
    if isinstance(value, type) or (value is not None and value is prompt_server()):
        return _of_object(value, name)
    if isinstance(value, ModuleType):
        try:
            found = getattr(value, name)
            return ... if found is None else found
        except (AttributeError, ImportError):
            pass
    elif value is not None:
        return ...
    try:
        return importlib.import_module(path)
    except ImportError:
        return None


def _of_object(value: Any, name: str) -> Any:
    """Look without calling anything, since properties may start threads."""
    found = inspect.getattr_static(value, name, None)
    if name == "instance" and found is not None:
        return getattr(value, name)
    if found is None and (hasattr(value, name) if isinstance(value, type) else hasattr(type(value), "__getattr__")):
        return ...
    return ... if found is None and name in getattr(value, "__annotations__", ()) else found
