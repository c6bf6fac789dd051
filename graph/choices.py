"""The widgets that choose one of a list: Choice from a fixed one, File from the files that the host has.

    Choice(("euler", "heun")).check("eulr")  # '"eulr" is not in the list; did you mean "euler"?'
    File("checkpoints").check("a.safetensors", names)  # names("checkpoints") lists what there is

The engine knows no folders: whoever describes or validates brings `names`. Without it a File accepts every name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeGuard, runtime_checkable

from graph.nearest import did_you_mean
from graph.types import COMBO, SocketType

Names = Callable[[str], Sequence[str]]  # kind of file ("checkpoints", "input" …) -> names
HOST_ROOTS = ("input", "output", "temp")  # "name [temp]" names a file below another root than the usual one
SHOWN = 8  # values that a sentence lists
_ROOT_NAME = re.compile(rf" \[({'|'.join(HOST_ROOTS)})\]$")


class Fault(str):
    """What is wrong with a value: a short sentence that also carries ComfyUI's word for it and its data."""

    kind: str
    details: Mapping[str, Any]

    def __new__(cls, message: str, kind: str, details: Mapping[str, Any] | None = None) -> Fault:
        """Return the sentence with its kind."""
        fault = super().__new__(cls, message)
        fault.kind = kind
        fault.details = details or {}
        return fault


@runtime_checkable
class Chooser(Protocol):
    """A widget that offers a list: editors show its choices in place of its type."""

    def choices(self, names: Names | None = None) -> Sequence[Any]:
        """Return the values that may be chosen now."""
        ...


def is_chooser(widget: object) -> TypeGuard[Chooser]:
    """Whether a widget offers a list (in a tenth of the time that isinstance takes with a Protocol)."""
    return hasattr(widget, "choices")


@dataclass(frozen=True)
class Choice:
    """One of some values, texts mostly."""

    options: tuple[Any, ...]

    type: ClassVar[SocketType] = COMBO

    def __post_init__(self) -> None:
        """Make a tuple of any iterable, so that a list or a table's keys do as well."""
        object.__setattr__(self, "options", tuple(self.options))

    def choices(self, names: Names | None = None) -> Sequence[Any]:
        """Return the values."""
        return self.options

    def convert(self, value: Any) -> Any:
        """Return the option that the value is or is written like; an unknown value as it stands."""
        same = (option for option in self.options if type(option) is type(value) and option == value)
        alike = (option for option in self.options if str(option) == str(value))
        return next(same, next(alike, value))

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with a value."""
        if any(type(option) is type(value) and option == value for option in self.options):
            return None
        return _not_listed(value, self.options, f"{_quoted(value)} is not in the list")

    def describe(self) -> dict[str, Any]:
        """Return nothing: the options take the place of the type in object_info."""
        return {}


@dataclass(frozen=True)
class File:
    """A file of the host, by kind: "checkpoints", "vae", "embeddings" … or "input" for pictures.

    `upload` lets editors add files; `content` says which: "image", "audio" or "video".
    """

    kind: str
    upload: bool = False
    content: str = "image"

    type: ClassVar[SocketType] = COMBO

    def choices(self, names: Names | None = None) -> Sequence[Any]:
        """Return the names that the host has now; none without a host."""
        return () if names is None else tuple(names(self.kind))

    def convert(self, value: Any) -> str:
        """Return the name with "/" between folders, whatever the system that wrote it."""
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not the name of a file")
        return value.replace("\\", "/")

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return that there is no such file. "name [output]" reaches another root and is not checked here."""
        if names is None or (self.upload and _ROOT_NAME.search(value)):
            return None
        known = names(self.kind)
        if value in known:
            return None
        sentence = f'{_quoted(value)} is not in the folder "{self.kind}"'
        if not known:
            sentence = f'{_quoted(value)} is not there: the folder "{self.kind}" has no files'
        return _not_listed(value, known, sentence, folder=self.kind)

    def describe(self) -> dict[str, Any]:
        """Return whether files may be uploaded."""
        return {f"{self.content}_upload": True} if self.upload else {}


def _not_listed(value: Any, known: Iterable[Any], sentence: str, **details: Any) -> Fault:
    texts = [str(option) for option in known]
    end = did_you_mean(str(value), texts)
    listed = f" ({_some(texts)})" if end == "." and texts else ""
    return Fault(f"{sentence}{listed}{end}".removesuffix("."), "value_not_in_list", {"options": texts, **details})


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
