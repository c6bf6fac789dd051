"""V3Adapter: runs and checks the nodes of a V3 class as ComfyUI does.

adapter = V3Adapter(Blur, schema, sockets, outputs)
adapter({"image": image}, run)  # Blur.execute(image=image), as the engine wants it
"""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from compat.coroutines import WithoutGradients, result_of
from compat.current import running
from compat.legacy_hidden import hidden_before_run, hidden_values
from compat.outcome import NO_UI, NO_VALUES, Returned, deliver, is_blocker
from compat.v3.hidden import Hidden, HiddenHolder
from compat.v3.nesting import Leaf, nested, with_path
from compat.v3.node import ASYNC, clone_for_call, own_method
from compat.v3.outputs import NodeOutput
from compat.v3.schema import Schema
from compat.wires import to_pack
from graph.dynamic import Block
from graph.errors import GraphError
from graph.lazy import Ready
from graph.normalise import WRAPPER, converted
from graph.opening import all_sockets, opened
from graph.run import Run
from graph.spec import Output, Socket
from graph.workflow import Link, Node

logger = logging.getLogger(__name__)

FINGERPRINT, VALIDATE, CHECK_LAZY, TYPES = "fingerprint_inputs", "validate_inputs", "check_lazy_status", "input_types"


@dataclass(frozen=True)
class V3Adapter:
    """What runs and checks the nodes of one class. Implements graph.adapter.Adapter."""

    cls: Any
    schema: Schema
    sockets: tuple[Socket, ...]
    outputs: tuple[Output, ...]

    @cached_property
    def is_async(self) -> bool:
        """The work must be awaited: a method says so, or there are promises among the inputs."""
        methods = (self.cls.execute, self.cls.check_lazy_status)
        lazy = any(socket.is_lazy for socket in all_sockets(self.sockets))
        return lazy or any(map(inspect.iscoroutinefunction, methods))

    @property
    def has_checks(self) -> bool:
        """The class has validate_inputs of its own."""
        return own_method(self.cls, VALIDATE) is not None

    @cached_property
    def hidden(self) -> Mapping[str, str]:
        """What the schema asks for beside inputs: names, and ComfyUI's words for them."""
        return {each.name: each.value for each in self.schema.hidden}

    def fingerprint(self, node: Node, inputs: Mapping[str, Any]) -> Any:
        """Return what fingerprint_inputs says; ValueError if the node runs every time."""
        if own_method(self.cls, FINGERPRINT) is None:
            return None
        try:
            seen = result_of(self._before_run(node, FINGERPRINT)(**self._known(inputs)))
        except Exception as error:  # the pack's code
            logger.warning("%s: %s failed, so the node runs: %s", node.label, FINGERPRINT, error)
            raise ValueError("what changed cannot be told") from error
        if isinstance(seen, float) and math.isnan(seen):
            raise ValueError("the node is to run every time")
        return None if is_blocker(seen) else seen

    def faults(self, node: Node, types: Mapping[str, str]) -> Mapping[str, str]:
        """Return what validate_inputs says, for each input that it was given, as ComfyUI does."""
        asked = inspect.getfullargspec(getattr(self.cls, VALIDATE))
        open_sockets = {socket.name: socket for socket in opened(self.sockets, node.inputs)}
        literals = {
            name: converted(open_sockets[name], value)
            for name, value in node.inputs.items()
            if name in open_sockets and (asked.varkw is not None or name in asked.args)
        }
        given = self._known(literals)
        if TYPES in asked.args:
            given[TYPES] = {name: word for name, word in types.items() if name in open_sockets}
        if not given:
            return {}
        try:
            said = result_of(self._before_run(node, VALIDATE)(**given))
        except Exception as error:  # the pack's code
            return {"": f"its own validation failed: {type(error).__name__}: {error}"}
        if said is True or is_blocker(said):
            return {}
        names = [*literals, *([TYPES] if TYPES in asked.args else [])]
        return dict.fromkeys(names, "the node does not accept it" if said is False else str(said))

    def __call__(self, values: Mapping[str, Any], run: Run) -> Any:
        """Do the work for one row of inputs; what an async class gives must be awaited."""
        if self.is_async:
            return self._work_later(values, run)
        with running(run), torch.no_grad():
            clone = self._clone(run)
            if own_method(self.cls, CHECK_LAZY) is not None:
                clone.check_lazy_status(**self._arguments(values, run, with_path))
            return self._delivered(clone.EXECUTE_NORMALIZED(**self._arguments(values, run)), run)

    async def _work_later(self, values: Mapping[str, Any], run: Run) -> Any:
        clone = self._clone(run)
        known = await self._settled(clone, values, run)
        with running(run):
            method = getattr(clone, clone.FUNCTION)
            arguments = self._arguments(known, run)
            if clone.FUNCTION == ASYNC:
                returned = await WithoutGradients(method(**arguments))
            else:
                with torch.no_grad():
                    returned = method(**arguments)
            return self._delivered(returned, run)

    async def _settled(self, clone: Any, values: Mapping[str, Any], run: Run) -> dict[str, Any]:
        """Return the values, with those promises kept that the class asks for; the others are None."""
        known = {name: await value if isinstance(value, Ready) else value for name, value in values.items()}
        waiting = {name: value for name, value in known.items() if hasattr(value, "__await__")}
        nothing = (None,) if self.schema.is_input_list else None
        while True:
            so_far = {name: nothing if name in waiting else value for name, value in known.items()}
            if own_method(self.cls, CHECK_LAZY) is None:
                return so_far
            said = await self._asked(clone, self._arguments(so_far, run, with_path), run)
            wanted = self._wanted(said, known, waiting)
            if not wanted:
                return so_far
            for name in wanted:
                known[name] = await waiting.pop(name)

    async def _asked(self, clone: Any, arguments: Mapping[str, Any], run: Run) -> Any:
        with running(run):
            if inspect.iscoroutinefunction(clone.check_lazy_status):
                return await WithoutGradients(clone.check_lazy_status(**arguments))
            with torch.no_grad():
                return clone.check_lazy_status(**arguments)

    def _wanted(self, said: Any, known: Mapping[str, Any], waiting: Mapping[str, Any]) -> list[str]:
        names = [name for name in said if isinstance(name, str)] if isinstance(said, list) else []
        for name in names:
            if name not in known:
                raise GraphError(f'{CHECK_LAZY} asks for the input "{name}", which the node has not; link it.')
        return list(dict.fromkeys(name for name in names if name in waiting))

    def _arguments(self, values: Mapping[str, Any], run: Run, leaf: Leaf | None = None) -> dict[str, Any]:
        """Return what a method is called with: values in the pack's shapes, raw links, opened inputs in dictionaries."""
        node = run.nodes.get(run.node_id)
        literals = {} if node is None else node.inputs
        types = {socket.name: socket.type.name for socket in opened(self.sockets, literals)}
        shaped = {name: self._shaped(types.get(name, "*"), value, literals.get(name)) for name, value in values.items()}
        return nested(self.schema.inputs, shaped, leaf)

    def _shaped(self, kind: str, value: Any, literal: Any) -> Any:
        if not self.schema.is_input_list:
            return _given(kind, value)
        if isinstance(value, tuple):
            return value  # a promise that was not asked for
        is_one = isinstance(literal, dict | list) and isinstance(_unwrapped(literal), list)
        items = value if isinstance(value, list) and not is_one else [value]
        return [_given(kind, item) for item in items]

    def _clone(self, run: Run) -> Any:
        values = hidden_values(self.hidden, run)
        return clone_for_call(self.cls, HiddenHolder.from_dict({Hidden[name]: value for name, value in values.items()}))

    def _before_run(self, node: Node, name: str) -> Any:
        values = hidden_before_run(self.hidden, node.id)
        holder = HiddenHolder.from_dict({Hidden[each]: value for each, value in values.items()})
        return getattr(clone_for_call(self.cls, holder), name)

    def _known(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known before a run: literals, and None for links."""
        open_sockets = {socket.name: socket for socket in opened(self.sockets, inputs)}
        known = {name: _literal(open_sockets.get(name), value) for name, value in inputs.items()}
        if self.schema.is_input_list:
            known = {name: [value] for name, value in known.items()}
        return nested(self.schema.inputs, known)

    def _delivered(self, output: NodeOutput, run: Run) -> Any:
        shown = output.ui if isinstance(output.ui, dict) or output.ui is None else output.ui.as_dict()
        if output.block_execution is not None and output.expand is None:
            deliver(Returned(ui=shown or NO_UI), (), run)
            return Block(str(output.block_execution))
        values = NO_VALUES if output.result is None else output.result
        return deliver(Returned(values, shown or NO_UI, output.expand), self.outputs, run)


def _given(kind: str, value: Any) -> Any:
    return [*value] if type(value) is Link else to_pack(kind, value)


def _literal(socket: Socket | None, value: Any) -> Any:
    if not isinstance(value, Link):
        return value
    return [*value] if socket is not None and socket.is_reference else None


def _unwrapped(literal: Any) -> Any:
    return literal.get(WRAPPER) if isinstance(literal, dict) else literal
