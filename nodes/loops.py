"""Loops: a start, an end, and between them the nodes that are repeated.

Link `loop` of a start to its end. What hangs on the other outputs of the start is the loop's inside; the end runs it
once for each pass, as a graph of its own, with the values that the pass before gave. Output nodes inside run in each
pass. A value that is not linked to the end stays what it was at the start. A list stays a list from pass to pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from graph.dynamic import Block
from graph.results import Values
from graph.run import Run
from graph.spec import node
from graph.types import Lazy, SocketType
from graph.widgets import Range
from graph.workflow import Link, Node, Workflow

MOST_CARRIED = 10  # as many as loop packs for ComfyUI carry
CARRIED = ("value", *(f"value{number}" for number in range(2, MOST_CARRIED + 1)))
STARTED = ("loop", "index", *CARRIED)
ENDED = (*CARRIED, "all_values")
BLOCKED = (Block(),) * (1 + MOST_CARRIED)  # of a start, outside of passes: the index and the values


@dataclass(frozen=True)
class LoopStart:
    """What an end must know of its start: how many passes there are, None if a condition tells."""

    count: int | None = None


Loop = Annotated[LoopStart, SocketType("LOOP")]
Carried = Lazy[Any] | None  # nobody awaits them: passes link to what is behind
Started = tuple[Loop, int | Block, Any, Any, Any, Any, Any, Any, Any, Any, Any, Any]
Ended = tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any, Any, list[Any]]


@node(category="utilities/loops", display_name="For Loop (Start)", output_names=STARTED)
async def ForLoopStart(
    count: Annotated[int, Range(0, 100_000)] = 3,
    value: Carried = None,
    value2: Carried = None,
    value3: Carried = None,
    value4: Carried = None,
    value5: Carried = None,
    value6: Carried = None,
    value7: Carried = None,
    value8: Carried = None,
    value9: Carried = None,
    value10: Carried = None,
) -> Started:
    """Begin what is to be repeated a number of times.

    count: how many passes there are.
    value: what the first pass begins with; each further pass gets what the one before gave to the end.
    """
    return LoopStart(count), *BLOCKED  # type: ignore[return-value]  # as many as there are outputs


@node(category="utilities/loops", display_name="For Loop (End)", output_names=ENDED, pure=False)
async def ForLoopEnd(
    loop: Loop,
    value: Carried = None,
    value2: Carried = None,
    value3: Carried = None,
    value4: Carried = None,
    value5: Carried = None,
    value6: Carried = None,
    value7: Carried = None,
    value8: Carried = None,
    value9: Carried = None,
    value10: Carried = None,
    *,
    run: Run,
) -> Ended:
    """Repeat what lies between the start and here, as often as the start says.

    loop: from the start of this loop.
    value: what the next pass begins with, and in the end the result.
    all_values: `value` after each pass.
    """
    inside = Inside.of(run)
    values, passes = inside.first, list[Any]()
    for index in run.track(range(loop.count or 0)):
        values = await inside.carry_out(run, index, values)
        passes += values[0].items
    return await inside.ended(run, values, passes)


@node(category="utilities/loops", display_name="While Loop (Start)", output_names=STARTED)
async def WhileLoopStart(
    condition: bool = True,
    value: Carried = None,
    value2: Carried = None,
    value3: Carried = None,
    value4: Carried = None,
    value5: Carried = None,
    value6: Carried = None,
    value7: Carried = None,
    value8: Carried = None,
    value9: Carried = None,
    value10: Carried = None,
) -> Started:
    """Begin what is to be repeated while a condition holds.

    condition: whether there is a first pass; the end asks for all others.
    value: what the first pass begins with; each further pass gets what the one before gave to the end.
    """
    return LoopStart(None if condition else 0), *BLOCKED  # type: ignore[return-value]  # as many as there are outputs


@node(category="utilities/loops", display_name="While Loop (End)", output_names=ENDED, pure=False)
async def WhileLoopEnd(
    loop: Loop,
    condition: Lazy[bool],
    value: Carried = None,
    value2: Carried = None,
    value3: Carried = None,
    value4: Carried = None,
    value5: Carried = None,
    value6: Carried = None,
    value7: Carried = None,
    value8: Carried = None,
    value9: Carried = None,
    value10: Carried = None,
    most_passes: Annotated[int, Range(1, 100_000)] = 100,
    *,
    run: Run,
) -> Ended:
    """Repeat what lies between the start and here until the condition, asked after each pass, is false.

    loop: from the start of this loop.
    condition: computed inside of the loop; true for one more pass. A list holds if all of it does.
    most_passes: a loop that goes on for longer is an error.
    all_values: `value` after each pass.
    """
    inside = Inside.of(run)
    values, passes = inside.first, list[Any]()
    if loop.count == 0:
        return await inside.ended(run, values, passes)
    for index in range(most_passes):
        *values, goes_on = await inside.carry_out(run, index, values)
        passes += values[0].items
        if not all(type(item) is not Block and item for item in goes_on.items):
            return await inside.ended(run, values, passes)
        run.check_cancelled()
    raise ValueError(f"the condition still holds after {most_passes} passes; raise most_passes or mend the condition")


@dataclass(frozen=True)
class Inside:
    """The nodes of a loop, by the node that ends it. What passes carry is a Link, a literal, or the Values of a pass."""

    start: str
    nodes: tuple[Node, ...]
    first: list[Any]  # what the first pass begins with
    ends: tuple[Any, ...]  # what the end gets: the carried values and the condition, if there is one

    @staticmethod
    def of(run: Run) -> Inside:
        """Find what lies between an end and its start."""
        if "loop" not in run.links:
            raise ValueError("loop: link the output loop of the start to it")
        start = run.links["loop"].node_id
        begun, given = run.nodes[start].inputs, run.nodes[run.node_id].inputs
        nodes = tuple(run.nodes[node_id] for node_id in _between(run.nodes, start, run.node_id))
        kept = [Link(start, STARTED.index(name)) for name in CARRIED]
        ends = [given.get(name, link) for name, link in zip(CARRIED, kept, strict=True)]
        asked = [given["condition"]] if "condition" in given else []
        return Inside(start, nodes, [begun.get(name) for name in CARRIED], (*ends, *asked))

    async def carry_out(self, run: Run, index: int, values: list[Any]) -> list[Values]:
        """Run one pass; return the carried values after it, and the condition, if there is one."""
        at_start = (None, index, *values)

        def within(given: Any) -> Any:
            return at_start[given.output] if isinstance(given, Link) and given.node_id == self.start else given

        nodes = [
            found.changed(inputs={name: within(given) for name, given in found.inputs.items()}) for found in self.nodes
        ]
        shown_as = {found.id: found.id for found in nodes}
        return list(await run.expand_wires(Workflow.of(*nodes), tuple(map(within, self.ends)), shown_as))

    async def ended(self, run: Run, values: list[Any], passes: list[Any]) -> Ended:
        """Return what the end gives; without a pass the first values, which then must still be computed."""
        wires = await run.expand_wires(Workflow.of(), tuple(values))
        return *wires, passes  # type: ignore[return-value]  # as many as there are outputs


def _between(nodes: Mapping[str, Node], start: str, end: str) -> list[str]:
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


def _reachable(readers: Mapping[str, list[str]], begin: list[str]) -> set[str]:
    found, waiting = set[str](), list(begin)
    while waiting:
        node_id = waiting.pop()
        if node_id not in found:
            found.add(node_id)
            waiting += readers.get(node_id, ())
    return found
