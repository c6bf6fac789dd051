"""Routes as annotated functions: a handler says by its parameters what it wants, and its types say what is right.

    @route("GET", "/api/v1/jobs/{job_id}", summary="Show a job")
    async def show_job(site: Site, job_id: str) -> JobView: ...

Parameters: `request` (aiohttp's), `site` (serving.site.Site), `query` and `body` (msgspec Structs, or `body: dict` for any
JSON object), and the path's own names. What a handler returns is written as JSON (Struct, dict, list; None: 200 without
a body), unless it is a response. A route outside /api also answers below /api, as in ComfyUI, and each GET to HEAD. What
does not fit a type is answered with 400 and a sentence. `serving.openapi` reads the same annotations; what they cannot say
(a form, a body that is no JSON) stands in `@route`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

import msgspec
from aiohttp import hdrs, web

from serving.refusals import JSON, refuse
from serving.site import SITE

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)
_ROUTES = "routes"  # the attribute of a handler that holds its routes


class ErrorBody(msgspec.Struct):
    """What is answered if something is wrong.

    error: a sentence that says what was found and what to do.
    """

    error: str


@dataclass(frozen=True)
class Route:
    """One way to a handler. `is_described`: it stands in the OpenAPI document; `tag`: under which heading."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    is_described: bool = True
    errors: Mapping[int, Any] = field(default_factory=dict)  # statuses beside 200 with the types of their bodies
    form: Any = None  # a Struct with the fields of a multipart form; bytes are files
    accepts: Any = None  # the type of a JSON body that the handler reads itself
    produces: str = JSON  # the media type of what is answered

    @property
    def paths(self) -> tuple[str, ...]:
        """The path, and for ComfyUI's routes the same below /api."""
        return (self.path,) if self.path == "/" or self.path.startswith("/api/") else (self.path, f"/api{self.path}")


def route(
    method: str,
    path: str,
    *,
    summary: str,
    tag: str = "",
    described: bool = True,
    errors: Iterable[int] | Mapping[int, Any] = (),
    form: Any = None,
    accepts: Any = None,
    produces: str = JSON,
) -> Callable[[H], H]:
    """Return a decorator that gives a handler a route; it may stand more than once above one handler."""
    bodies = errors if isinstance(errors, Mapping) else dict.fromkeys(errors, ErrorBody)

    def decorate(handler: H) -> H:
        heading = tag or handler.__module__.rpartition(".")[2]
        found = Route(method, path, handler, summary, heading, described, bodies, form, accepts, produces)
        setattr(handler, _ROUTES, (*getattr(handler, _ROUTES, ()), found))
        return handler

    return decorate


def collect_routes(package: str = "serving.routes") -> tuple[Route, ...]:
    """Return the routes of all modules of a package, sorted by path."""
    root = importlib.import_module(package)
    modules = [importlib.import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(root.__path__)]
    found = [
        each for module in modules for value in vars(module).values() for each in _routes_of(value, module.__name__)
    ]
    return tuple(sorted(found, key=lambda each: (each.path, each.method)))


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Let an application answer to routes, and to HEAD wherever to GET."""
    routes = list(routes)
    own_heads = {path for each in routes if each.method == hdrs.METH_HEAD for path in each.paths}
    for each in routes:
        answer = adapt(each.handler)
        for path in each.paths:
            if each.method == hdrs.METH_GET:
                app.router.add_get(path, answer, allow_head=path not in own_heads)
            else:
                app.router.add_route(each.method, path, answer)


def parameters(handler: Handler) -> dict[str, Any]:
    """Return what a handler wants: the names and types of its parameters."""
    hints = get_type_hints(handler, include_extras=True)
    return {name: hints[name] for name in inspect.signature(handler).parameters}


def answer_type(handler: Handler) -> Any:
    """Return the type of what a handler returns."""
    return get_type_hints(handler, include_extras=True).get("return", Any)


def adapt(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler as aiohttp wants it."""
    wanted = parameters(handler)

    async def answer(request: web.Request) -> web.StreamResponse:
        arguments = {name: await _argument(request, name, kind) for name, kind in wanted.items()}
        return as_response(await handler(**arguments))

    return answer


def as_response(value: Any) -> web.StreamResponse:
    """Return what a handler returned as a response."""
    if isinstance(value, web.StreamResponse):
        return value
    if value is None:
        return web.Response()
    return web.Response(body=msgspec.json.encode(value), content_type=JSON)


async def _argument(request: web.Request, name: str, kind: Any) -> Any:
    match name:
        case "request":
            return request
        case "site":
            return request.app[SITE]
        case "query":
            return read_query(request, kind)
        case "body":
            return read_body(await request.read(), kind)
    return _converted(request.match_info[name], kind, f"the path's {name}")


def read_query(request: web.Request, kind: Any) -> Any:
    """Return the query as a Struct; 400 says which parameter is wrong."""
    return _converted(dict(request.query), kind, "the query")


def read_body(data: bytes, kind: Any) -> Any:
    """Return a JSON body as a type; 400 says where it is wrong. An empty body is an empty object."""
    try:
        return msgspec.json.decode(data or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(400, f"The body is not what is expected here: {error}.") from error


def _converted(value: Mapping[str, str] | str, kind: Any, what: str) -> Any:
    try:
        return msgspec.convert(value, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise refuse(400, f"In {what}: {error}.") from error


def _routes_of(value: Any, module: str) -> Iterator[Route]:
    if inspect.iscoroutinefunction(value) and value.__module__ == module:
        yield from getattr(value, _ROUTES, ())
