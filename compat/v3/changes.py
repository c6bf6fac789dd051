"""Whether a V3 node may describe itself otherwise when it is asked again: it lists files, for example.

schema_may_change(Blur)  # False: define_schema names constants and io alone
"""

from __future__ import annotations

from enum import Enum
from types import FunctionType, ModuleType
from typing import Any

from compat.outside import may_change

API = ("comfy_api", "compat.v3")
DEFINE = "define_schema"


def schema_may_change(cls: Any) -> bool:
    """Return whether define_schema may depend on more than constants and what comfy_api gives. In doubt it may."""
    method = cls.define_schema
    function = getattr(method, "__func__", method)
    if not isinstance(function, FunctionType):
        return True
    names = _known(function.__globals__)
    stand_in = type(cls.__name__, (cls,), {DEFINE: classmethod(_with_names(function, names))})
    return may_change(stand_in, DEFINE)


def _known(names: dict[str, Any]) -> dict[str, Any]:
    """Return the names that a function sees, with what never changes as None; functions see the same names."""
    known = {name: None if _is_api(value) else value for name, value in names.items()}
    for name, value in known.items():
        if isinstance(value, FunctionType) and value.__globals__ is names:
            known[name] = _with_names(value, known)
    return known


def _is_api(value: Any) -> bool:
    if isinstance(value, ModuleType):
        return value.__name__.startswith(API)
    if isinstance(value, type) and issubclass(value, Enum):
        return True
    owner = value if isinstance(value, type) else type(value)
    return owner.__module__.startswith(API)


def _with_names(function: FunctionType, names: dict[str, Any]) -> FunctionType:
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
