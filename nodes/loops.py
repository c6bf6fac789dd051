"""Loops: a start, an end, and between them the nodes that are repeated.

Link `loop` of a start to its end. What hangs on the other outputs of the start is the loop's inside; the end runs it
once for each pass, as a graph of its own, with the values that the pass before gave. Output nodes inside run in each
pass. A value that is not linked to the end stays what it was at the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

from graph.dynamic import Block
from graph.run import Run
from graph.spec import node
from graph.types import Lazy, SocketType
from graph.widgets import Range
from graph.workflow import Link, Node, Workflow

CARRIED = ("value", "value2", "value3")
KEPT: Any = object()  # of a carried value that the end does not get


@dataclass(frozen=True)
class LoopStart:
    """What an end must know of its start: the first values, and how many passes there are, if that is known."""

    values: tuple[Any, ...]
    count: int | None = None


Loop = Annotated[LoopStart, SocketType("LOOP")]


# The outputs of a start; they have values within passes only. (In a NamedTuple, `index` would hide tuple.index.)
Started = tuple[Loop, int | Block, Any, Any, Any]
STARTED = ("loop", "index", *CARRIED)


class Ended(NamedTuple):
    """What a loop gives: the values after the last pass, and `value` after each."""

    value: Any
    value2: Any
    value3: Any
    all_values: list[Any]


@node(category="utilities/loops", display_name="For Loop (Start)", output_names=STARTED)
def ForLoopStart(
    count: Annotated[int, Range(0, 100_000)] = 3,
    value: Any = None,
    value2: Any = None,
    value3: Any = None,
) -> Started:
    """Begin what is to be repeated a number of times.

    count: how many passes there are.
    value: what the first pass begins with; each further pass gets what the one before gave to the end.
    """
    return LoopStart((value, value2, value3), count), Block(), Block(), Block(), Block()


@node(category="utilities/loops", display_name="For Loop (End)", pure=False)
async def ForLoopEnd(
    loop: Loop,
    value: Lazy[Any] | None = None,
    value2: Lazy[Any] | None = None,
    value3: Lazy[Any] | None = None,
    *,
    run: Run,
) -> Ended:
    """Repeat what lies between the start and here, as often as the start says.

    loop: from the start of this loop.
    value: what the next pass begins with, and in the end the result.
    """
    inside, values, passes = Inside.of(run), loop.values, list[Any]()
    for index in run.track(range(loop.count or 0)):
        values = (await inside.carry_out(run, index, values))[:3]
        passes.append(values[0])
    return Ended(values[0], values[1], values[2], passes)


@node(category="utilities/loops", display_name="While Loop (Start)", output_names=STARTED)
def WhileLoopStart(value: Any = None, value2: Any = None, value3: Any = None) -> Started:
    """Begin what is to be repeated while a condition holds.

    value: what the first pass begins with; each further pass gets what the one before gave to the end.
    """
    return LoopStart((value, value2, value3)), Block(), Block(), Block(), Block()


@node(category="utilities/loops", display_name="While Loop (End)", pure=False)
async def WhileLoopEnd(
    loop: Loop,
    condition: Lazy[bool],
    value: Lazy[Any] | None = None,
    value2: Lazy[Any] | None = None,
    value3: Lazy[Any] | None = None,
    most_passes: Annotated[int, Range(1, 100_000)] = 100,
    *,
    run: Run,
) -> Ended:
    """Repeat what lies between the start and here until the condition, asked after each pass, is false.

    loop: from the start of this loop.
    condition: computed inside of the loop; true for one more pass.
    most_passes: a loop that goes on for longer is an error.
    """
    inside, values, passes = Inside.of(run), loop.values, list[Any]()
    for index in range(most_passes):
        *carried, goes_on = await inside.carry_out(run, index, values)
        values = tuple(carried)
        passes.append(values[0])
        if type(goes_on) is Block or not goes_on:
            return Ended(values[0], values[1], values[2], passes)
        run.check_cancelled()
    raise ValueError(f"the condition still holds after {most_passes} passes; raise most_passes or mend the condition")


@dataclass(frozen=True)
class Inside:
    """The nodes of a loop, by the node that ends it."""

    start: str
    nodes: tuple[Node, ...]
    ends: tuple[Any, ...]  # of the carried values and the condition: a Link, a literal, or KEPT

    @staticmethod
    def of(run: Run) -> Inside:
        """Find what lies between an end and its start."""
        if "loop" not in run.links:
            raise ValueError("loop: link the output loop of the start to it")
        start = run.links["loop"].node_id
        names = (*CARRIED, *(("condition",) if "condition" in run.nodes[run.node_id].inputs else ()))
        given = run.nodes[run.node_id].inputs
        nodes = tuple(run.nodes[node_id] for node_id in _between(run.nodes, start, run.node_id))
        return Inside(start, nodes, tuple(given.get(name, KEPT) for name in names))

    async def carry_out(self, run: Run, index: int, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Run one pass; return the carried values after it, and the condition, if there is one."""
        at_start = (None, index, *values)

        def within(given: Any) -> Any:
            return at_start[given.output] if isinstance(given, Link) and given.node_id == self.start else given

        nodes = [
            replace(found, inputs={name: within(given) for name, given in found.inputs.items()}) for found in self.nodes
        ]
        ends = [values[place] if end is KEPT else within(end) for place, end in enumerate(self.ends)]
        return await run.expand(Workflow.of(*nodes), tuple(ends), {found.id: found.id for found in nodes})


def _between(nodes: Any, start: str, end: str) -> list[str]:
    """Return the nodes that read a start, also by others, but not the end; and loops inside as a whole."""
    readers: dict[str, list[str]] = {}
    for found in nodes.values():
        for _, link in found.links():
            readers.setdefault(link.node_id, []).append(found.id)
    behind = _reachable(readers, [end])
    starts, inside = [start], set[str]()
    while starts:
        inside |= _reachable(readers, starts) - behind
        links = [nodes[node_id].inputs.get("loop") for node_id in inside]
        known = {*inside, start}
        starts = [link.node_id for link in links if isinstance(link, Link) and link.node_id not in known]
    return [node_id for node_id in nodes if node_id in inside and node_id != start]


def _reachable(readers: dict[str, list[str]], begin: list[str]) -> set[str]:
    found, waiting = set[str](), list(begin)
    while waiting:
        node_id = waiting.pop()
        if node_id not in found:
            found.add(node_id)
            waiting += readers.get(node_id, ())
    return found
