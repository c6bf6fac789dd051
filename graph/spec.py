"""What the engine knows of a node type: NodeSpec, read once from an annotated function by `@node`.

@node(category="image")
def ImageInvert(image: Image) -> Image: ...
ImageInvert.spec.inputs[0].name  # "image"
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar, cast

from graph.adapter import Adapter
from graph.encoding import encode
from graph.opening import Classes, Opening, all_sockets, gathered, opened
from graph.types import SocketType
from graph.widgets import Widget

_DIGITS = re.compile(r"(\d+)$")
P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
EnumClass = type[Enum]
Validator = Callable[..., str | None]
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING", "__bool__": lambda self: False})()


@dataclass(frozen=True)
class Socket:
    """One input of a node type."""

    name: str
    type: SocketType
    widget: Widget | None = None
    default: Any = MISSING
    is_optional: bool = False
    is_list: bool = False  # wants the whole list; otherwise the node is mapped over a list
    is_lazy: bool = False  # receives a promise
    is_growing: bool = False  # *images / **values: any number of inputs `images0`, `images1` … / any name
    takes_any_name: bool = False  # **values
    takes_literals: bool = False  # any literal is good, without a widget too
    is_reference: bool = False  # receives the Link itself, once what is behind it has run
    opens: Opening | None = None  # other sockets, by what is given here
    gathers: Classes | None = None  # what is open comes to the function as one value
    is_collected: bool = False  # comes to the function in a dictionary, with others of the same name before the dot
    enum: EnumClass | None = None  # the function wants a member of it; workflows hold the member's word
    tooltip: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)  # for editors, in ComfyUI's spelling

    @property
    def is_required(self) -> bool:
        """A value or a link must be given."""
        return self.default is MISSING and not self.is_optional and not self.is_growing


@dataclass(frozen=True)
class Output:
    """One output of a node type."""

    name: str
    type: SocketType
    is_list: bool = False
    tooltip: str = ""


class Call(NamedTuple):
    """Arguments for a node's function."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(frozen=True)
class NodeSpec:
    """A node type: its sockets, its function and how the engine must treat it."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[Socket, ...]
    outputs: tuple[Output, ...]
    category: str = ""
    display_name: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    is_output: bool = False
    is_pure: bool = True
    is_async: bool = False
    takes_run: bool = False
    may_expand: bool = False  # may return an Expand, whose graph may link to any result of the run
    fingerprint: Callable[..., Any] | None = None  # (inputs by name) -> JSON value that joins the key
    validator: Validator | None = None  # (literals by name) -> what is wrong with them, or None
    adapter: Adapter | None = None  # the function, if it is one; it stands in for `fingerprint` and `validator` too
    describer: Callable[[], Mapping[str, Any]] | None = None  # tells editors of the type, in place of graph.describe
    is_described_anew: bool = False  # what the describer says may change: it lists files, for example
    counts_id: bool = False  # the result depends on which node it is: equal nodes do not share it
    is_durable: bool = True  # results may be kept for later processes
    is_checked_elsewhere: bool = False  # what checks its inputs is not in this process (graph.spec_document)
    code_version: str = ""
    module: str = ""
    is_deprecated: bool = False
    is_experimental: bool = False
    gives_way: bool = False  # a pack's node of the same name takes its place
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_validator(self) -> bool:
        """Sockets do not say all that is asked of the inputs: code of the node's own does, here or elsewhere."""
        own = self.validator is not None or (self.adapter is not None and self.adapter.has_checks)
        return own or self.is_checked_elsewhere

    def input(self, name: str) -> Socket | None:
        """Return the socket that takes an input of that name; None if the node has no such input.

        `images0`, `images.image0` and on belong to a growing `*images`; other names to `**values`, if there is one.
        """
        named = self.named.get(name)
        return named or next((socket for socket in self._growing if _grows_to(socket, name)), None)

    def for_inputs(self, inputs: Mapping[str, Any]) -> NodeSpec:
        """Return the type as a node with these inputs has it: with the sockets that they open, none of which opens more."""
        return replace(self, inputs=tuple(opened(self.inputs, inputs))) if self.opens_sockets else self

    @cached_property
    def opens_sockets(self) -> bool:
        """Whether there are sockets that open others."""
        return any(socket.opens is not None for socket in self.inputs)

    @cached_property
    def possible_names(self) -> frozenset[str]:
        """The names of all inputs, those too that other values would open."""
        return frozenset(socket.name for socket in all_sockets(self.inputs))

    @cached_property
    def named(self) -> Mapping[str, Socket]:
        """The sockets that do not grow, by name."""
        return {socket.name: socket for socket in self.inputs if not socket.is_growing}

    @cached_property
    def encoded(self) -> bytes:
        """What tells this type and its code in keys."""
        return encode(self.name) + encode(self.code_version)

    @cached_property
    def encoded_names(self) -> Mapping[str, bytes]:
        """The names of inputs that do not grow, as keys have them."""
        return {name: encode(name) for name in self.named}

    @cached_property
    def required_names(self) -> frozenset[str]:
        """The inputs for which a value or a link must be given."""
        return frozenset(socket.name for socket in self.inputs if socket.is_required)

    @cached_property
    def output_types(self) -> tuple[SocketType, ...]:
        """The types of the outputs, in order."""
        return tuple(output.type for output in self.outputs)

    @cached_property
    def has_variable_outputs(self) -> bool:
        """The type of an output depends on what arrives."""
        return any(socket_type.variable for socket_type in self.output_types)

    @cached_property
    def _growing(self) -> tuple[Socket, ...]:
        return tuple(socket for socket in self.inputs if socket.is_growing)

    def call(self, values: Mapping[str, Any], run: Any = None) -> Call:
        """Return the arguments that give the function these inputs: growing ones in order, enum words as members."""
        if self.adapter is not None:
            return Call((values, run), {})
        values = gathered(self.inputs, values) if self._gathers else values
        several = self._several
        if several is None:
            kwargs = (
                {name: self._as_wanted(name, value) for name, value in values.items()}
                if self._has_enums
                else {**values}
            )
            if self.takes_run:
                kwargs["run"] = run
            return Call((), kwargs)
        grown = {name: value for name, value in values.items() if self.input(name) is several}
        kwargs = {name: self._as_wanted(name, value) for name, value in values.items() if name not in grown}
        before = self.inputs[: self.inputs.index(several)]
        leading = [kwargs.pop(socket.name, socket.default) for socket in before]
        rest = [self._as_wanted(name, grown[name]) for name in sorted(grown, key=_number_in)]
        if self.takes_run:
            kwargs["run"] = run
        return Call((*leading, *rest), kwargs)

    @cached_property
    def has_lazy(self) -> bool:
        """Whether an input is a promise."""
        return any(socket.is_lazy for socket in self.inputs)

    @cached_property
    def has_references(self) -> bool:
        """Whether an input receives its link."""
        return any(socket.is_reference for socket in self.inputs)

    def is_lazy(self, name: str) -> bool:
        """Whether the input of that name is a promise."""
        socket = self.input(name)
        return socket is not None and socket.is_lazy

    @cached_property
    def may_link_anywhere(self) -> bool:
        """Whether the node may run graphs, which may link to any result of the run: as an Expand, or by run.expand.

        What an adapter runs has no hold of `run`.
        """
        return self.may_expand or (self.is_async and self.takes_run and self.adapter is None)

    @cached_property
    def _several(self) -> Socket | None:
        return next((socket for socket in self._growing if not socket.takes_any_name), None)

    @cached_property
    def _gathers(self) -> bool:
        return any(socket.gathers is not None or socket.is_collected for socket in self.inputs)

    @cached_property
    def _has_enums(self) -> bool:
        return any(socket.enum is not None for socket in self.inputs)

    def _as_wanted(self, name: str, value: Any) -> Any:
        socket = self.input(name) if isinstance(value, str) and self._has_enums else None
        if socket is None or socket.enum is None:
            return value
        return next((member for member in socket.enum if value in (member.value, member.name)), value)


class NodeFunction(Protocol[P, R_co]):
    """A function that is a node: it is called as before and has a spec."""

    spec: NodeSpec
    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function itself, without the engine."""
        ...


def node(
    *,
    category: str = "",
    display_name: str = "",
    name: str = "",
    aliases: tuple[str, ...] = (),
    output_names: tuple[str, ...] = (),
    output: bool = False,
    pure: bool = True,
    fingerprint: Callable[..., Any] | None = None,
    validate: Validator | None = None,
    deprecated: bool = False,
    experimental: bool = False,
    gives_way: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> Callable[[Callable[P, R_co]], NodeFunction[P, R_co]]:
    """Return a decorator that reads a function's annotations and attaches the NodeSpec as `.spec`.

    The function stays as it is and nothing is registered. SpecError names module, function, parameter and remedy.
    """
    from graph.signature import read_signature  # it builds Sockets, so it imports this module

    frame = sys._getframe(1)
    local_names = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)

    def decorate(function: Callable[P, R_co]) -> NodeFunction[P, R_co]:
        read = read_signature(function, local_names, output_names, is_output=output)
        node_name = name or function.__name__
        attached = cast("NodeFunction[P, R_co]", function)
        attached.spec = NodeSpec(
            name=node_name,
            function=function,
            inputs=read.inputs,
            outputs=read.outputs,
            category=category,
            display_name=display_name or node_name,
            description=read.description,
            aliases=tuple(aliases),
            is_output=output,
            is_pure=pure,
            is_async=read.is_async,
            takes_run=read.takes_run,
            may_expand=read.may_expand,
            fingerprint=fingerprint,
            validator=validate,
            code_version=read.code_version,
            module=function.__module__,
            is_deprecated=deprecated,
            is_experimental=experimental,
            gives_way=gives_way,
            extra=extra or {},
        )
        return attached

    return decorate


def _grows_to(socket: Socket, name: str) -> bool:
    if socket.takes_any_name:
        return True
    rest = name[len(socket.name) :] if name.startswith(socket.name) else ""
    return rest.isdecimal() or (rest.startswith(".") and len(rest) > 1)


def _number_in(name: str) -> tuple[int, str]:
    digits = _DIGITS.search(name)
    return (int(digits[1]) if digits else 0, name)
