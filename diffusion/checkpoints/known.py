"""What the modules of a package declare: putting a module there is all that it takes to add a kind."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from typing import Any


def constants(package: str, path: Iterable[str], name: str) -> tuple[Any, ...]:
    """Return the constants of a name in a package's modules, by the modules' names."""
    modules = (
        import_module(f"{package}.{found}") for found in sorted(module.name for module in pkgutil.iter_modules(path))
    )
    return tuple(getattr(module, name) for module in modules if hasattr(module, name))
