"""Visit: the calls of one node in one run, from its inputs to its result.

visit = Visit(bound, inputs, run)
visit.call()          # a plain function, once for each row of its inputs
await visit.calls()   # an async one; several rows side by side
visit.result()
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any

from graph.binding import Bound
from graph.brief import brief
from graph.dynamic import Block, BlockArrived, Expand
from graph.keys import Key
from graph.lazy import ListArrived
from graph.mapping import BLOCKED, Call, collect, rows
from graph.node_run import NodeRun
from graph.results import Result, Values
from graph.run import Run
from graph.spec import NodeSpec

MOST_GIVEN = 20  # items of a list that an error report has


class Visit:
    """What a node was given and what its calls returned."""

    __slots__ = ("_inputs", "_rows", "bound", "content", "returned", "run", "start")

    def __init__(self, bound: Bound, inputs: dict[str, Any], run: NodeRun) -> None:
        self.bound = bound
        self.run = run
        self.start = 0.0
        self.content: Key | None = None
        self._inputs = inputs
        self._rows = rows(bound.spec, inputs)
        self.returned: list[Any] = []

    @property
    def total(self) -> int:
        """How many calls there are, blocked ones too."""
        return len(self._rows.calls)

    @property
    def blocks(self) -> list[Block]:
        """The blocks in place of calls, and those that promises gave."""
        if self._rows.are_whole:
            return self.run.blocks
        return [call for call in self._rows.calls if type(call) is Block] + self.run.blocks

    @property
    def is_blocked(self) -> bool:
        """Whether there are calls, and none is to be made."""
        return not self._rows.are_whole and all(type(call) is Block for call in self._rows.calls)

    def given(self) -> dict[str, list[Any]]:
        """Return what the node was given, in few words: one word for each item of a list on a wire."""
        items = ((name, value.items if type(value) is Values else (value,)) for name, value in self._inputs.items())
        return {name: [brief(item) for item in several[:MOST_GIVEN]] for name, several in items}

    def call(self) -> None:
        """Call a plain function."""
        self.returned = [self._called(row, values) for row, values in enumerate(self._rows.calls)]

    async def calls(self) -> None:
        """Await an async function: all calls at once, or one by one if it has promises, whose lists begin it anew."""
        while True:
            made = [self._awaited(row, values) for row, values in enumerate(self._rows.calls)]
            try:
                if self.bound.lazy_links or len(made) == 1:
                    self.returned = await _one_by_one(made)
                else:
                    self.returned = await side_by_side(made)
                return
            except ListArrived as arrived:
                self._inputs[arrived.name] = arrived.values
                self._rows = rows(self.bound.spec, self._inputs)
                self.run.begin_anew()

    def _called(self, row: int, values: Call) -> Any:
        if isinstance(values, Block):
            return BLOCKED
        self.run.row = row
        return invoke(self.bound.spec, values, self.run)

    async def _awaited(self, row: int, values: Call) -> Any:
        if isinstance(values, Block):
            return BLOCKED
        self.run.row = row
        try:
            return await invoke(self.bound.spec, values, self.run)
        except BlockArrived as arrived:
            self.run.blocks.append(arrived.block)
            return BLOCKED

    def expansions(self) -> Iterator[tuple[int, Expand]]:
        """Yield the places of calls that returned a graph."""
        return ((place, value) for place, value in enumerate(self.returned) if type(value) is Expand)

    @property
    def expands(self) -> bool:
        """Whether a call returned a graph."""
        return Expand in map(type, self.returned)

    def result(self) -> Result:
        """Make the node's result of what the calls returned."""
        return collect(self.bound.spec, self.returned, is_mapped=self._rows.is_mapped, ui=self.run.shown)

    def blocked_result(self) -> Result:
        """Make the result of a node of which no call is to be made."""
        self.returned = [BLOCKED] * self.total
        return self.result()


def invoke(spec: NodeSpec, values: Mapping[str, Any], run: Run) -> Any:
    """Call a node's function with these inputs; what an async one returns must be awaited."""
    args, kwargs = spec.call(values, run)
    return spec.function(*args, **kwargs)


async def _one_by_one(made: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    try:
        return [await call for call in made]
    finally:
        for call in made:
            call.close()


async def side_by_side(made: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Await all; if one fails, end the others and raise what it raised."""
    tasks = [asyncio.ensure_future(call) for call in made]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def sentence_of(error: Exception) -> str:
    """Return what an exception says; with its type where it says no more than a word."""
    text = str(error)
    return text if " " in text and not isinstance(error, KeyError) else f"{type(error).__name__}: {text}".rstrip(": ")
