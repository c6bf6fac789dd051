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
from compat.node_names import NodeNames
from compat.shims.finder import installed, node_names
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


def adapt(module: ModuleType, pack_name: str) -> Adapted:
    """Return the nodes of a pack; one that cannot be used is left out with a sentence, and the others work.

    Its classes, and those that it put into ComfyUI's own mapping while it was imported, are found by other packs then.
    """
    place, names = Place(module.__name__, pack_name), getattr(module, NAMES, None)
    found = _extension(module, place) or _classes(getattr(module, CLASSES, None), names, place)
    found = found._replace(web_directory=_web(module))
    if installed() is None:
        return found
    shared = node_names(NodeNames)
    known = {spec.name for spec in found.specs}
    strangers = {name: cls for name, cls in shared.strangers().items() if name not in known and _is_from(cls, module)}
    more = _classes(strangers, shared.display_names, place)
    found = found._replace(specs=found.specs + more.specs, problems=found.problems + more.problems)
    classes = {spec.name: getattr(spec.adapter, "cls", None) for spec in found.specs}  # adapters of either kind have it
    shared.join({name: cls for name, cls in classes.items() if cls is not None})
    return found


def _extension(module: ModuleType, place: Place) -> Adapted | None:
    """Return what a module's entry gives; as in ComfyUI, one with classes is not asked."""
    if getattr(module, CLASSES, None) is not None or not callable(getattr(module, ENTRY, None)):
        return None
    from compat.v3.extension import specs_of_extension  # it imports this module

    found: Adapted = result_of(specs_of_extension(module, place.pack))
    return found


def _classes(classes: Any, names: Any, place: Place) -> Adapted:
    specs, problems = list[NodeSpec](), list[str]()
    for name, cls in classes.items() if isinstance(classes, Mapping) else ():
        try:
            specs.append(_spec(name, cls, place, names))
        except BadClass as error:
            problems.append(f"The node {name} is left out: {error}.")
        except Exception as error:  # the pack's code: attributes may be properties
            sentence = f"its class cannot be read: {type(error).__name__}: {error}"
            problems.append(f"The node {name} is left out, as {sentence}.")
    return Adapted(tuple(specs), None, tuple(problems))


def _web(module: ModuleType) -> str | None:
    folder = getattr(module, WEB, None)
    return str(folder) if isinstance(folder, str) else None


def _is_from(cls: Any, module: ModuleType) -> bool:
    return f"{getattr(cls, '__module__', '')}.".startswith(f"{module.__name__}.")


def _spec(name: Any, cls: Any, place: Place, names: Any) -> NodeSpec:
    if not isinstance(name, str):
        raise BadClass(f"{CLASSES} has it under {type(name).__name__}, not under a text")
    if hasattr(cls, "GET_SCHEMA"):
        from compat.v3.spec import spec_of_v3  # only where such a class is

        return spec_of_v3(cls, place.pack, name)
    display_name = names.get(name) if isinstance(names, Mapping) else None
    return spec_of_class(name, cls, place, None if display_name is None else str(display_name))
