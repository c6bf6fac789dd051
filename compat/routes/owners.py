"""Whose a thing is that packs add: what a pack added does not count any more once it is loaded again, or gone.

handlers = OwnedList()
handlers.append(handler)  # by the pack whose code calls
current(handlers)         # those of packs that are loaded, as they are now
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import NamedTuple, SupportsIndex, TypeVar

from compat.importing import PACKS, importing_pack

T = TypeVar("T")


class Owner(NamedTuple):
    """A pack as it was when it added something. module: that of its entry, another after each import."""

    pack: str | None = None
    module: ModuleType | None = None

    @property
    def is_current(self) -> bool:
        """Whether the pack has not been loaded again since, and is still there."""
        return self.pack is None or _module_of(self.pack) is self.module


def owner_now() -> Owner:
    """Return the pack whose code calls."""
    name = importing_pack()
    return Owner() if name is None else Owner(name, _module_of(name))


class OwnedList(list[T]):
    """A list that remembers who added what."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        super().__init__()
        self._owners: dict[int, Owner] = {}
        self.extend(items)

    def append(self, item: T, /) -> None:
        """Add an item."""
        super().append(item)
        self._owners[id(item)] = owner_now()

    def insert(self, index: SupportsIndex, item: T, /) -> None:
        """Add an item at a place."""
        super().insert(index, item)
        self._owners[id(item)] = owner_now()

    def extend(self, items: Iterable[T], /) -> None:
        """Add items."""
        for item in items:
            self.append(item)

    def owner_of(self, item: T) -> Owner:
        """Return who added an item."""
        return self._owners.get(id(item), Owner())


def current(items: Iterable[T]) -> list[T]:
    """Return the items of packs as they are loaded now; all of what is no OwnedList: a pack put it in the place of one."""
    if not isinstance(items, OwnedList):
        return list(items)
    return [item for item in items if items.owner_of(item).is_current]


def owner_of(items: Iterable[T], item: T) -> Owner:
    """Return who added an item; nobody in particular in what is no OwnedList."""
    return items.owner_of(item) if isinstance(items, OwnedList) else Owner()


def _module_of(pack: str) -> ModuleType | None:
    return sys.modules.get(f"{PACKS}.{pack.replace('.', '_x_')}")
