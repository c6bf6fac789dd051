"""A pack's comfy_entrypoint: its extension, and the extension's nodes as NodeSpecs.

adapted = await specs_of_extension(module, "blur")
adapted.specs, adapted.problems
"""

from __future__ import annotations

import inspect
import logging
from types import ModuleType
from typing import Any

from compat.legacy_class import BadClass
from compat.packs import ENTRY, WEB, Adapted
from compat.v3.api import ComfyExtension
from compat.v3.spec import spec_of_v3
from graph.spec import NodeSpec

logger = logging.getLogger(__name__)


async def specs_of_extension(module: ModuleType, pack_name: str) -> Adapted:
    """Return what a pack's entry gives; what cannot be used is left out with a sentence."""
    web = getattr(module, WEB, None)
    folder = str(web) if isinstance(web, str) else None
    try:
        classes = await _classes(module)
    except BadClass as error:
        return Adapted((), folder, (f"{ENTRY}: {error}.",))
    except Exception as error:  # the pack's code
        logger.warning("%s: %s failed.", pack_name, ENTRY, exc_info=error)
        return Adapted((), folder, (f"{ENTRY} failed: {type(error).__name__}: {error}",))
    specs, problems = list[NodeSpec](), list[str]()
    for cls in classes:
        try:
            specs.append(spec_of_v3(cls, pack_name))
        except BadClass as error:
            problems.append(f"The node {getattr(cls, '__name__', cls)} is left out: {error}.")
    return Adapted(tuple(specs), folder, tuple(problems))


async def _classes(module: ModuleType) -> list[Any]:
    entry = getattr(module, ENTRY, None)
    if not callable(entry):
        raise BadClass("the module has no such function")
    extension = entry()
    if inspect.isawaitable(extension):
        extension = await extension
    if not isinstance(extension, ComfyExtension):
        raise BadClass(f"it returned {type(extension).__name__}, not a ComfyExtension")
    await extension.on_load()
    classes = await extension.get_node_list()
    if not isinstance(classes, list):
        raise BadClass(f"get_node_list returned {type(classes).__name__}, not a list")
    return classes
