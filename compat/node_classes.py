"""Built-in operators as the classes that ComfyUI has for them: packs call their methods and subclass them.

make_class(spec, row, machine)().sample(model, 1, 20, 8.0, …)  # ({"samples": …},)
make_class(spec, row, machine).INPUT_TYPES()["required"]["steps"]  # ("INT", {"default": 20, …})
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from compat.borrowed_run import BorrowedRun
from compat.class_table import EXECUTE, Row
from compat.interruption import InterruptProcessingException
from compat.machine import Machine
from compat.wires import from_pack, to_pack
from graph.describe import describe
from graph.errors import Cancelled
from graph.opening import SEPARATOR, Repeated
from graph.spec import MISSING, NodeSpec, Socket

PROMPT, SENT = "prompt", "extra_pnginfo"
HIDDEN = {PROMPT: "PROMPT", SENT: "EXTRA_PNGINFO"}
EMPTY = inspect.Parameter.empty
REST = "kwargs"  # brings inputs whose names are no names in Python (`input_blocks.0.`)


class Output(tuple[Any, ...]):
    """What a class method of an operator returns: a tuple with the names that V3's NodeOutput has."""

    ui: Mapping[str, Any] | None = None

    @property
    def args(self) -> tuple[Any, ...]:
        """The values."""
        return tuple(self)

    @property
    def result(self) -> tuple[Any, ...] | None:
        """The values; None if there are none."""
        return tuple(self) or None


class Ready:
    """A value in place of a promise."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Generator[None, None, Any]:
        return self._value
        yield  # makes it a generator, which ends at once


def make_class(spec: NodeSpec, row: Row, machine: Machine, bases: tuple[type, ...] = (), **more: Any) -> type:
    """Return the class of an operator; `more` joins it, or stands in place of what is made."""
    work = _static(spec, row, machine) if row.methods[0] == EXECUTE else _method(spec, row, machine)
    body: dict[str, Any] = {
        "__module__": row.module,
        "__doc__": spec.description,
        "INPUT_TYPES": classmethod(lambda cls: input_types(spec, row, machine)),
        "RETURN_TYPES": tuple(output.type.name for output in spec.outputs),
        "RETURN_NAMES": tuple(output.name for output in spec.outputs),
        "OUTPUT_TOOLTIPS": tuple(output.tooltip for output in spec.outputs),
        "OUTPUT_IS_LIST": tuple(output.is_list for output in spec.outputs),
        "FUNCTION": row.methods[0],
        "CATEGORY": spec.category,
        "DESCRIPTION": spec.description,
        "OUTPUT_NODE": spec.is_output,
        "RELATIVE_PYTHON_MODULE": row.module,
        **({"INPUT_IS_LIST": True} if any(socket.is_list for socket in spec.inputs) else {}),
        **({"DEPRECATED": True} if spec.is_deprecated else {}),
        **({"EXPERIMENTAL": True} if spec.is_experimental else {}),
        **dict.fromkeys(row.methods, work),
        **more,
    }
    return type(row.cls, bases, body)


def input_types(spec: NodeSpec, row: Row, machine: Machine) -> dict[str, dict[str, Any]]:
    """Return an operator's inputs as INPUT_TYPES does, with the files that there are now."""
    groups = describe(spec, machine.names)["input"]
    found = {group: {name: tuple(each) for name, each in inputs.items()} for group, inputs in groups.items()}
    hidden = {name: HIDDEN[name] for name in HIDDEN if name in row.parameters}
    return {**found, "hidden": hidden} if hidden else found


def _method(spec: NodeSpec, row: Row, machine: Machine) -> Callable[..., Any]:
    signature = signature_of(spec, row)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        values, shown = call_operator(spec, signature.bind(self, *args, **kwargs).arguments, machine)
        return {"ui": shown, "result": values} if spec.is_output else values

    return _named(method, row, signature)


def _static(spec: NodeSpec, row: Row, machine: Machine) -> Any:
    signature = signature_of(spec, row)

    def execute(cls: Any, *args: Any, **kwargs: Any) -> Any:
        values, shown = call_operator(spec, signature.bind(cls, *args, **kwargs).arguments, machine)
        output = Output(values)
        output.ui = shown or None
        return output

    async def execute_async(cls: Any, *args: Any, **kwargs: Any) -> Any:
        given = _given(spec, signature.bind(cls, *args, **kwargs).arguments)
        run = BorrowedRun(machine)
        called = spec.call(given, run)
        return Output(in_packs_shape(spec, await spec.function(*called.args, **called.kwargs)))

    return classmethod(_named(execute_async if spec.is_async else execute, row, signature))


def _named(function: Callable[..., Any], row: Row, signature: inspect.Signature) -> Callable[..., Any]:
    function.__name__, function.__qualname__ = row.methods[0], f"{row.cls}.{row.methods[0]}"
    function.__module__ = row.module
    function.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it
    return function


def signature_of(spec: NodeSpec, row: Row) -> inspect.Signature:
    """Return the parameters of ComfyUI's method; what an operator has a default for may be left out here too."""
    inputs = tuple(socket.name for socket in spec.inputs)
    names = (*inputs, *row.parameters[1:]) if row.parameters[:1] == ("+",) else row.parameters or inputs
    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    # one with a default before one without is allowed here: packs may leave any of them out
    plain = (name for name in names if name.isidentifier())
    parameters = [inspect.Parameter(name, kind, default=_default(spec.named.get(name))) for name in plain]
    after = False
    for index, parameter in enumerate(parameters):
        after = after or parameter.default is not EMPTY
        if after and parameter.default is EMPTY:
            parameters[index] = parameter.replace(default=MISSING)
    if len(parameters) < len(names):
        parameters.append(inspect.Parameter(REST, inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature([first, *parameters])


def _default(socket: Socket | None) -> Any:
    if socket is None:
        return None  # a parameter that the operator has not: `prompt`, or a mode with one value
    return EMPTY if socket.default is MISSING else socket.default


def call_operator(
    spec: NodeSpec, arguments: Mapping[str, Any], machine: Machine
) -> tuple[tuple[Any, ...], dict[str, list[Any]]]:
    """Call an operator with what a pack gave; return its values in packs' shapes, and what it shows."""
    prompt, sent = arguments.get(PROMPT), arguments.get(SENT)
    run = BorrowedRun(machine, prompt, None if sent is None else {SENT: sent})
    given = _given(spec, arguments)
    spec = spec.for_inputs(given)
    defaults = {socket.name: socket.default for socket in spec.inputs if SEPARATOR in socket.name}
    filled = {name: value for name, value in defaults.items() if value is not MISSING} | given
    called = spec.call(filled, run)
    try:
        returned = spec.function(*called.args, **called.kwargs)
    except Cancelled as error:
        raise InterruptProcessingException from error
    return in_packs_shape(spec, returned), run.shown


def _given(spec: NodeSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    growing = {socket.name: socket for socket in spec.inputs if socket.is_growing}
    for name, value in (*arguments.items(), *arguments.get(REST, {}).items()):
        socket = spec.input(name) or growing.get(name)
        if socket is None or value is MISSING or name in HIDDEN:
            continue
        if socket.is_growing and isinstance(value, dict):
            names = value if socket.takes_any_name else (f"{name}{index}" for index in range(len(value)))
            given.update(zip(names, value.values(), strict=True))
        elif socket.opens is not None:
            given.update(_opened(name, value, isinstance(socket.opens, Repeated)))
        else:
            inner = from_pack(socket.type.name, value)
            given[name] = Ready(inner) if socket.is_lazy else inner
    return given


def _opened(name: str, value: Any, is_repeated: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield the inputs of a choice that came as a dictionary, in which the choice itself stands under its own name."""
    if not isinstance(value, Mapping):
        yield name, value
        return
    own = None if is_repeated else name.rpartition(SEPARATOR)[2]
    for key, inner in value.items():
        yield from [(name, inner)] if key == own else _opened(f"{name}{SEPARATOR}{key}", inner)


def in_packs_shape(spec: NodeSpec, returned: Any) -> tuple[Any, ...]:
    """Return an operator's outputs as a tuple, each in the shape that packs expect."""
    if not spec.outputs:
        return ()
    is_one = len(spec.outputs) == 1 and getattr(returned, "_fields", None) != (spec.outputs[0].name,)
    values = (returned,) if is_one else tuple(returned)
    return tuple(to_pack(output.type.name, value) for output, value in zip(spec.outputs, values, strict=True))
