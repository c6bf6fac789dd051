"""What a node may return in place of values: a Block stops what reads it, an Expand has a graph run in the node's place.

    return image if found else Block("There is no face in the picture.")
    return Expand(Workflow.of(Node("a", "ImageInvert", {"image": image})), (Link("a", 0),))

The annotation says so: `-> Image | Block`, `-> Image | Expand`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.workflow import Workflow


@dataclass(frozen=True)
class Block:
    """A value that stops what reads it: such nodes do not run, and nothing behind them does.

    Whoever reads it first tells the message, if there is one. In a list it stops the calls for its place alone.
    """

    message: str = ""


@dataclass(frozen=True)
class Expand:
    """A graph that runs in a node's place, with the run's cache, events and cancel.

    Its links lead to its own nodes or to those of the workflow around it; an input may hold any value. `outputs`: one
    for each output of the node, a Link or a value. Output nodes in it run too. `shown_as`: the nodes of the workflow
    at which editors show those of the graph; else they are shown at the node that expands.
    """

    graph: Workflow
    outputs: tuple[Any, ...]
    shown_as: Mapping[str, str] = field(default_factory=dict)


class BlockArrived(BaseException):
    """A lazy input turned out to be a Block: the call ends. Never reaches node authors."""

    def __init__(self, block: Block) -> None:
        super().__init__(block)
        self.block = block
