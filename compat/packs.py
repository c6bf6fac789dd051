"""Node packs written for ComfyUI, once imported: their nodes as NodeSpecs.

adapted = adapt(module, "blur")
adapted.specs, adapted.problems  # ("The node Bad is left out: the class Bad has no RETURN_TYPES.",)
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from compat.coroutines import result_of
from compat.legacy_class import BadClass, Place, spec_of_class
from graph.spec import NodeSpec

CLASSES, NAMES, ENTRY, WEB = (
    "NODE_CLASS_MAPPINGS",
    "NODE_DISPLAY_NAME_MAPPINGS",
    "comfy_entrypoint",
    "WEB_DIRECTORY",
)


class Adapted(NamedTuple):
    """What a pack brings. `web_directory`: as the pack says it, from its own folder. `problems`: what is left out, and why."""

    specs: tuple[NodeSpec, ...]
    web_directory: str | None = None
    problems: tuple[str, ...] = ()


def is_for_comfyui(module: ModuleType) -> bool:
    """Return whether a module brings nodes, or an extension, as ComfyUI looks for them."""
    return getattr(module, CLASSES, None) is not None or callable(getattr(module, ENTRY, None))


def adapt(module: ModuleType, pack_name: str) -> Adapted:
    """Return the nodes of a pack; one that cannot be used is left out with a sentence, and the others work.

    As in ComfyUI, a module with classes is not asked for an extension.
    """
    classes = getattr(module, CLASSES, None)
    if classes is None and callable(getattr(module, ENTRY, None)):
        from compat.v3.extension import specs_of_extension  # it imports this module

        found: Adapted = result_of(specs_of_extension(module, pack_name))
        return found
    specs, problems = list[NodeSpec](), list[str]()
    for name, cls in classes.items() if isinstance(classes, Mapping) else ():
        try:
            specs.append(_spec(name, cls, Place(module.__name__, pack_name), getattr(module, NAMES, None)))
        except BadClass as error:
            problems.append(f"The node {name} is left out: {error}.")
        except Exception as error:  # the pack's code: attributes may be properties
            sentence = f"its class cannot be read: {type(error).__name__}: {error}"
            problems.append(f"The node {name} is left out, as {sentence}.")
    web = getattr(module, WEB, None)
    return Adapted(tuple(specs), str(web) if isinstance(web, str) else None, tuple(problems))


def _spec(name: Any, cls: Any, place: Place, names: Any) -> NodeSpec:
    if not isinstance(name, str):
        raise BadClass(f"{CLASSES} has it under {type(name).__name__}, not under a text")
    if hasattr(cls, "GET_SCHEMA"):
        from compat.v3.spec import spec_of_v3  # only where such a class is

        return spec_of_v3(cls, place.pack, name)
    display_name = names.get(name) if isinstance(names, Mapping) else None
    return spec_of_class(name, cls, place, None if display_name is None else str(display_name))
