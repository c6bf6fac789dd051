"""What an annotation says about a socket: its type, its widget, and how the function wants the value.

read_annotation(Annotated[int, Range(1, 10)])  # Reading(type=INT, widget=Range(1, 10, number=int))
read_annotation(Image | None)  # Reading(type=IMAGE, is_optional=True)
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from graph.choices import Choice
from graph.opening import Classes
from graph.types import ANY, GROWING, OPENING, Lazy, SocketType, union
from graph.widgets import Range, Text, Toggle, Widget, is_widget

EnumClass = type[Enum]


class AnnotationError(Exception):
    """An annotation breaks the rules; the text says what was found and what to write instead."""


@dataclass(frozen=True)
class Options:
    """Further options for editors, in ComfyUI's spelling: `Annotated[int, Range(0, 9), Options(advanced=True)]`.

    widget_type: the name of the widget that edits the value, as scripts of packs bring (`docs/editor-extensions.md`).
    """

    advanced: bool = False
    force_input: bool = False
    socketless: bool = False
    hidden: bool = False
    widget_type: str = ""

    def describe(self) -> dict[str, Any]:
        """Return the options that are set."""
        options = {
            "advanced": self.advanced,
            "forceInput": self.force_input,
            "socketless": self.socketless,
            "hidden": self.hidden,
            "widgetType": self.widget_type,
        }
        return {name: value for name, value in options.items() if value}


@dataclass(frozen=True)
class Opens:
    """A choice whose values have inputs of their own: `Annotated[Size | Factor, Opens({"size": Size, "factor": Factor})]`.

    classes: NamedTuples whose fields are read like parameters. The function receives one of the chosen class; in
    workflows its inputs are named after the parameter: `mode`, `mode.width`.
    """

    classes: Classes = field(hash=False)  # a dictionary; unions with None ask for a hash


@dataclass(frozen=True)
class Repeats:
    """An input that may be given several times: `Annotated[Mapping[str, Image], Repeats(Image, "image", most=5)]`.

    The function receives a dictionary of those that are given, `image0`, `image1` …; in workflows they are called
    `images.image0`, after the parameter. The first `least` must be given; a parameter that may be empty has a default.
    """

    each: Any  # an annotation
    prefix: str
    most: int
    least: int = 0


@dataclass(frozen=True)
class Reading:
    """What one annotation says."""

    type: SocketType
    widget: Widget | None = None
    is_optional: bool = False
    is_list: bool = False
    is_lazy: bool = False
    enum: EnumClass | None = None
    opens: Classes | None = None
    repeats: Repeats | None = None
    options: Options = field(default_factory=Options)


_PLAIN_WIDGETS: Mapping[type, Widget] = {
    int: Range(number=int),
    float: Range(number=float),
    bool: Toggle(),
    str: Text(),
}


def read_annotation(annotation: Any) -> Reading:
    """Return what an annotation says; AnnotationError if it says nothing that a socket can be."""
    origin = get_origin(annotation)
    if origin is Union or origin is types.UnionType:
        return _read_union(get_args(annotation))
    if origin is Annotated:
        return _read_annotated(annotation)
    if origin is list:
        return replace(read_annotation(get_args(annotation)[0]), is_list=True)
    if origin is Lazy:
        return replace(read_annotation(get_args(annotation)[0]), is_lazy=True)
    if origin is Literal:
        return Reading(Choice.type, Choice(get_args(annotation)))
    return _read_plain(annotation)


def _read_plain(annotation: Any) -> Reading:
    if annotation is Any or annotation is object:
        return Reading(ANY)
    if isinstance(annotation, TypeVar):
        return Reading(SocketType(annotation.__name__, variable=True))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Reading(Choice.type, Choice(tuple(map(enum_word, annotation))), enum=annotation)
    if isinstance(annotation, type) and annotation in _PLAIN_WIDGETS:
        widget = _PLAIN_WIDGETS[annotation]
        return Reading(widget.type, widget)
    raise AnnotationError(_unknown(annotation))


def enum_word(member: Enum) -> str:
    """Return the word by which workflows name a member: its value if that is a text, else its name."""
    return member.value if isinstance(member.value, str) else member.name


def _unknown(annotation: Any) -> str:
    if annotation is list:
        return "list does not say what it holds; write list[X]"
    name = getattr(annotation, "__name__", str(annotation))
    return (
        f"{name} is not a type that a socket can have; write int, float, bool, str, an Enum, a Literal, "
        f'or declare a socket type: Annotated[{name}, SocketType("{name.upper()}")]'
    )


def _read_union(members: tuple[Any, ...]) -> Reading:
    readings = [read_annotation(member) for member in members if member is not types.NoneType]
    is_optional = len(readings) < len(members)
    if len(readings) == 1:
        return replace(readings[0], is_optional=is_optional)
    if any(reading.is_list != readings[0].is_list or reading.is_lazy or reading.type.variable for reading in readings):
        raise AnnotationError("a union joins plain types only; write list[A | B] or Lazy[A | B]")
    widget = readings[0].widget if all(isinstance(reading.widget, Range) for reading in readings) else None
    if widget is not None:
        widget = Range(number=float)  # int | float: a number that may be either
    return Reading(union(reading.type for reading in readings), widget, is_optional, readings[0].is_list)


def _read_annotated(annotation: Any) -> Reading:
    base, *marks = get_args(annotation)
    options = next((mark for mark in reversed(marks) if isinstance(mark, Options)), Options())
    socket_type = next((mark for mark in reversed(marks) if isinstance(mark, SocketType)), None)
    widget = next((mark for mark in reversed(marks) if not isinstance(mark, type) and is_widget(mark)), None)
    classes = [mark.__name__ for mark in marks if isinstance(mark, type)]
    if classes:
        raise AnnotationError(f"{classes[0]} is a class, not an object; write {classes[0]}()")
    opens = next((mark for mark in marks if isinstance(mark, Opens)), None)
    if opens is not None:
        return Reading(OPENING, Choice(tuple(opens.classes)), opens=opens.classes, options=options)
    repeats = next((mark for mark in marks if isinstance(mark, Repeats)), None)
    if repeats is not None:
        return Reading(GROWING, repeats=repeats, options=options)
    if socket_type is not None and widget is None:
        return Reading(socket_type, options=options)
    reading = read_annotation(base) if widget is None or socket_type is None else Reading(socket_type)
    if widget is not None:
        reading = replace(reading, type=socket_type or widget.type, widget=widget, options=options)
        reading = _with_number(reading, base)
    return replace(reading, options=options)


def _with_number(reading: Reading, base: Any) -> Reading:
    """Tell a Range whether the parameter is an int or a float; refuse widgets that do not suit their parameter."""
    plain = next((member for member in get_args(base) if member is not types.NoneType), base)
    if not isinstance(reading.widget, Range):
        return reading
    if plain is not int and plain is not float:
        raise AnnotationError(f"Range is for int and float, not for {getattr(plain, '__name__', plain)}")
    widget = replace(reading.widget, number=plain)
    if plain is int and any(isinstance(end, float) and not end.is_integer() for end in (widget.min, widget.max)):
        raise AnnotationError("Range of an int has ends that are not whole; write float or whole ends")
    return replace(reading, widget=widget, type=widget.type)
