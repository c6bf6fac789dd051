"""Lazy inputs: promises that a node awaits when, and only if, it wants the value.

value = await image  # in a node with `image: Lazy[Image]`
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

from graph.binding import Bound
from graph.dynamic import Block, BlockArrived
from graph.results import Values
from graph.workflow import Link

Demand = Callable[[Link], Coroutine[Any, Any, Values]]
"""Has the node behind a link run, and returns what it gave."""


@dataclass(frozen=True)
class Ready:
    """A promise that is kept already: what a lazy input gets when its value is known."""

    value: Any

    def __await__(self) -> Generator[Any, Any, Any]:
        """Return the value at once."""
        yield from ()
        return unblocked(self.value)


class ListArrived(BaseException):
    """A lazy input turned out to be a list: the node begins again, mapped over it. Never reaches node authors."""

    def __init__(self, name: str, values: Values) -> None:
        super().__init__(name)
        self.name = name
        self.values = values


@dataclass(frozen=True)
class Promise:
    """A lazy input: `await` has it computed."""

    name: str
    link: Link
    wants_list: bool
    demand: Demand

    def __await__(self) -> Generator[Any, Any, Any]:
        """Return the value; the nodes that it needs run now."""
        values: Values = yield from self.demand(self.link).__await__()
        if values.is_list and not self.wants_list:
            raise ListArrived(self.name, values)
        for item in values.items:
            unblocked(item)
        return list(values.items) if self.wants_list else values.items[0]


def gather(bound: Bound, values: Callable[[Link], Values], demand: Demand) -> dict[str, Any]:
    """Return a node's inputs: literals, values that arrived, and promises."""
    spec, inputs = bound.spec, dict[str, Any]()
    is_special = bool(bound.lazy_links) or spec.has_references
    for name, value in bound.inputs.items():
        socket = spec.input(name) if is_special and type(value) is Link else None
        if type(value) is not Link or (socket is not None and socket.is_reference):
            inputs[name] = value
        elif socket is not None and socket.is_lazy:
            inputs[name] = Promise(name, value, socket.is_list, demand)
        else:
            inputs[name] = values(value)
    return inputs


def unblocked(value: Any) -> Any:
    """Return the value; BlockArrived if it is a Block."""
    if type(value) is Block:
        raise BlockArrived(value)
    return value
