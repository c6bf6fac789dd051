"""What a node of a pack returned, as the engine wants it: values, things to show, a Block, a graph.

    deliver(returned_by_class((image,)), spec.outputs, run)                      # image
    deliver(Returned((mask,), ui={"images": [...]}), spec.outputs, run)          # mask; run.show was called
    deliver(Returned((["7.0.0.2", 0],), expand={"7.0.0.2": {...}}), …)           # graph.dynamic.Expand

Classes with INPUT_TYPES return tuples or dictionaries; `returned_by_class` takes these apart. V3 nodes build `Returned`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from compat.wires import from_pack
from graph.dynamic import Block, Expand
from graph.results import Values
from graph.run import Run
from graph.spec import Output
from graph.workflow import Link, Node, Workflow

BLOCKER = "ExecutionBlocker"
NO_VALUES = object()  # nothing was returned for the outputs: whoever reads one gets None
NO_UI: Mapping[str, Any] = {}


class Returned(NamedTuple):
    """What a call returned. `values`: one for each output, a blocker for all, or NO_VALUES; with `expand`, links too."""

    values: Any = NO_VALUES
    ui: Mapping[str, Any] = NO_UI
    expand: Mapping[str, Any] | None = (
        None  # nodes by id, in the form of an API document, whose inputs may hold any value
    )


def returned_by_class(value: Any) -> Returned:
    """Take apart what a class's function returned: a tuple, or a dictionary with `ui`, `result` and `expand`."""
    if isinstance(value, dict):
        return Returned(value.get("result", NO_VALUES), value.get("ui") or NO_UI, value.get("expand"))
    return Returned(value)


def deliver(returned: Returned, outputs: Sequence[Output], run: Run) -> Any:
    """Show what is to be shown and return what a node's function returns to the engine."""
    for kind, items in returned.ui.items():
        run.show(kind, list(items))
    if is_blocker(returned.values):
        return block_of(returned.values)
    by_output = _by_output(returned.values, outputs)
    if returned.expand is not None:
        return _expansion(returned.expand, [_end(output, value) for output, value in by_output])
    values = [_delivered(output, value) for output, value in by_output]
    return values[0] if len(values) == 1 else tuple(values)


def is_blocker(value: Any) -> bool:
    """Return whether a value is an ExecutionBlocker, whichever module of the pack's host it came from."""
    return any(cls.__name__ == BLOCKER for cls in type(value).__mro__)


def block_of(blocker: Any) -> Block:
    """Return a blocker as the engine knows it; one without a message is silent."""
    return Block(str(blocker.message) if blocker.message is not None else "")


def link_of(value: Any) -> Link | None:
    """Return the link that a list of a node's id and a number stands for in graphs; None for anything else."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int | float):
        return Link(value[0], int(value[1]))
    return None


def _by_output(values: Any, outputs: Sequence[Output]) -> Iterable[tuple[Output, Any]]:
    """Pair outputs with values as ComfyUI does: more values than outputs count for nothing, missing ones are None."""
    if values is None and outputs:
        raise TypeError(
            f"the function returned nothing, but the node has {len(outputs)} outputs; it must return a tuple"
        )
    count = 0 if values is NO_VALUES or not outputs else len(values)
    return [(output, values[place] if place < count else None) for place, output in enumerate(outputs)]


def _delivered(output: Output, value: Any) -> Any:
    """Return one output's value: blockers as Blocks, all items of a list output."""
    if is_blocker(value):
        return block_of(value)
    if not output.is_list:
        return from_pack(output.type.name, value)
    items = () if value is None else value
    return [block_of(item) if is_blocker(item) else from_pack(output.type.name, item) for item in items]


def _end(output: Output, value: Any) -> Any:
    """Return what an expansion says of an output: a link, or what would have been returned without a graph."""
    link = link_of(value)
    if link is not None:
        return link
    delivered = _delivered(output, value)
    return Values(tuple(delivered), is_list=True) if isinstance(delivered, list) and output.is_list else delivered


def _expansion(graph: Mapping[str, Any], outputs: Sequence[Any]) -> Expand:
    nodes = [_node(node_id, document) for node_id, document in graph.items()]
    shown = ((node_id, document.get("override_display_id")) for node_id, document in graph.items())
    return Expand(Workflow.of(*nodes), tuple(outputs), {node_id: str(at) for node_id, at in shown if at is not None})


def _node(node_id: str, document: Mapping[str, Any]) -> Node:
    inputs = {name: _input(value) for name, value in document.get("inputs", {}).items()}
    return Node(node_id, str(document["class_type"]), inputs)


def _input(value: Any) -> Any:
    if is_blocker(value):
        return block_of(value)
    link = link_of(value)
    return from_pack("*", value) if link is None else link
