"""What a pack may change of the process around it: looked at before and after, put back where others would suffer.

    before = look()
    import_entry(pack)
    settle(before)  # ["It set torch's default type to torch.float16; that was put back."]

It is a table: to watch something more, add an Aspect.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

MOST_NAMES = 5
PUT_BACK = "; that was put back."


class Aspect(NamedTuple):
    """One thing of the process. tell: a sentence about the change; put_back: None if the change may stay."""

    read: Callable[[], Any]
    tell: Callable[[Any, Any], str]
    put_back: Callable[[Any], None] | None = None


def look() -> list[Any]:
    """Return how everything is now; for the thread that asks, where threads differ."""
    return [aspect.read() for aspect in ASPECTS]


def settle(before: list[Any]) -> list[str]:
    """Put back what must be as before, and return a sentence for each change."""
    notes = []
    for aspect, old in zip(ASPECTS, before, strict=True):
        new = aspect.read()
        if new == old:
            continue
        notes.append(aspect.tell(old, new) + ("." if aspect.put_back is None else PUT_BACK))
        if aspect.put_back is not None:
            aspect.put_back(old)
    return notes


def _set_to(what: str) -> Callable[[Any, Any], str]:
    return lambda old, new: f"It set {what} to {new}"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _path_change(old: list[str], new: list[str]) -> str:
    added = [entry for entry in new if entry not in old]
    return f"It put {_named(added)} on sys.path" if added else "It changed sys.path"


def _environment_change(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return f"It changed environment variables: {_named(names)}"


class _Logging(NamedTuple):
    level: int
    handlers: tuple[logging.Handler, ...]
    disabled: int


def _read_logging() -> _Logging:
    root = logging.getLogger()
    return _Logging(root.level, tuple(root.handlers), root.manager.disable)


def _put_logging_back(old: _Logging) -> None:
    root = logging.getLogger()
    root.setLevel(old.level)
    root.handlers[:] = old.handlers
    logging.disable(old.disabled)


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""  # somebody removed it


def _put_device_back(old: torch.device) -> None:
    torch.set_default_device(None if old.type == "cpu" else old)  # "cpu" would watch over each call


def _put_gradients_back(old: bool) -> None:
    torch.set_grad_enabled(old)


def _read_streams() -> tuple[Any, Any]:
    return sys.stdout, sys.stderr


def _put_streams_back(old: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = old


ASPECTS: tuple[Aspect, ...] = (
    Aspect(torch.get_default_dtype, _set_to("torch's default type"), torch.set_default_dtype),
    Aspect(torch.get_default_device, _set_to("torch's default device"), _put_device_back),
    Aspect(torch.is_grad_enabled, _set_to("torch's recording of gradients"), _put_gradients_back),
    Aspect(torch.get_num_threads, _set_to("torch's number of threads"), torch.set_num_threads),
    Aspect(
        torch.are_deterministic_algorithms_enabled,
        _set_to("torch's deterministic algorithms"),
        torch.use_deterministic_algorithms,
    ),
    Aspect(
        lambda: torch.backends.cudnn.benchmark,
        _set_to("torch.backends.cudnn.benchmark"),
        lambda old: setattr(torch.backends.cudnn, "benchmark", old),
    ),
    Aspect(
        lambda: torch.backends.cudnn.deterministic,
        _set_to("torch.backends.cudnn.deterministic"),
        lambda old: setattr(torch.backends.cudnn, "deterministic", old),
    ),
    Aspect(
        torch.get_float32_matmul_precision,
        _set_to("torch's precision of float32 products"),
        torch.set_float32_matmul_precision,
    ),
    Aspect(_working_folder, _set_to("the working folder"), lambda old: os.chdir(old) if old else None),
    Aspect(_read_logging, lambda old, new: "It changed how the whole program logs", _put_logging_back),
    Aspect(_read_streams, lambda old, new: "It put something in place of sys.stdout or sys.stderr", _put_streams_back),
    Aspect(lambda: dict(os.environ), _environment_change),
    Aspect(lambda: list(sys.path), _path_change),
    Aspect(lambda: len(warnings.filters), lambda old, new: "It changed which warnings are shown"),
    Aspect(lambda: tuple(map(type, sys.meta_path)), lambda old, new: "It changed how modules are found"),
)
