"""Sockets that open others: a choice whose values have inputs of their own, a socket with inputs beside it, repeated ones.

    mode = Socket("mode", COMBO, Choice(("scale", "size")), opens=ByValue({"scale": (factor,), "size": (width, height)}))
    [socket.name for socket in opened((mode,), {"mode": "size"})]  # mode, mode.width, mode.height

In a workflow, an opened input is called after the socket that opens it. The engine sees only what is open: a type for
a node's inputs (`NodeSpec.for_inputs`) has plain sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph.spec import Socket

SEPARATOR = "."


@dataclass(frozen=True)
class ByValue:
    """Opens what belongs to the value that is chosen; nothing while the value comes over a link."""

    sockets: Mapping[str, tuple[Socket, ...]]


@dataclass(frozen=True)
class IfGiven:
    """Opens the sockets when there is a value or a link."""

    sockets: tuple[Socket, ...]


@dataclass(frozen=True)
class Repeated:
    """Stands for one socket, as often as there are names; the first `least` must be given unless it is optional.

    The socket that opens it takes no input itself.
    """

    socket: Socket
    names: tuple[str, ...]
    least: int = 1


Opening = ByValue | IfGiven | Repeated
Classes = Mapping[str, Callable[..., Any]]
"""NamedTuples by the value of a choice: the class of which a function wants one, made of what is open."""


def opened(sockets: Iterable[Socket], inputs: Mapping[str, Any], before: str = "") -> Iterator[Socket]:
    """Yield the sockets that a node with these inputs has. `before`: what their names begin with."""
    for socket in sockets:
        opens = socket.opens
        if opens is None and not before:
            yield socket
            continue
        plain = replace(socket, name=before + socket.name, opens=None)
        inner = plain.name + SEPARATOR
        if isinstance(opens, Repeated):
            yield from _repeated(opens, inputs, inner)
            continue
        yield plain
        if isinstance(opens, ByValue):
            yield from opened(opens.sockets.get(_word(plain, inputs), ()), inputs, inner)
        elif isinstance(opens, IfGiven) and plain.name in inputs:
            yield from opened(opens.sockets, inputs, inner)


def all_sockets(sockets: Iterable[Socket], before: str = "") -> Iterator[Socket]:
    """Yield the sockets and all that they may open, by their whole names."""
    for socket in sockets:
        opens, name = socket.opens, before + socket.name
        yield replace(socket, name=name) if before else socket
        if isinstance(opens, ByValue):
            for each in opens.sockets.values():
                yield from all_sockets(each, name + SEPARATOR)
        elif isinstance(opens, IfGiven):
            yield from all_sockets(opens.sockets, name + SEPARATOR)
        elif isinstance(opens, Repeated):
            yield from (replace(opens.socket, name=f"{name}{SEPARATOR}{each}") for each in opens.names)


def gathered(sockets: Iterable[Socket], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with those of opened sockets put together, as the function wants them (Socket.gathers)."""
    found = dict(values)
    for name in [socket.name for socket in sockets if socket.is_collected and socket.name in found]:
        together, _, own = name.partition(SEPARATOR)
        found[together] = {**found.get(together, {}), own: found.pop(name)}
    gathering = (socket for socket in sockets if socket.gathers is not None and found.get(socket.name) is not None)
    for socket in sorted(gathering, key=lambda socket: socket.name.count(SEPARATOR), reverse=True):  # inner ones first
        inner = socket.name + SEPARATOR
        parts = {name.removeprefix(inner): found.pop(name) for name in list(found) if name.startswith(inner)}
        assert socket.gathers is not None
        found[socket.name] = socket.gathers[found[socket.name]](**parts)
    return found


def _word(socket: Socket, inputs: Mapping[str, Any]) -> str:
    """Return the chosen value; one that is no text chooses nothing."""
    value = inputs.get(socket.name, socket.default)
    return value if isinstance(value, str) else ""


def _repeated(opens: Repeated, inputs: Mapping[str, Any], inner: str) -> Iterator[Socket]:
    """Yield the repeated sockets that must be given, and those that are."""
    for place, name in enumerate(opens.names):
        full = inner + name
        is_free = opens.socket.is_optional or place >= opens.least
        if full in inputs or not is_free:
            yield replace(opens.socket, name=full, is_optional=is_free)
