"""ClassAdapter: runs a class with INPUT_TYPES as ComfyUI does. One object of it for each node, as long as that is there.

adapter = ClassAdapter("Blur", Blur, declared, outputs)
adapter({"image": image}, run)  # Blur().blur(image=image), as the engine wants it
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from compat.coroutines import WithoutGradients
from compat.current import running
from compat.legacy_checks import faults_of, fingerprint_of
from compat.legacy_hidden import hidden_values
from compat.legacy_inputs import Declared
from compat.outcome import deliver, returned_by_class
from compat.wires import to_pack
from graph.errors import GraphError
from graph.lazy import Ready
from graph.normalise import WRAPPER
from graph.run import Run
from graph.spec import Output, Socket
from graph.workflow import Link, Node

CHECK_LAZY = "check_lazy_status"
INSTANCE = "instance"  # under which the engine keeps a node's object between runs


@dataclass(frozen=True)
class ClassAdapter:
    """What runs and checks the nodes of one class. Implements graph.adapter.Adapter."""

    name: str
    cls: type[Any]
    declared: Declared
    outputs: tuple[Output, ...]

    @cached_property
    def is_list(self) -> bool:
        """The function wants every input as a list."""
        return bool(getattr(self.cls, "INPUT_IS_LIST", False))

    @cached_property
    def is_async(self) -> bool:
        """The work must be awaited: the function says so, or there are promises among the inputs."""
        methods = (getattr(self.cls, name, None) for name in (self.cls.FUNCTION, CHECK_LAZY))
        return any(map(inspect.iscoroutinefunction, methods)) or any(socket.is_lazy for socket in self._sockets)

    @property
    def has_checks(self) -> bool:
        """The class has VALIDATE_INPUTS."""
        return getattr(self.cls, "VALIDATE_INPUTS", None) is not None

    def fingerprint(self, node: Node, inputs: Mapping[str, Any]) -> Any:
        """Return what IS_CHANGED says; ValueError if the node runs every time."""
        return fingerprint_of(self.cls, self.declared, node, inputs)

    def faults(self, node: Node, types: Mapping[str, str]) -> Mapping[str, str]:
        """Return what VALIDATE_INPUTS says, by input."""
        return faults_of(self.cls, self.declared, node, types)

    def __call__(self, values: Mapping[str, Any], run: Run) -> Any:
        """Do the work for one row of inputs; what an async class gives must be awaited."""
        if self.is_async:
            return self._work_later(values, run)
        with running(run), torch.no_grad():
            instance = self._instance(run)
            arguments = self._arguments(values, run)
            if check := getattr(instance, CHECK_LAZY, None):
                check(**arguments)
            return deliver(returned_by_class(self._function(instance)(**arguments)), self.outputs, run)

    async def _work_later(self, values: Mapping[str, Any], run: Run) -> Any:
        with running(run), torch.no_grad():
            instance = self._instance(run)
        arguments = await self._settled(instance, values, run)
        with running(run):
            with torch.no_grad():
                returned = self._function(instance)(**arguments)
            if inspect.iscoroutinefunction(self._function(instance)):
                returned = await WithoutGradients(returned)
            return deliver(returned_by_class(returned), self.outputs, run)

    async def _settled(self, instance: Any, values: Mapping[str, Any], run: Run) -> dict[str, Any]:
        """Return the arguments, with those promises kept that the class asks for; the others are None."""
        known = {name: await value if isinstance(value, Ready) else value for name, value in values.items()}
        waiting = {name: value for name, value in known.items() if hasattr(value, "__await__")}
        check = getattr(instance, CHECK_LAZY, None)
        while True:
            nothing = (None,) if self.is_list else None  # a tuple, as in ComfyUI
            arguments = self._arguments({name: nothing if name in waiting else known[name] for name in known}, run)
            if check is None:
                return arguments
            wanted = self._wanted(await _asked(check, arguments, run), known, waiting)
            if not wanted:
                return arguments
            for name in wanted:
                known[name] = await waiting.pop(name)

    def _wanted(self, said: Any, known: Mapping[str, Any], waiting: Mapping[str, Any]) -> list[str]:
        names = [name for name in said if isinstance(name, str)] if isinstance(said, list) else []
        for name in names:
            if name not in known:
                raise GraphError(f'{CHECK_LAZY} asks for the input "{name}", which the node has not; link it.')
        return list(dict.fromkeys(name for name in names if name in waiting))

    def _arguments(self, values: Mapping[str, Any], run: Run) -> dict[str, Any]:
        """Return what the function is called with: values in the pack's shapes, raw links, hidden inputs."""
        links = run.links if self.is_list or self._more is not None else {}
        arguments: dict[str, Any] = {}
        for name, value in values.items():
            socket = self._named.get(name, self._more)
            if socket is None or (socket.is_growing and name not in links and not self.declared.is_dynamic):
                continue  # a literal for an input that the class does not have
            if self.is_list and type(value) is tuple:
                arguments[name] = value  # not asked for yet
            elif self.is_list:
                arguments[name] = [_given(socket, item) for item in self._items(name, value, run, name in links)]
            else:
                arguments[name] = _given(socket, value)
        for name, value in hidden_values(self.declared.hidden, run).items():
            arguments[name] = [value] if self.is_list else value
        return arguments

    def _items(self, name: str, value: Any, run: Run, is_linked: bool) -> list[Any]:
        """Return what an input holds as the list that the function wants; a list in the workflow is one value."""
        node = run.nodes.get(run.node_id)
        if not is_linked and isinstance(value, list) and node is not None and _is_list(node.inputs.get(name)):
            return [value]
        return value if isinstance(value, list) else [value]

    def _instance(self, run: Run) -> Any:
        """Return the object that a node keeps, made when it first runs or when its class is a new one."""
        instance = run.state.get(INSTANCE)
        if type(instance) is not self.cls:
            instance = run.state[INSTANCE] = self.cls()
        return instance

    def _function(self, instance: Any) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(instance, self.cls.FUNCTION)
        return found

    @property
    def _sockets(self) -> tuple[Socket, ...]:
        return self.declared.sockets

    @cached_property
    def _named(self) -> Mapping[str, Socket]:
        return {socket.name: socket for socket in self._sockets if not socket.is_growing}

    @cached_property
    def _more(self) -> Socket | None:
        return next((socket for socket in self._sockets if socket.is_growing), None)


def _given(socket: Socket, value: Any) -> Any:
    return [*value] if type(value) is Link else to_pack(socket.type.name, value)


def _is_list(literal: Any) -> bool:
    return isinstance(literal.get(WRAPPER) if isinstance(literal, dict) else literal, list)


async def _asked(check: Callable[..., Any], arguments: Mapping[str, Any], run: Run) -> Any:
    with running(run):
        with torch.no_grad():
            said = check(**arguments)
        return await WithoutGradients(said) if inspect.iscoroutinefunction(check) else said
