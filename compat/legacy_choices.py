"""The lists that inputs of classes choose from: fixed ones, and those that a class makes anew when asked.

FreshChoice("checkpoint", listing).choices()  # what there is now
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from graph.choices import Choice, Fault, Names
from graph.types import COMBO, SocketType
from graph.widget_document import ForeignChoice
from graph.widgets import Widget

Listing = Callable[[str], Sequence[Any]]  # the name of an input -> what may be chosen there now


@dataclass(frozen=True)
class FreshChoice:
    """One of the values that a class lists when it is asked: files, for example."""

    input: str
    listing: Listing = field(compare=False)

    type: ClassVar[SocketType] = COMBO

    def choices(self, names: Names | None = None) -> Sequence[Any]:
        """Return what may be chosen now."""
        return self.listing(self.input)

    def convert(self, value: Any) -> Any:
        """Return the option that the value is or is written like."""
        return Choice(tuple(self.choices())).convert(value)

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with a value."""
        return Choice(tuple(self.choices())).check(value)

    def describe(self) -> dict[str, Any]:
        """Return nothing: the class describes its inputs itself."""
        return {}


@dataclass(frozen=True)
class Several:
    """Any number of some values."""

    options: tuple[Any, ...]

    type: ClassVar[SocketType] = COMBO

    def choices(self, names: Names | None = None) -> Sequence[Any]:
        """Return the values."""
        return self.options

    def convert(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with the first value that is not in the list."""
        choice = Choice(self.options)
        found = (choice.check(item) for item in (value if isinstance(value, list) else [value]))
        return next((fault for fault in found if fault is not None), None)

    def describe(self) -> dict[str, Any]:
        """Return nothing: the class describes its inputs itself."""
        return {}


def choice_widget(
    name: str, listed: Any, options: Mapping[str, Any], *, listing: Listing | None, is_checked: bool
) -> Widget:
    """Return the widget for a list.

    listing: how to ask for the list anew, if it may change. is_checked: the value must be in the list. Lists that a
    server of the pack's own will give (`remote`) are not known here, so every value is good.
    """
    values = tuple(listed) if listed is not None else ()
    if not is_checked or not isinstance(listed, list) or (not values and "remote" in options):
        return ForeignChoice(COMBO, listed=values)
    if options.get("multiselect") or options.get("multi_select"):
        return Several(values)
    return Choice(values) if listing is None else FreshChoice(name, listing)
