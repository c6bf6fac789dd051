"""Events of a run as JSON values, for the way from the worker to the server. Pictures travel apart.

document = write_event(NodeStarted("7"))  # ["NodeStarted", "7", None]
read_event(document)                      # NodeStarted("7")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args

from graph.events import Event, Origin, Preview

_CLASSES: Mapping[str, type[Any]] = {cls.__name__: cls for cls in get_args(Event) if cls is not Preview}
_NAMES: Mapping[type[Any], tuple[str, ...]] = {
    cls: tuple(part.name for part in fields(cls)) for cls in _CLASSES.values()
}
_TUPLES = frozenset({"steps", "cached"})


def write_event(event: Event) -> list[Any]:
    """Return the document of an event: its class and its values in order. KeyError for a Preview."""
    cls = type(event)
    return [cls.__name__, *(getattr(event, name) for name in _NAMES[cls])]


def read_event(document: Sequence[Any]) -> Event:
    """Return the event of a document."""
    cls = _CLASSES[document[0]]
    event: Event = cls(*map(_value, _NAMES[cls], document[1:]))
    return event


def _value(name: str, value: Any) -> Any:
    if name == "origin":
        return None if value is None else Origin(*value)
    return tuple(value) if name in _TUPLES else value
