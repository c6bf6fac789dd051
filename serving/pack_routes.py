"""Which requests node packs answer, as the worker told it, and which of our own routes these come after.

    table = RouteTable.read(payload)
    RouteIndex(table).find("GET", "/rain/names")  # Found(route, address); None if no pack answers

The more of a path is written out, the earlier a route comes; of two that are equal in this ours is first, then the pack that
comes first by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from aiohttp import hdrs

from serving.routing import Route

ANY = "*"
NAMES = re.compile(r"\{[^{}]*\}")


class PackRoute(msgspec.Struct, frozen=True):
    """A route. path: as it was written; prefix: how all paths begin that it may answer, None if it is one path."""

    method: str
    path: str
    prefix: str | None = None

    @property
    def literal(self) -> str:
        """What of the path is written out."""
        return self.path if self.prefix is None else self.prefix


class Mount(msgspec.Struct, frozen=True):
    """A pack's routes and where they are served; pack: None if it is not known which."""

    pack: str | None
    address: str
    routes: tuple[PackRoute, ...]


class Found(NamedTuple):
    """The route for a request, and where it is served."""

    route: PackRoute
    address: str


class RouteTable(msgspec.Struct, frozen=True):
    """The payload of graph.protocol.PackRoutes."""

    secret: str = ""
    mounts: tuple[Mount, ...] = ()
    on_prompt: str | None = None
    notes: dict[str, list[str]] = {}

    @staticmethod
    def read(payload: bytes) -> RouteTable:
        """Return what the worker told."""
        return msgspec.json.decode(payload, type=RouteTable)

    @property
    def addresses(self) -> frozenset[str]:
        """All places where something is served."""
        served = {mount.address for mount in self.mounts if mount.routes}
        return frozenset(served if self.on_prompt is None else {*served, self.on_prompt})

    def clashes(self, own: Iterable[Route]) -> dict[str, list[str]]:
        """Return a sentence for each route that never answers because the server has the same, by pack."""
        taken = {(each.method, _shape(path)) for each in own for path in each.paths}
        found: dict[str, list[str]] = {}
        for mount in self.mounts:
            for route in _as_written(mount.routes):
                if mount.pack is not None and (route.method, _shape(route.path)) in taken:
                    found.setdefault(mount.pack, []).append(_clash(route))
        return found


class RouteIndex:
    """Finds routes fast: each request of the server asks."""

    def __init__(self, table: RouteTable) -> None:
        self._whole: dict[tuple[str, str], Found] = {}
        below: list[Found] = []
        for mount in table.mounts:
            for route in mount.routes:
                found = Found(route, mount.address)
                if route.prefix is None:
                    self._whole.setdefault((route.method, route.path), found)
                else:
                    below.append(found)
        self._below = sorted(below, key=lambda each: -len(each.route.literal))

    def find(self, method: str, path: str) -> Found | None:
        """Return the route for a request; path: as it was sent, encoded. Names within paths are the worker's to read."""
        found = self._whole.get((method, path)) or self._whole.get((ANY, path))
        if found is not None:
            return found
        fits = (each for each in self._below if path.startswith(each.route.literal))
        return next((each for each in fits if each.route.method in (method, ANY)), None)


def _as_written(routes: Iterable[PackRoute]) -> Iterator[PackRoute]:
    """Leave out what was added by itself: HEAD for each GET, and the same below /api."""
    known = {(route.method, route.path) for route in routes}
    for route in routes:
        is_head = route.method == hdrs.METH_HEAD and (hdrs.METH_GET, route.path) in known
        is_twin = route.path.startswith("/api/") and (route.method, route.path.removeprefix("/api")) in known
        if not (is_head or is_twin):
            yield route


def _shape(path: str) -> str:
    return NAMES.sub("{}", path)


def _clash(route: PackRoute) -> str:
    return f"Its route {route.method} {route.path} is never asked: the server has one of its own there."
