"""Applications made of what packs added, one a pack, so that one that is loaded again does not disturb the others.

    for built in build(PromptServer.instance.app):
        built.pack, built.routes, built.problems
        web.AppRunner(built.application)

Each route answers below /api too, as in ComfyUI.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiohttp import web

from compat.routes.app import PackApp
from compat.routes.owners import Owner, current, owner_of

API = "/api"
MIDDLEWARES = (
    "It adds a middleware to ComfyUI's server. That has no effect here: requests are answered in another process, "
    "and only those for routes of packs come to this one."
)


class RouteShape(NamedTuple):
    """Which requests a route may answer: for a path, or for all that begin with `prefix`. method: `*` for all.

    path: as it was written, with names in braces.
    """

    method: str
    path: str
    prefix: str | None = None


@dataclass(frozen=True)
class Built:
    """What one pack added."""

    pack: str | None
    application: web.Application
    routes: tuple[RouteShape, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Parts:
    """What a pack added, not made into anything yet."""

    owner: Owner
    table: tuple[web.AbstractRouteDef, ...]
    direct: tuple[web.AbstractRouteDef, ...]
    subapps: tuple[tuple[str, web.Application], ...]
    has_middlewares: bool


def parts_of(app: PackApp) -> list[Parts]:
    """Return what each pack added that is loaded now."""
    lists: tuple[Iterable[Any], ...] = (app.routes.items, app.direct, app.subapps, app.middlewares)
    owners = dict.fromkeys(owner_of(items, item) for items in lists for item in current(items))
    return [
        Parts(
            owner,
            tuple(_of(owner, app.routes.items)),
            tuple(_of(owner, app.direct)),
            tuple(_of(owner, app.subapps)),
            any(True for _ in _of(owner, app.middlewares)),
        )
        for owner in owners
    ]


def build(app: PackApp, parts: Parts) -> Built:
    """Return the application of one pack. What cannot be added is left out, with a sentence."""
    application = web.Application(client_max_size=app.most_body_bytes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", web.NotAppKeyWarning)  # packs name values by texts
        for key, value in app.items():
            application[key] = value
    for name in ("on_startup", "on_shutdown", "on_cleanup", "on_response_prepare", "cleanup_ctx"):
        getattr(application, name).extend(_of(parts.owner, getattr(app, name)))
    given = (*parts.table, *parts.direct)
    problems = [problem for each in given if (problem := _add(application, each)) is not None]
    for each in given:
        if isinstance(each, web.RouteDef):
            _add(application, _below_api(each))
    for prefix, subapp in parts.subapps:
        application.add_subapp(prefix, subapp)
    notes = (MIDDLEWARES,) if parts.has_middlewares else ()
    return Built(parts.owner.pack, application, tuple(shapes(application)), tuple(problems), notes)


def shapes(application: web.Application) -> Iterator[RouteShape]:
    """Yield which requests an application may answer."""
    for resource in application.router.resources():
        info, path = resource.get_info(), resource.canonical
        if "app" in info:
            yield RouteShape("*", f"{path}/", f"{path}/")
            continue
        prefix = f"{path}/" if "directory" in info else None if "path" in info else path.partition("{")[0]
        for route in resource:
            yield RouteShape(route.method, path, prefix)


def _of(owner: Owner, items: Iterable[Any]) -> Iterator[Any]:
    return (item for item in current(items) if owner_of(items, item) == owner)


def _below_api(route: web.RouteDef) -> web.RouteDef:
    options = {name: value for name, value in route.kwargs.items() if name != "name"}
    return web.route(route.method, API + route.path, route.handler, **options)


def _add(application: web.Application, route: web.AbstractRouteDef) -> str | None:
    """Add a route; return a sentence if that cannot be."""
    try:
        application.add_routes([route])
    except (ValueError, RuntimeError, TypeError, AssertionError, OSError) as error:
        return f"The route {_words(route)} is left out: {error}."
    return None


def _words(route: web.AbstractRouteDef) -> str:
    match route:
        case web.RouteDef():
            return f"{route.method} {route.path}"
        case web.StaticDef():
            return f"{route.prefix} of the folder {route.path}"
    return repr(route)
