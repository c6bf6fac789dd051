"""The kinds of packs that there are, and how nodes are found in each: the one place that a further kind joins.

kind_of(pack)                     # "comfyui", from its text
adapt(pack, [module, …]).specs    # its node types
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from files.packs import Pack
from graph.registry import specs_in
from graph.spec import NodeSpec

WEFT, COMFYUI = "weft", "comfyui"
_FOR_COMFYUI = re.compile(rb"\bNODE_CLASS_MAPPINGS\b|\bcomfy_entrypoint\b")


class Adapted(NamedTuple):
    """What was found in a pack. problems: nodes that are left out, and why."""

    specs: tuple[NodeSpec, ...] = ()
    web_directory: str | None = None
    problems: tuple[str, ...] = ()


def kind_of(pack: Pack) -> str:
    """Return for what a pack was written, without importing it."""
    paths = [pack.path] if pack.is_file else [pack.entry, *pack.path.glob("*.py")]
    return COMFYUI if any(_FOR_COMFYUI.search(_bytes(path)) for path in paths) else WEFT


def adapt(pack: Pack, modules: Sequence[ModuleType]) -> Adapted:
    """Return the node types of a pack whose modules are imported, its entry first."""
    native = _native(pack, modules)
    if kind_of(pack) != COMFYUI:
        return native
    from compat.packs import adapt as adapt_for_comfyui  # only where such a pack is

    found = adapt_for_comfyui(modules[0], pack.name)
    return Adapted((*native.specs, *found.specs), found.web_directory, found.problems)


def _native(pack: Pack, modules: Sequence[ModuleType]) -> Adapted:
    found = {id(spec.function): spec for module in modules for spec in specs_in(module) if _is_own(spec, pack)}
    return Adapted(tuple(found.values()))


def _is_own(spec: NodeSpec, pack: Pack) -> bool:
    """Whether a pack defines a node, and has not only imported it to call it."""
    if spec.module == pack.module or spec.module.startswith(f"{pack.module}."):
        return True
    code = getattr(spec.function, "__code__", None)
    return code is not None and Path(code.co_filename).is_relative_to(pack.path)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
