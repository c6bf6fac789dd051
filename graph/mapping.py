"""Lists on the wires, as in ComfyUI: a node that receives a list where it wants one value runs once for each item.

    rows(spec, {"image": Values((a, b), is_list=True), "amount": 3}).calls
    # ({"image": a, "amount": 3}, {"image": b, "amount": 3})

Shorter lists repeat their last item. Sockets that want the whole list get it in each call. The outputs of mapped calls
become lists, list outputs end to end. A call that would get a Block is a Block itself: it is not made, and its outputs
are blocked.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graph.dynamic import Block
from graph.errors import GraphError
from graph.lazy import Promise, Ready
from graph.results import NO_UI, Result, Values
from graph.spec import NodeSpec, Socket

BLOCKED = Block()  # what is behind a block that was told
Call = dict[str, Any] | Block


class Rows(NamedTuple):
    """The calls that a node makes in one run: whether a list caused them, and whether none of them is a Block."""

    calls: tuple[Call, ...]
    is_mapped: bool
    are_whole: bool


@dataclass(frozen=True)
class Expanded:
    """What the graph gave that a call expanded into: its outputs, in order."""

    outputs: tuple[Values, ...]


def rows(spec: NodeSpec, inputs: Mapping[str, Any]) -> Rows:
    """Return the inputs of each call. What came over links is `Values`; anything else is a literal or a promise."""
    sockets = {name: spec.input(name) for name in inputs}
    lengths: list[int] = []
    for name, value in inputs.items():
        if type(value) is Values and value.is_list and not _wants_list(sockets[name]):
            lengths.append(len(value.items))
    count = 0 if 0 in lengths else max(lengths, default=1)
    calls = tuple([_call(sockets, inputs, place) for place in range(count)])
    return Rows(calls, bool(lengths), not any(map(_is_block, calls)))


def _call(sockets: Mapping[str, Socket | None], inputs: Mapping[str, Any], place: int) -> Call:
    arguments: dict[str, Any] = {}
    for name, value in inputs.items():
        socket = sockets[name]
        argument = arguments[name] = _argument(socket, value, place)
        if type(argument) is Block:
            return argument
        if type(argument) is list and _wants_list(socket):
            for item in argument:
                if type(item) is Block:
                    return item
    return arguments


def _is_block(call: Call) -> bool:
    return type(call) is Block


def _wants_list(socket: Socket | None) -> bool:
    return socket is not None and socket.is_list


def _argument(socket: Socket | None, value: Any, place: int) -> Any:
    if type(value) is Promise:
        return value  # a promise, which knows whether a list is wanted
    if type(value) is Values:
        items = value.items
        argument = list(items) if _wants_list(socket) else items[place] if place < len(items) else items[-1]
    else:
        argument = copy.deepcopy(value) if isinstance(value, list | dict) else value  # the workflow's own value
        if _wants_list(socket) and not isinstance(argument, list) and argument is not None:
            argument = [argument]
    if socket is not None and socket.is_lazy:
        return Ready(argument)
    return argument


def collect(spec: NodeSpec, returned: Sequence[Any], *, is_mapped: bool, ui: Mapping[str, Any] = NO_UI) -> Result:
    """Make the result of a node from what its calls returned."""
    if not is_mapped:
        parts = _parts(spec, returned[0])
        outputs = tuple(
            [_output(output.name, output.is_list, part) for output, part in zip(spec.outputs, parts, strict=True)]
        )
        return Result(
            outputs, ui, _named_tuple(returned[0]) if len(parts) != 1 or parts[0] is not returned[0] else None
        )
    columns: list[list[Any]] = [[] for _ in spec.outputs]
    for value in returned:
        for column, output, part in zip(columns, spec.outputs, _parts(spec, value), strict=True):
            column.extend(_output(output.name, output.is_list, part).items)
    return Result(tuple(Values(tuple(column), True) for column in columns), ui)


def _output(name: str, is_list: bool, part: Any) -> Values:
    if type(part) is Values:
        return part._replace(is_list=part.is_list or is_list)
    return Values(_list_items(name, part), True) if is_list else Values((part,))


def _parts(spec: NodeSpec, value: Any) -> tuple[Any, ...]:
    """Return one value for each output; `Values` where a graph gave it."""
    if not spec.outputs:
        return ()
    if type(value) is Block:
        return (value,) * len(spec.outputs)
    if type(value) is Expanded:
        return _counted(spec, value.outputs)
    if len(spec.outputs) == 1:
        is_named = _named_tuple(value) is not None and value._fields == (spec.outputs[0].name,)
        return tuple(value) if is_named else (value,)
    return _counted(spec, value)


def _counted(spec: NodeSpec, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple) or len(value) != len(spec.outputs):
        found = f"{len(value)} values" if isinstance(value, tuple) else type(value).__name__
        raise GraphError(f"{spec.name} has {len(spec.outputs)} outputs, but its function returned {found}.")
    return tuple(value)


def _named_tuple(value: Any) -> type[Any] | None:
    return type(value) if isinstance(value, tuple) and hasattr(value, "_fields") else None


def _list_items(name: str, value: Any) -> tuple[Any, ...]:
    if type(value) is Block:
        return (value,)
    if not isinstance(value, list | tuple):
        raise GraphError(f"the output {name} is a list, but the function returned {type(value).__name__}.")
    return tuple(value)
