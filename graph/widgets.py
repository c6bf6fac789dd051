"""Widgets: one object converts, checks and describes a literal value.

    Range(1, 10_000).check(0)  # "0 is not in 1..10000"

A widget stands in a parameter's annotation: `steps: Annotated[int, Range(1, 10_000)] = 20`. To add a widget, add a
frozen dataclass with `type`, `convert`, `check` and `describe`; one that offers a list has `choices` too (see
`graph.choices`, whose widgets are offered here).
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeGuard, runtime_checkable

from graph.choices import Choice, Fault, File, Names
from graph.types import BOOLEAN, COLOR, FLOAT, INT, STRING, SocketType

__all__ = [
    "Choice",
    "Color",
    "Fault",
    "File",
    "FilePrefix",
    "FileText",
    "Names",
    "Range",
    "Seed",
    "Text",
    "Toggle",
    "Widget",
    "leads_up",
]

MAX_SEED = 2**64 - 1
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # a surrogate without its partner
_HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")


@runtime_checkable
class Widget(Protocol):
    """What every widget can do. A widget is a frozen dataclass."""

    @property
    def type(self) -> SocketType:
        """The type of the socket beside the widget."""
        ...

    def convert(self, value: Any) -> Any:
        """Return the value as the node wants it ("20" -> 20); raise ValueError with a short sentence if impossible."""
        ...

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with a converted value, or None. `names` lists files, by kind."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return the options as ComfyUI's object_info spells them (`min`, `max`, `step`, `multiline` …)."""
        ...


def is_widget(value: object) -> TypeGuard[Widget]:
    """Whether an object can do what a widget can (in a tenth of the time that isinstance takes with a Protocol)."""
    return all(hasattr(value, name) for name in ("type", "convert", "check", "describe"))


@dataclass(frozen=True)
class Range:
    """A number between two ends, both included; None leaves an end open.

    `step` and `round` help the hand in an editor; a value between the steps is good. `number` is int or float; `@node`
    sets it from the annotation.
    """

    min: float | None = None
    max: float | None = None
    step: float | None = None
    round: float | None = None
    display: str | None = None  # "slider", "number"
    number: type[int] | type[float] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant: as said by `number`, else if the ends and the step are whole."""
        if self.number is not None:
            return self.number is int
        return not any(isinstance(value, float) for value in (self.min, self.max, self.step))

    @property
    def type(self) -> SocketType:
        """INT or FLOAT."""
        return INT if self.is_whole else FLOAT

    def convert(self, value: Any) -> int | float:
        """Return a number from a number or from text."""
        return whole_number(value) if self.is_whole else real_number(value)

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with a number."""
        if self.min is not None and value < self.min:
            return Fault(self._outside(value), "value_smaller_than_min", {"min": self.min})
        if self.max is not None and value > self.max:
            return Fault(self._outside(value), "value_bigger_than_max", {"max": self.max})
        return None

    def _outside(self, value: Any) -> str:
        if self.max is None:
            return f"{value} is less than {self.min}"
        if self.min is None:
            return f"{value} is more than {self.max}"
        return f"{value} is not in {self.min}..{self.max}"

    def describe(self) -> dict[str, Any]:
        """Return min, max, step, round and display, those that are set."""
        options = {"min": self.min, "max": self.max, "step": self.step, "round": self.round, "display": self.display}
        return {name: value for name, value in options.items() if value is not None}


@dataclass(frozen=True)
class Seed:
    """The number that noise is drawn by; editors may change it after each run."""

    control_after_generate: bool = True

    type: ClassVar[SocketType] = INT

    def convert(self, value: Any) -> int:
        """Return a whole number from a number or from text."""
        return whole_number(value)

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with a seed."""
        return Range(0, MAX_SEED).check(value)

    def describe(self) -> dict[str, Any]:
        """Return the limits and whether editors change the seed after a run."""
        control = {"control_after_generate": True} if self.control_after_generate else {}
        return {"min": 0, "max": MAX_SEED, **control}


@dataclass(frozen=True)
class Text:
    """A text of one line or several; `dynamic_prompts` lets editors expand `{a|b}`."""

    multiline: bool = False
    dynamic_prompts: bool = False
    placeholder: str = ""

    type: ClassVar[SocketType] = STRING

    def convert(self, value: Any) -> str:
        """Return a text; numbers are written out. Half a character, which only an escape can spell, is refused."""
        if isinstance(value, str | int | float):
            text = str(value)
            if half := _HALF_CHARACTER.search(text):
                raise ValueError(f"the text has half a character (place {half.start()}); write that place anew")
            return text
        raise ValueError(f"{_shown(value)} is not a text")

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return None: every text is good."""
        return None

    def describe(self) -> dict[str, Any]:
        """Return multiline, dynamicPrompts and placeholder."""
        options = {"multiline": self.multiline, "dynamicPrompts": self.dynamic_prompts, "placeholder": self.placeholder}
        return {name: value for name, value in options.items() if value}


@dataclass(frozen=True)
class FileText(Text):
    """A text that may name files which the node will read: they count in keys, as those of a File do.

    kind: the kind of these files. A widget that knows how texts name them overrides `names_in`.
    """

    kind: str = ""

    def names_in(self, text: str) -> tuple[str, ...]:
        """Return the names of files in a text; of names that lead nowhere it may return more than the node tries."""
        return ()


@dataclass(frozen=True)
class FilePrefix(Text):
    """The beginning of the names of saved files; one that climbs out of its folder is refused before anything runs."""

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with a prefix, as far as it can be told without knowing the folder."""
        if not leads_up(value):
            return None
        return Fault(
            f'"{value}" leads outside the output folder; use a name below that folder, such as "weft" or "red/house"',
            "custom_validation_failed",
        )


def leads_up(prefix: str) -> bool:
    """Return whether a prefix climbs out of the folder that it begins in, or ends with the folder above."""
    path = prefix.replace("\\", "/")
    return os.path.normpath(path).split("/")[0] == ".." or path.rstrip("/").split("/")[-1] == ".."


@dataclass(frozen=True)
class Toggle:
    """Yes or no, with words for both."""

    label_on: str = ""
    label_off: str = ""

    type: ClassVar[SocketType] = BOOLEAN

    def convert(self, value: Any) -> bool:
        """Return a truth value from one, from 0 and 1 or from the words true and false."""
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        raise ValueError(f"{_shown(value)} is neither true nor false")

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return None: both are good."""
        return None

    def describe(self) -> dict[str, Any]:
        """Return label_on and label_off."""
        options = {"label_on": self.label_on, "label_off": self.label_off}
        return {name: value for name, value in options.items() if value}


@dataclass(frozen=True)
class Color:
    """A colour as `#rrggbb` or `#rrggbbaa`."""

    type: ClassVar[SocketType] = COLOR

    def convert(self, value: Any) -> str:
        """Return the text of a colour, in lower case."""
        if not isinstance(value, str):
            raise ValueError(f"{_shown(value)} is not a colour; write it as #rrggbb")
        return value.strip().lower()

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return what is wrong with a colour."""
        if _HEX_COLOR.fullmatch(value):
            return None
        return Fault(f'"{value}" is not a colour; write it as #rrggbb', "invalid_input_type")

    def describe(self) -> dict[str, Any]:
        """Return nothing: a colour has no options."""
        return {}


def whole_number(value: Any) -> int:
    """Return a whole number from a number or from text; ValueError for anything else, truth values too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,40}\s*", value, re.ASCII):
        return int(value)
    number = _parsed(value)
    if number is None or not number.is_integer():
        raise ValueError(f"{_shown(value)} is not a whole number")
    return int(number)


def real_number(value: Any) -> float:
    """Return a finite float from a number or from text; ValueError for anything else, truth values too."""
    number = _parsed(value)
    if number is None:
        raise ValueError(f"{_shown(value)} is not a number")
    return number


def _parsed(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _shown(value: Any) -> str:
    """Return a value as a sentence shows it: texts in quotation marks, long things cut."""
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
