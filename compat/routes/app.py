"""PackApp: what packs take for the aiohttp application of ComfyUI's server. It gathers what they add to it.

app.router.add_get("/rain", handler)
app.add_routes([web.static("/rain/js", folder)])
app.middlewares.append(rainy)  # noted: Weft's server is another process, where no code of packs runs
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

from aiohttp import hdrs, web

from compat.routes.owners import OwnedList
from compat.shim_module import missing

MIB = 2**20
MOST_BODY_BYTES = 100 * MIB  # ComfyUI's; the server has a limit of its own before it
APP = "server.PromptServer.instance.app"


class PackRoutes(web.RouteTableDef):
    """`PromptServer.instance.routes`: a table of routes that remembers which pack added what."""

    def __init__(self) -> None:
        super().__init__()
        self._items = OwnedList[web.AbstractRouteDef]()  # by this name packs reach into the table

    @property
    def items(self) -> Iterable[web.AbstractRouteDef]:
        """What was added, or what a pack put in its place."""
        return self._items


class PackApp(MutableMapping[Any, Any]):
    """routes: the table beside it. The lists are those that an aiohttp application has; their items belong to packs."""

    frozen = False

    def __init__(self, routes: PackRoutes) -> None:
        self.routes = routes
        self.direct = OwnedList[web.AbstractRouteDef]()  # what was added here, and not to the table
        self.subapps = OwnedList[tuple[str, web.Application]]()
        self.router = PackRouter(self)
        self.middlewares = OwnedList[Any]()
        self.on_startup = OwnedList[Any]()
        self.on_shutdown = OwnedList[Any]()
        self.on_cleanup = OwnedList[Any]()
        self.on_response_prepare = OwnedList[Any]()
        self.cleanup_ctx = OwnedList[Any]()
        self._client_max_size = MOST_BODY_BYTES  # by this name packs raise it
        self._values: dict[Any, Any] = {}

    @property
    def most_body_bytes(self) -> int:
        """The largest body that handlers read at once."""
        return self._client_max_size

    def add_routes(self, routes: Iterable[web.AbstractRouteDef]) -> list[web.AbstractRouteDef]:
        """Add routes."""
        added = list(routes)
        self.direct.extend(added)
        return added

    def add_subapp(self, prefix: str, subapp: web.Application) -> None:
        """Let an application answer to all below a path."""
        self.subapps.append((prefix, subapp))

    def __getitem__(self, key: Any) -> Any:
        return self._values[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._values[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._values[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return True  # as aiohttp's, whatever values it holds

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        return missing(APP, name)


class PackRouter:
    """`app.router`, as far as packs add to it."""

    def __init__(self, app: PackApp) -> None:
        self._app = app

    def add_route(self, method: str, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route."""
        added = web.route(method, path, handler, **options)
        self._app.direct.append(added)
        return added

    def add_get(self, path: str, handler: Any, *, allow_head: bool = True, **options: Any) -> web.RouteDef:
        """Add a route for GET and HEAD."""
        return self.add_route(hdrs.METH_GET, path, handler, allow_head=allow_head, **options)

    def add_head(self, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route for HEAD."""
        return self.add_route(hdrs.METH_HEAD, path, handler, **options)

    def add_post(self, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route for POST."""
        return self.add_route(hdrs.METH_POST, path, handler, **options)

    def add_put(self, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route for PUT."""
        return self.add_route(hdrs.METH_PUT, path, handler, **options)

    def add_patch(self, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route for PATCH."""
        return self.add_route(hdrs.METH_PATCH, path, handler, **options)

    def add_delete(self, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route for DELETE."""
        return self.add_route(hdrs.METH_DELETE, path, handler, **options)

    def add_options(self, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route for OPTIONS, which Weft's server answers itself."""
        return self.add_route(hdrs.METH_OPTIONS, path, handler, **options)

    def add_view(self, path: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a class with a method for each of HTTP's."""
        return self.add_route(hdrs.METH_ANY, path, handler, **options)

    def add_static(self, prefix: str, path: Any, **options: Any) -> web.StaticDef:
        """Serve the files of a folder."""
        added = web.static(prefix, path, **options)
        self._app.direct.append(added)
        return added

    def add_routes(self, routes: Iterable[web.AbstractRouteDef]) -> list[web.AbstractRouteDef]:
        """Add routes."""
        return self._app.add_routes(routes)

    def add_resource(self, path: str, *, name: str | None = None) -> PackResource:
        """Return a path that routes can be added to."""
        return PackResource(path, self.add_route)

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return what packs added."""
        return [*self._app.routes, *self._app.direct]

    def __getattr__(self, name: str) -> Any:
        return missing(f"{APP}.router", name)


class PackResource:
    """A path, to which methods are added."""

    def __init__(self, path: str, add: Callable[..., web.RouteDef]) -> None:
        self.canonical = path
        self._add = add

    def add_route(self, method: str, handler: Any, **options: Any) -> web.RouteDef:
        """Add a route."""
        return self._add(method, self.canonical, handler, **options)
