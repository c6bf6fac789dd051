"""The inputs of a V3 schema as sockets of the engine.

sockets = Sockets(cls, rules).of(schema.inputs)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from compat.legacy_inputs import Rules, read_inputs
from compat.legacy_types import socket_type
from compat.v3.dynamic import Autogrow, DynamicCombo, DynamicInput, DynamicSlot
from compat.v3.inputs import Input, WidgetInput
from compat.v3.matching import MatchType
from graph.choices import Choice
from graph.opening import ByValue, IfGiven, Opening, Repeated
from graph.spec import Socket
from graph.types import ANY, SocketType
from graph.widget_document import Foreign

ANY_NAME = "**"  # the socket for names that the schema does not list; no input of a workflow has this name
Path = tuple[str, ...]  # ids of inputs, and after that of a DynamicCombo the key of an option


class Sockets:
    """Makes sockets for one node class."""

    def __init__(self, cls: Any, rules: Rules, *, may_change: bool) -> None:
        """`rules` hold for all inputs; what may change is asked for anew when a value is checked."""
        self._cls = cls
        self._rules = rules
        self._may_change = may_change

    def of(self, inputs: Iterable[Input], path: Path = ()) -> tuple[Socket, ...]:
        """Return the sockets of inputs."""
        return tuple([self._socket(each, path) for each in inputs])

    def of_any_name(self) -> Socket:
        """Return the socket that takes inputs of any name."""
        is_list = self._rules.is_list
        return Socket(
            ANY_NAME,
            ANY,
            is_optional=True,
            is_list=is_list,
            is_growing=True,
            takes_any_name=True,
            takes_literals=True,
        )

    def _socket(self, each: Any, path: Path) -> Socket:
        if isinstance(each, DynamicSlot.Input):
            beside = IfGiven(self.of(each.inputs, (*path, each.id)))
            return self._opening(each, path, socket_type(each.slot.get_io_type()), beside)
        if isinstance(each, DynamicCombo.Input):
            options = {str(one.key): self.of(one.inputs, (*path, each.id, one.key)) for one in each.options}
            return self._opening(each, path, SocketType(each.io_type), ByValue(options))
        if isinstance(each, Autogrow.Input):
            (one,) = self.of((each.template.input,), (*path, each.id))
            repeated = Repeated(one, tuple(each.template.names), each.template.min)
            return self._opening(each, path, SocketType(each.io_type), repeated)
        return self._plain(each, path)

    def _opening(self, each: Any, path: Path, kind: SocketType, opens: Opening) -> Socket:
        told = each.as_dict()
        return Socket(
            name=each.id,
            type=kind,
            widget=Choice(tuple(opens.sockets)) if isinstance(opens, ByValue) else None,
            is_optional=bool(each.optional),
            is_list=self._rules.is_list,
            is_lazy=bool(each.lazy) and not path,
            takes_literals=True,
            opens=opens,
            tooltip=each.tooltip or "",
            options={name: value for name, value in told.items() if name != "optional"},
        )

    def _plain(self, each: Input, path: Path) -> Socket:
        kind = ANY.name if isinstance(each, MatchType.Input) else each.get_io_type()
        told = {name: value for name, value in each.as_dict().items() if name != "optional"}
        listing = partial(self._options, (*path, each.id)) if self._may_change else None
        group = "optional" if each.optional else "required"
        (socket,) = read_inputs(
            {group: {each.id: (kind, told)}}, self._rules_for(path)._replace(listing=listing)
        ).sockets
        is_for_editors = socket.widget is None and isinstance(each, WidgetInput)
        return replace(
            socket,
            widget=Foreign(socket.type) if is_for_editors else socket.widget,
            is_lazy=socket.is_lazy and not path,  # ComfyUI makes opened inputs at once, whatever is said of them
        )

    def _rules_for(self, path: Path) -> Rules:
        """Return what holds for an input: names that the class checks itself are those of its own inputs alone."""
        return self._rules._replace(checked_names=frozenset(), takes_more=False) if path else self._rules

    def _options(self, path: Path, name: str) -> Sequence[Any]:
        """Return what may be chosen now."""
        found = find_input(self._cls.FINALIZE_SCHEMA().inputs, path)
        return tuple(getattr(found, "options", None) or ())


def find_input(inputs: Iterable[Any], path: Path) -> Any:
    """Return the input at a path; None if it is gone."""
    name, *rest = path
    found = next((each for each in inputs if each.id == name), None)
    if found is None or not rest:
        return found
    if isinstance(found, DynamicCombo.Input):
        option = next((one for one in found.options if one.key == rest[0]), None)
        return None if option is None else find_input(option.inputs, tuple(rest[1:]))
    inner = (found.template.input,) if isinstance(found, Autogrow.Input) else getattr(found, "inputs", ())
    return find_input(inner, tuple(rest)) if isinstance(found, DynamicInput) else None
