"""The finder: what packs import of ComfyUI is found in compat/shims, under its public name and behind everything else.

    finder = install(machine)
    import folder_paths           # compat/shims/folder_paths.py
    from comfy.utils import nope  # ImportError: comfy.utils has no "nope" in Weft, which …

Nothing is put on sys.path: a package of the user that has one of the names wins.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from compat.importing import pack_in_words
from compat.machine import Machine
from compat.shim_module import ShimModule, missing

N = TypeVar("N")
HERE = Path(__file__).parent
MADE = "made_module"  # in a package's __init__: what gives the modules in it that have no file
NAMES = "__comfyui__"  # in our package: its NodeNames
OURS = "nodes"  # is a package of Weft and a module of ComfyUI: it answers for both


class ShimLoader(SourceFileLoader):
    """Loads a file of compat/shims as a module that can say what it has not."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return an empty module."""
        return ShimModule(spec.name)


class MadeLoader(ShimLoader):
    """Fills a module from a mapping in place of a file."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        super().__init__(name, str(HERE / "made.py"))
        self._values = values

    def exec_module(self, module: ModuleType) -> None:
        """Put the values into the module."""
        vars(module).update(self._values)


class ShimFinder(MetaPathFinder):
    """Finds the modules of compat/shims, for one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.names = frozenset(path.stem for path in HERE.iterdir() if path.suffix in ("", ".py")) - {
            "__init__",
            "finder",
        }

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module lies; ModuleNotFoundError, with a sentence, if it is one of ComfyUI's that we lack."""
        top = fullname.partition(".")[0]
        if top not in self.names or top.startswith("_"):
            return None
        place = HERE.joinpath(*fullname.split("."))
        for file, is_package in ((place / "__init__.py", True), (place.with_suffix(".py"), False)):
            if file.is_file():
                return _spec(fullname, file, is_package)
        return self._made(fullname) or self._refuse(fullname)

    def _made(self, fullname: str) -> ModuleSpec | None:
        parent, _, name = fullname.rpartition(".")
        make: Callable[[str], Mapping[str, Any] | None] | None = vars(sys.modules[parent]).get(MADE)
        values = None if make is None else make(name)
        return None if values is None else spec_from_loader(fullname, MadeLoader(fullname, values))

    def _refuse(self, fullname: str) -> ModuleSpec | None:
        sentence = (
            f"{fullname} is a module of ComfyUI that Weft does not have; {pack_in_words()} imports it. "
            "What needs it does not work there; the rest of the pack may."
        )
        raise ModuleNotFoundError(sentence, name=fullname)


def _spec(fullname: str, file: Path, is_package: bool) -> ModuleSpec | None:
    loader = ShimLoader(fullname, str(file))
    spec = spec_from_file_location(fullname, file, loader=loader)
    if spec is not None:
        spec.submodule_search_locations = [] if is_package else None  # [] leads every search for submodules to us
    return spec


def installed() -> ShimFinder | None:
    """Return the finder that is in place."""
    return next((finder for finder in sys.meta_path if isinstance(finder, ShimFinder)), None)


def lent() -> Machine:
    """Return the machine that shims work with; ImportError if none is installed."""
    finder = installed()
    if finder is None:
        raise ImportError("The modules of ComfyUI are not installed in this process; call compat.shims.finder.install.")
    return finder.machine


def install(machine: Machine) -> ShimFinder:
    """Let the modules of ComfyUI be found from now on; nothing happens if they are, for this machine."""
    finder = installed()
    if finder is not None and finder.machine is machine:
        return finder
    uninstall()
    finder = ShimFinder(machine)
    sys.meta_path.append(finder)
    _join_nodes()
    return finder


def uninstall() -> None:
    """Take everything back, loaded modules too."""
    finder = installed()
    if finder is None:
        return
    sys.meta_path.remove(finder)
    for name in [name for name in sys.modules if name.partition(".")[0] in finder.names]:
        if isinstance(sys.modules[name], ShimModule):
            del sys.modules[name]
    for name in ("__getattr__", NAMES):
        vars(sys.modules[OURS]).pop(name, None)
    sys.modules[OURS].__class__ = ModuleType


def node_names(make: Callable[[], N]) -> N:
    """Return what answers for ComfyUI's module `nodes`, compat.node_names.NodeNames, made when it is first asked for."""
    module = vars(sys.modules[OURS])
    if NAMES not in module:
        module[NAMES] = make()
    found: N = module[NAMES]
    return found


def _join_nodes() -> None:
    """Let our package `nodes` answer for ComfyUI's module of that name: what it has not, compat.node_names gives."""
    module = importlib.import_module(OURS)
    module.__class__ = ShimModule

    def find(name: str) -> Any:
        from compat.node_names import NodeNames

        try:
            return node_names(NodeNames).find(name)
        except KeyError:
            return missing(OURS, name)

    vars(module)["__getattr__"] = find
