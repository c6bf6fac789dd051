"""NodeNames: what ComfyUI's module `nodes` has, made when it is asked for, for our package of that name.

NodeNames().find("KSampler")             # a class made from the operator's spec
NodeNames().find("NODE_CLASS_MAPPINGS")  # all of them by name, and those of packs
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from compat.class_table import EXECUTE, Row, rows
from compat.current import raise_if_interrupted
from compat.node_classes import make_class
from compat.picture_saving import LoraKeeping, Saving, Showing
from compat.shims.finder import lent
from graph.spec import NodeSpec
from nodes.sockets import MAX_RESOLUTION

logger = logging.getLogger(__name__)

OURS = "nodes"
MODULES = (
    "folder_paths",
    "comfy",
    "node_helpers",
    "latent_preview",
    "torch",
    "os",
    "json",
    "math",
    "random",
    "hashlib",
)
HAND_MADE: Mapping[str, type] = {"SaveImage": Saving, "PreviewImage": Showing, "LoraLoader": LoraKeeping}


class NodeNames:
    """The names of the module, for the machine that is lent now."""

    def __init__(self) -> None:
        self.classes: dict[str, type] = {}
        self.display_names: dict[str, str] = {}
        self.web_folders: dict[str, str] = {}
        self.loaded_folders: dict[str, str] = {}
        self._rows = {row.operator: row for row in rows()}
        self._own: dict[str, type] = {}  # as they were made here
        self._is_filled = False
        self._waiting: dict[str, type] = {}  # that joined before anybody asked for classes
        self._constants: dict[str, Any] = {
            "MAX_RESOLUTION": MAX_RESOLUTION,
            "EXTENSION_WEB_DIRS": self.web_folders,
            "LOADED_MODULE_DIRS": self.loaded_folders,
            "before_node_execution": raise_if_interrupted,
            "interrupt_processing": interrupt_processing,
            "get_module_name": module_name,
            "load_custom_node": self.load_custom_node,
            "common_ksampler": _lazily("compat.ksampler", "common_ksampler"),
        }

    def find(self, name: str) -> Any:
        """Return what the module has under a name; KeyError if it has nothing."""
        if name in self._constants:
            return self._constants[name]
        if name in MODULES:
            return importlib.import_module(name)
        self._fill()
        if name == "NODE_CLASS_MAPPINGS":
            return self.classes
        if name == "NODE_DISPLAY_NAME_MAPPINGS":
            return self.display_names
        row = self._rows.get(name)
        if row is None or row.module != OURS:
            raise KeyError(name)
        return self._own[name]

    def of_module(self, module: str) -> dict[str, type]:
        """Return the classes of another module of ComfyUI, by their names in it."""
        self._fill()
        found = (row for row in self._rows.values() if row.module == module and row.operator in self._own)
        return {row.cls: self._own[row.operator] for row in found}

    def join(self, classes: Mapping[str, type], display_names: Mapping[str, str] | None = None) -> None:
        """Add the classes of a pack that was loaded, so that others find them; operators of ours keep their names.

        Those that give way do not.
        """
        self._waiting.update(classes)
        self.display_names.update(display_names or {})
        if self._is_filled:
            self._admit()

    def strangers(self) -> dict[str, type]:
        """Return the classes that packs put into NODE_CLASS_MAPPINGS and that are no node types here yet."""
        if not self._is_filled and not self._waiting:
            return {}
        self._fill()
        known = lent().registry()
        return {name: cls for name, cls in self.classes.items() if cls is not self._own.get(name) and name not in known}

    async def load_custom_node(self, module_path: str, ignore: Any = (), module_parent: str = "custom_nodes") -> bool:
        """Import a pack's file or folder and join its classes; False, with a line in the log, if that fails."""
        name = module_name(module_path)
        file = module_path if os.path.isfile(module_path) else os.path.join(module_path, "__init__.py")
        try:
            module = _import_file(f"{module_parent}.{name}", file)
        except Exception:
            logger.exception("%s cannot be loaded.", module_path)
            return False
        classes = getattr(module, "NODE_CLASS_MAPPINGS", None) or {}
        self.loaded_folders[name] = os.path.dirname(os.path.abspath(file))
        self.join(
            {key: cls for key, cls in classes.items() if key not in ignore},
            getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None),
        )
        return bool(classes)

    def _fill(self) -> None:
        if self._is_filled:
            return
        self._is_filled = True
        for name, spec in sorted(lent().registry().by_name.items()):
            if spec.module.partition(".")[0] == OURS:
                made = self._class_of(name, spec)
                if spec.gives_way:
                    self.classes[name] = made
                else:
                    self._own[name] = made
                self.display_names.setdefault(name, spec.display_name)
        self.classes.update(self._own)
        self._admit()

    def _admit(self) -> None:
        """Let those in that joined; names of operators of ours are taken."""
        self.classes.update({name: cls for name, cls in self._waiting.items() if name not in self._own})
        self._waiting.clear()

    def _class_of(self, name: str, spec: NodeSpec) -> type:
        if name in self._own:
            return self._own[name]
        row = self._rows.get(name) or Row(name, OURS, name, None, (EXECUTE,), ())
        bases = [HAND_MADE[name]] if name in HAND_MADE else []
        if row.base is not None:
            parent = self._own[row.base] = self._class_of(row.base, lent().registry().by_name[row.base])
            bases.append(parent)
        by_hand = {method: getattr(base, method) for base in bases for method in row.methods if hasattr(base, method)}
        return make_class(spec, row, lent(), tuple(bases), **by_hand)


def interrupt_processing(value: bool = True) -> None:
    """End the run."""
    importlib.import_module("comfy.model_management").interrupt_current_processing(value)


def module_name(module_path: str) -> str:
    """Return the name of a pack, by its path."""
    name = os.path.basename(module_path)
    return os.path.splitext(name)[0] if os.path.isfile(module_path) else name


def _lazily(module: str, name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    call.__name__ = name
    return call


def _import_file(name: str, file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
