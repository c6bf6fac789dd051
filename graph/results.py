"""What a node gave: its outputs and what it shows. Results are what the cache keeps; nobody changes them.

Result((Values((latent,)),))  # one plain output
Result((Values((a, b), is_list=True),), {"images": [...]})  # a list output, and something to show
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graph.dynamic import Block

NO_UI: Mapping[str, Any] = {}
RESULT_BYTES = 200  # a Result with one Values, without the value (CPython 3.11, 2026-11)


class Values(NamedTuple):
    """One output: a single item, or the items of a list."""

    items: tuple[Any, ...]
    is_list: bool = False

    @property
    def value(self) -> Any:
        """The item, or the list of items."""
        return list(self.items) if self.is_list else self.items[0]


class Result(NamedTuple):
    """All outputs of a node, in order, and what it shows, by kind. `returned`: the NamedTuple class it gave, if any."""

    outputs: tuple[Values, ...]
    ui: Mapping[str, Any] = NO_UI
    returned: type[Any] | None = None

    @property
    def value(self) -> Any:
        """What the function returned: None, one value, or a tuple (named, if it was)."""
        values = tuple(output.value for output in self.outputs)
        if self.returned is not None:
            return self.returned(*values)
        return values[0] if len(values) == 1 else values or None


def nbytes_of(result: Result, nbytes: Callable[[Any], int]) -> int:
    """Return what keeping a result costs, when `nbytes` tells it of each value."""
    shown = sum([len(items) for items in result.ui.values()])
    values = [item for output in result.outputs for item in output.items if type(item) is not Block]
    return RESULT_BYTES * (1 + shown) + sum(map(nbytes, values))
