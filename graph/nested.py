"""What `run.call(node, **inputs)` means: which type is called, and with which inputs.

spec = spec_of(KSampler, registry)
call_inputs(spec, {"model": model, "seed": 3})  # with the defaults of everything else
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph.errors import GraphError
from graph.lazy import Ready
from graph.nearest import did_you_mean
from graph.normalise import converted
from graph.plan import Specs
from graph.spec import MISSING, NodeSpec


def spec_of(node: NodeSpec | Callable[..., Any] | str, registry: Specs) -> NodeSpec:
    """Return the type of a node function, of a spec, or of a name."""
    spec = registry.find(node) if isinstance(node, str) else getattr(node, "spec", node)
    if not isinstance(spec, NodeSpec):
        raise GraphError(f"run.call: {getattr(node, '__name__', node)} is not a node; put @node(category=…) above it.")
    return spec


def call_inputs(spec: NodeSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a call with defaults filled in; GraphError names one that is unknown, missing or unfit."""
    known = [socket.name for socket in spec.inputs]
    for name in given:
        if spec.input(name) is None:
            raise GraphError(f'run.call: {spec.name} has no input "{name}"{did_you_mean(name, known)}')
    inputs: dict[str, Any] = {}
    for socket in spec.inputs:
        if socket.is_growing or socket.name in given:
            continue
        if socket.default is not MISSING:
            inputs[socket.name] = socket.default
        elif not socket.is_optional:
            raise GraphError(f"run.call: {spec.name} wants the input {socket.name}, which is missing.")
    for name, value in given.items():
        inputs[name] = _converted(spec, name, value)
    return inputs


def lazy_kept(spec: NodeSpec, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with promises, already kept, where the function wants them."""
    lazy = {socket.name for socket in spec.inputs if socket.is_lazy}
    return {name: Ready(value) if name in lazy else value for name, value in inputs.items()}


def _converted(spec: NodeSpec, name: str, value: Any) -> Any:
    socket = spec.input(name)
    if socket is None or not isinstance(value, str | int | float | bool):
        return value
    try:
        return converted(socket, value)
    except ValueError as error:
        raise GraphError(f"run.call: {spec.name}, {name}: {error}.") from error
