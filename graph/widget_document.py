"""Widgets as JSON values, for processes that do not have a widget's class.

    write_widget(Range(1, 9, number=int))  # ["Range", {"min": 1, "max": 9, "number": "int"}]
    read_widget(["Range", {"min": 1, "max": 9, "number": "int"}])

A class of a node pack becomes a Foreign widget: its type, options and choices stay, and every value is good; what the
class itself would say of a value is asked where the class is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from graph.choices import is_chooser
from graph.readable import readable
from graph.types import SocketType
from graph.widgets import (
    Choice,
    Color,
    Fault,
    File,
    FilePrefix,
    FileText,
    Names,
    Range,
    Seed,
    Text,
    Toggle,
    Widget,
)


@dataclass(frozen=True)
class Foreign:
    """A widget whose class is not here."""

    type: SocketType
    options: Mapping[str, Any] = field(default_factory=dict)

    def convert(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return None: what is wrong is found where the class is."""
        return None

    def describe(self) -> dict[str, Any]:
        """Return the options."""
        return dict(self.options)


@dataclass(frozen=True)
class ForeignChoice(Foreign):
    """A widget of which the choices are known, but not the class."""

    listed: tuple[Any, ...] = ()

    def choices(self, names: Names | None = None) -> Sequence[Any]:
        """Return what there was to choose where the class is."""
        return self.listed


_CLASSES: Mapping[str, type[Any]] = {
    cls.__name__: cls
    for cls in (Range, Seed, Text, FileText, FilePrefix, Toggle, Color, Choice, File, Foreign, ForeignChoice)
}
_METHODS = ("convert", "check", "describe", "choices", "type")  # what is asked of a widget without a run
_USUAL: Mapping[str, Mapping[str, Any]] = {
    name: {part.name: part.default for part in fields(cls) if part.default is not MISSING}
    for name, cls in _CLASSES.items()
}
_NUMBERS: Mapping[str, type] = {"int": int, "float": float}


def write_widget(widget: Widget) -> list[Any]:
    """Return the document of a widget: the name of its class, and what differs from the usual."""
    known = known_class(widget)
    widget = widget if known is not None else _as_foreign(widget)
    name = known or type(widget).__name__
    usual = _USUAL[name]
    values = {part.name: getattr(widget, part.name) for part in fields(_CLASSES[name])}
    return [name, {key: _plain(value) for key, value in values.items() if key not in usual or value != usual[key]}]


def known_class(widget: Widget) -> str | None:
    """Return the class that a widget is, as far as checking and describing goes; None for one of a node pack."""
    own = type(widget)
    for cls in own.__mro__:
        if _CLASSES.get(cls.__name__) is cls:
            same = all(getattr(own, name, None) is getattr(cls, name, None) for name in _METHODS)
            return cls.__name__ if same and _is_json(widget) else None
    return None


def read_widget(document: Sequence[Any]) -> Widget:
    """Return the widget of a document."""
    name, values = document
    if "number" in values:
        values["number"] = _NUMBERS[values["number"]]
    if "type" in values:
        values["type"] = SocketType(values["type"])
    if "listed" in values:
        values["listed"] = tuple(values["listed"])
    widget: Widget = _CLASSES[name](**values)
    return widget


def _as_foreign(widget: Widget) -> Widget:
    socket_type, options = widget.type, readable(widget.describe())
    if is_chooser(widget):
        return ForeignChoice(socket_type, options, tuple(readable(list(widget.choices()))))
    return Foreign(socket_type, options)


def _plain(value: Any) -> Any:
    if isinstance(value, SocketType):
        return value.name
    return value.__name__ if isinstance(value, type) else value


def _is_json(widget: Widget) -> bool:
    """Return whether a widget's choices survive the trip: JSON knows no tuples, dates and so on."""
    if not isinstance(widget, Choice):
        return True
    return all(option is None or type(option) in (str, int, float, bool) for option in widget.options)
