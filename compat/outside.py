"""Whether a method of a class may say something else when it is called again: it asks modules, files, lists that change.

may_change(Blur, "INPUT_TYPES")  # False: all that it names are constants

Wrong only on the careful side: what cannot be told is said to change.
"""

from __future__ import annotations

import builtins
import dis
import inspect
from types import CodeType, FunctionType, ModuleType
from typing import Any

FIXED_MODULES = frozenset({"math", "sys", "string"})
READERS = frozenset({"open", "__import__", "eval", "exec", "compile", "input", "globals", "vars", "getattr"})
FIXED = (int, float, complex, str, bytes, bool, type(None), type(...))
IMPORT = dis.opmap["IMPORT_NAME"]


def may_change(cls: type, name: str) -> bool:
    """Return whether what a method returns may depend on more than constants."""
    return _Look(cls).changes(inspect.getattr_static(cls, name, None))


class _Look:
    """What was seen of the functions that a method calls."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        self._seen: set[CodeType] = set()

    def changes(self, value: Any) -> bool:
        """Return whether something that a function names may change."""
        if isinstance(value, classmethod | staticmethod):
            value = value.__func__
        if isinstance(value, ModuleType):
            return value.__name__ not in FIXED_MODULES
        if isinstance(value, FunctionType):
            return self._function_changes(value)
        if isinstance(value, tuple):
            return any(map(self.changes, value))
        return not isinstance(value, FIXED)

    def _function_changes(self, function: FunctionType) -> bool:
        if function.__code__ in self._seen:
            return False
        self._seen.add(function.__code__)
        if function.__closure__:
            return True
        return any(self._code_changes(code, function.__globals__) for code in _codes(function.__code__))

    def _code_changes(self, code: CodeType, names: dict[str, Any]) -> bool:
        if IMPORT in code.co_code[::2]:
            return True
        for name in code.co_names:  # names and attributes alike: one may be a global and an attribute of the class
            if name in names and self.changes(names[name]):
                return True
            if name in READERS and name not in names and hasattr(builtins, name):
                return True
            if not name.startswith("__") and self.changes(inspect.getattr_static(self._cls, name, None)):
                return True
        return False


def _codes(code: CodeType) -> list[CodeType]:
    """Return a function's code and that of the comprehensions and functions in it."""
    found = [code]
    for each in found:  # grows
        found += [constant for constant in each.co_consts if isinstance(constant, CodeType)]
    return found
