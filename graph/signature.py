"""Read a function's signature, annotations and docstring into sockets and outputs, and refuse what breaks the rules.

read_signature(function, {}, (), is_output=False).inputs[0].name  # "image"
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
import types
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NoReturn

from graph.annotations import AnnotationError, Reading, Repeats, enum_word, read_annotation
from graph.code_version import code_version
from graph.docstrings import Doc, read_docstring
from graph.dynamic import Block, Expand
from graph.errors import SpecError
from graph.opening import ByValue, Repeated
from graph.run import Run
from graph.spec import MISSING, Output, Socket
from graph.types import ANY, SocketType


@dataclass(frozen=True)
class Signature:
    """What a node's function says of itself."""

    inputs: tuple[Socket, ...]
    outputs: tuple[Output, ...]
    description: str
    takes_run: bool
    is_async: bool
    may_expand: bool
    code_version: str


def read_signature(
    function: Callable[..., Any], local_names: Mapping[str, Any], output_names: tuple[str, ...], *, is_output: bool
) -> Signature:
    """Return what the function says; SpecError names module, function, parameter and remedy."""
    hints = _hints(function, function, local_names)
    parameters = inspect.signature(function).parameters
    plain = [parameter for parameter in parameters.values() if not _is_run(function, parameter, hints)]
    sockets = tuple(_socket(function, parameter, hints, local_names) for parameter in plain)
    outputs = _outputs(function, hints, local_names, output_names)
    is_async = inspect.iscoroutinefunction(function)
    _check(function, sockets, outputs, is_async=is_async, is_output=is_output)
    doc = read_docstring(function.__doc__, {*parameters, *(output.name for output in outputs)})
    return Signature(
        inputs=tuple(replace(socket, tooltip=doc.tooltips.get(socket.name, "")) for socket in sockets),
        outputs=tuple(replace(output, tooltip=_output_tooltip(output, doc, parameters)) for output in outputs),
        description=doc.description,
        takes_run=len(plain) < len(parameters),
        is_async=is_async,
        may_expand=Expand in typing.get_args(hints.get("return")),
        code_version=code_version(function),
    )


def _output_tooltip(output: Output, doc: Doc, parameters: Iterable[str]) -> str:
    return "" if output.name in parameters else doc.tooltips.get(output.name, "")


def _refuse(function: Callable[..., Any], place: str, sentence: str) -> NoReturn:
    raise SpecError(f"{function.__module__}.{function.__qualname__}, {place}: {sentence}.")


def _hints(function: Callable[..., Any], owner: Any, local_names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the evaluated annotations of a function, or of a NamedTuple that it returns."""
    own_module = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    known = {**function.__globals__, **local_names, **own_module}
    try:
        return typing.get_type_hints(owner, known, include_extras=True)
    except NameError as error:
        remedy = "import it where the module is loaded, not for type checkers only"
        return _refuse(function, "annotations", f"{error.name} is not known here; {remedy}")


def _is_run(function: Callable[..., Any], parameter: inspect.Parameter, hints: Mapping[str, Any]) -> bool:
    if hints.get(parameter.name) is not Run:
        return False
    if parameter.name != "run":
        _refuse(function, parameter.name, "the engine hands itself over as run; rename the parameter: run: Run")
    return True


def _socket(
    function: Callable[..., Any],
    parameter: inspect.Parameter,
    hints: Mapping[str, Any],
    local_names: Mapping[str, Any],
) -> Socket:
    name = parameter.name
    if parameter.kind is parameter.POSITIONAL_ONLY:
        _refuse(function, name, "inputs are given by name; remove the / from the signature")
    if name not in hints:
        remedy = "write run: Run" if name == "run" else "write its type, for example steps: int"
        _refuse(function, name, f"the parameter has no annotation; {remedy}")
    try:
        reading = read_annotation(hints[name])
    except AnnotationError as error:
        _refuse(function, name, str(error))
    if parameter.default is None and reading.type == ANY:
        reading = replace(reading, is_optional=True)  # Any allows None
    return Socket(
        name=name,
        type=reading.type,
        widget=reading.widget,
        default=_default(function, parameter, reading),
        is_optional=reading.is_optional,
        is_list=reading.is_list,
        is_lazy=reading.is_lazy,
        is_growing=parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD),
        takes_any_name=parameter.kind is parameter.VAR_KEYWORD,
        enum=reading.enum,
        opens=_opened(function, name, reading, local_names),
        gathers=reading.opens,
        options=reading.options.describe(),
    )


def _opened(
    function: Callable[..., Any], name: str, reading: Reading, local_names: Mapping[str, Any]
) -> ByValue | Repeated | None:
    """Return what an input opens: for each value of a choice the fields of a NamedTuple, read like parameters."""
    if reading.repeats is not None:
        return _repeated(function, name, reading.repeats, local_names)
    if reading.opens is None:
        return None
    return ByValue({value: _fields(function, name, cls, local_names) for value, cls in reading.opens.items()})


def _repeated(function: Callable[..., Any], name: str, repeats: Repeats, local_names: Mapping[str, Any]) -> Repeated:
    """Return the socket that may be given several times."""
    parameter = inspect.Parameter(repeats.prefix, inspect.Parameter.KEYWORD_ONLY)
    one = _socket(function, parameter, {repeats.prefix: repeats.each}, local_names)
    names = tuple(f"{repeats.prefix}{number}" for number in range(repeats.most))
    return Repeated(replace(one, is_collected=True), names, repeats.least)


def _fields(function: Callable[..., Any], place: str, cls: Any, local_names: Mapping[str, Any]) -> tuple[Socket, ...]:
    defaults = getattr(cls, "_field_defaults", None)
    if defaults is None:
        _refuse(function, place, f"{cls!r} has no fields to be inputs; write a NamedTuple")
    hints, doc = _hints(function, cls, local_names), read_docstring(cls.__doc__, {*cls._fields})
    no_default = inspect.Parameter.empty
    parameters = (
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name, no_default))
        for name in cls._fields
    )
    sockets = (_socket(function, parameter, hints, local_names) for parameter in parameters)
    return tuple(replace(socket, tooltip=doc.tooltips.get(socket.name, "")) for socket in sockets)


def _default(function: Callable[..., Any], parameter: inspect.Parameter, reading: Reading) -> Any:
    """Return the default as a workflow would hold it."""
    name, default = parameter.name, parameter.default
    if reading.repeats is not None:
        return MISSING
    if default is parameter.empty:
        if reading.is_optional:
            _refuse(function, name, "the input may be left out, but nothing says what it is then; add = None")
        return MISSING
    if default is None:
        if not reading.is_optional:
            _refuse(function, name, "the default is None, but the annotation does not allow it; add | None")
        return None
    if reading.widget is None:
        if reading.type.name != "*":
            _refuse(function, name, "a socket without a widget can have no default; remove it, or write | None = None")
        return default
    return _checked_default(function, name, reading, enum_word(default) if isinstance(default, Enum) else default)


def _checked_default(function: Callable[..., Any], name: str, reading: Reading, default: Any) -> Any:
    assert reading.widget is not None
    try:
        converted = reading.widget.convert(default)
    except ValueError as error:
        _refuse(function, name, f"the default does not fit: {error}")
    if fault := reading.widget.check(converted):
        _refuse(function, name, f"the default does not fit: {fault}")
    return converted


def _outputs(
    function: Callable[..., Any], hints: Mapping[str, Any], local_names: Mapping[str, Any], names: tuple[str, ...]
) -> tuple[Output, ...]:
    if "return" not in hints:
        _refuse(function, "return", "the function does not say what it returns; add -> Image, for example, or -> None")
    given = _values_only(hints["return"])
    if given is type(None):
        parts: list[tuple[str, Any]] = []
    elif isinstance(given, type) and issubclass(given, tuple) and hasattr(given, "_fields"):
        parts = [(name, hint) for name, hint in _hints(function, given, local_names).items() if name in given._fields]
    elif typing.get_origin(given) is tuple:
        parts = [("", hint) for hint in typing.get_args(given)]
    else:
        parts = [("", given)]
    if names and len(names) != len(parts):
        _refuse(function, "return", f"output_names gives {len(names)} names for {len(parts)} outputs")
    named = [(names[index] if names else name, hint) for index, (name, hint) in enumerate(parts)]
    return tuple(_output(function, name, hint) for name, hint in named)


def _values_only(hint: Any) -> Any:
    """Return a return annotation without what may stand in place of values: `Image | Block | Expand` is Image."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint
    rest = tuple(member for member in typing.get_args(hint) if member not in (Block, Expand))
    return functools.reduce(operator.or_, rest) if rest else type(None)


def _output(function: Callable[..., Any], name: str, hint: Any) -> Output:
    place = f"return {name}".strip()
    if hint is Ellipsis:
        _refuse(function, place, "tuple[X, ...] has no fixed number of outputs; write list[X]")
    try:
        reading = read_annotation(_values_only(hint))
    except AnnotationError as error:
        _refuse(function, place, str(error))
    if reading.is_lazy:
        _refuse(function, place, "an output is never lazy; write the type alone")
    return Output(name or reading.type.name, reading.type, reading.is_list)


def _check(
    function: Callable[..., Any],
    sockets: tuple[Socket, ...],
    outputs: tuple[Output, ...],
    *,
    is_async: bool,
    is_output: bool,
) -> None:
    """Check what no single parameter shows."""
    for socket in sockets:
        if socket.is_lazy and not is_async:
            _refuse(function, socket.name, "a Lazy input must be awaited; write async def")
        if socket.is_lazy and socket.is_growing:
            _refuse(function, socket.name, "growing inputs cannot be lazy; write the type alone")
    _check_variables(function, [*sockets, *outputs])
    if not outputs and not is_output:
        _refuse(function, "return", "the node returns nothing, so nothing would run it; write @node(output=True)")


def _check_variables(function: Callable[..., Any], ends: Iterable[Socket | Output]) -> None:
    uses: Counter[SocketType] = Counter()
    place: dict[SocketType, str] = {}
    for end in ends:
        if end.type.variable:
            uses[end.type] += 2 if isinstance(end, Socket) and end.is_growing else 1
            place[end.type] = end.name
    for variable, count in uses.items():
        if count == 1:
            _refuse(function, place[variable], f"the type variable {variable} is used once; write Any, or use it twice")
