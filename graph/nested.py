"""What `run.call(node, **inputs)` means: which type is called, and with which inputs.

spec = spec_of(KSampler, registry)
call_inputs(spec, {"model": model, "seed": 3})  # with the defaults of everything else
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph.dynamic import Block, Expand
from graph.errors import GraphError
from graph.keys import call_key
from graph.lazy import Ready
from graph.mapping import Expanded, collect
from graph.nearest import did_you_mean
from graph.node_run import NodeRun
from graph.normalise import converted
from graph.parts import Parts
from graph.plan import Specs
from graph.results import Result
from graph.spec import MISSING, NodeSpec
from graph.visit import invoke


async def call(parts: Parts, caller: NodeRun, node: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Run a node for another and return what it returns; a Block among its inputs is what it returns."""
    caller.check_cancelled()
    spec = spec_of(node, parts.registry)
    inputs = call_inputs(spec, given)
    if block := next((value for value in inputs.values() if type(value) is Block), None):
        return block
    key = call_key(spec, inputs, parts.digest, parts.file_digest)
    result = None if key is None else parts.cache.get(key)
    if result is None:
        start = parts.clock()
        result = await _result(spec, inputs, NodeRun(caller.node_id, caller.host, spec.name, origin=caller.origin))
        if key is not None:
            parts.keep(key, spec, result, parts.clock() - start)
    for kind, items in result.ui.items():
        caller.show(kind, items)
    return result.value


async def _result(spec: NodeSpec, inputs: Mapping[str, Any], run: NodeRun) -> Result:
    value = invoke(spec, lazy_kept(spec, inputs), run)
    value = await value if spec.is_async else value
    if type(value) is Expand:
        value = Expanded(await run.host.expand(run, value))
    return collect(spec, [value], is_mapped=False, ui=run.shown)


def spec_of(node: NodeSpec | Callable[..., Any] | str, registry: Specs) -> NodeSpec:
    """Return the type of a node function, of a spec, or of a name."""
    spec = registry.find(node) if isinstance(node, str) else getattr(node, "spec", node)
    if not isinstance(spec, NodeSpec):
        raise GraphError(f"run.call: {getattr(node, '__name__', node)} is not a node; put @node(category=…) above it.")
    known = registry.find(spec.name)  # may have another code version than the function's own spec
    return known if known is not None and known.function is spec.function else spec


def call_inputs(spec: NodeSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a call with defaults filled in; GraphError names one that is unknown, missing or unfit."""
    spec = spec.for_inputs(given)
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
