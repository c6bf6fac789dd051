"""ShimModule: a module that says in a sentence what it has not, and tells when a pack patches what nobody will call.

comfy.utils.nope                  # AttributeError: comfy.utils has no "nope" in Weft …
comfy.samplers.sample = patched   # a warning, once: the engine does not call it
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from compat.importing import is_import_from, pack_in_words

logger = logging.getLogger(__name__)

HEEDED = "__heeded__"  # in a module: the names that may be assigned from outside, with effect
NOTED = "__noted__"  # and those whose assignment was told


class ShimModule(ModuleType):
    """One module of ComfyUI."""

    def __getattr__(self, name: str) -> Any:
        make: Callable[[], Any] | None = vars(self).get("__lazy__", {}).get(name)
        if make is None:
            return missing(self.__name__, name)
        value = vars(self)[name] = make()
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        is_module = isinstance(value, ModuleType) and sys.modules.get(f"{self.__name__}.{name}") is value
        if not (is_module or name.startswith("__") or name in vars(self).get(HEEDED, ())):
            note_patch(vars(self).setdefault(NOTED, set()), self.__name__, name)
        super().__setattr__(name, value)


def missing(module: str, name: str) -> NoReturn:
    """Raise what tells that a module has no such name: ImportError for `from module import name`, else AttributeError."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("compat."):
        frame = frame.f_back
    if name.startswith("__"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    sentence = (
        f'{module} has no "{name}" in Weft, which {pack_in_words()} asks for. What needs it does not work there; '
        "the rest of the pack may."
    )
    if is_import_from(frame):
        raise ImportError(sentence, name=module)
    raise AttributeError(sentence, name=name)


def note_patch(noted: set[str], owner: str, name: str) -> None:
    """Tell once that a pack replaced something that the engine does not go through."""
    if name in noted:
        return
    noted.add(name)
    who = pack_in_words()
    logger.warning(
        "%s replaced %s.%s. Other packs see that; Weft's own nodes and engine do not go through it.",
        who[0].upper() + who[1:],
        owner,
        name,
    )
