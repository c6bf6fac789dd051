"""Operators on lists. What follows a list runs once for each of its items."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from graph.spec import node
from graph.widgets import Range

T = TypeVar("T")


@node(category="utilities", display_name="Create List", output_names=("list",))
def CreateList(*inputs: list[T]) -> list[T]:
    """Make one list of values and lists, in the order of the inputs."""
    return [item for items in inputs for item in items]


@node(category="utilities/lists", display_name="Pick from List", output_names=("item",))
def ListPick(values: list[T], index: list[int]) -> list[T]:
    """Take items out of a list.

    index: from 0; negative numbers count from the end. A list of numbers picks several items.
    """
    for place in index:
        if not -len(values) <= place < len(values):
            raise ValueError(f"there is no item {place} in a list of {len(values)}")
    return [values[place] for place in index]


@node(category="utilities/lists", display_name="Length of List", output_names=("length",))
def ListLength(values: list[Any]) -> int:
    """Count the items of a list."""
    return len(values)


@node(category="utilities/lists", display_name="List of Numbers", output_names=("numbers",))
def ListRange(start: int = 0, count: Annotated[int, Range(0, 10_000)] = 3, step: int = 1) -> list[int]:
    """Count: a list of numbers at equal distance.

    count: how many there are.
    """
    return [start + step * place for place in range(count)]
