"""A digest of what a function does: the same in every process, another one when the code changes.

code_version(KSampler)  # "5f0c…"
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import CodeType
from typing import Any


def code_version(function: Callable[..., Any]) -> str:
    """Return a digest of a function's bytecode, names and constants; docstring and line numbers do not count."""
    digest = hashlib.blake2b(digest_size=16)
    _add_code(digest, function.__code__, function.__doc__)
    return digest.hexdigest()


def _add_code(digest: Any, code: CodeType, docstring: str | None = None) -> None:
    digest.update(repr((code.co_code.hex(), code.co_names, code.co_varnames)).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _add_code(digest, constant)
        elif constant is None or constant != docstring:
            digest.update(_spelling(constant).encode())


def _spelling(constant: Any) -> str:
    if isinstance(constant, frozenset):  # its order differs from process to process
        return f"frozenset({sorted(map(_spelling, constant))})"
    return f"{type(constant).__name__}:{constant!r}"
