"""The routes of node packs, served by this process to its server and to nobody else.

    routes = PackRouteServer(link.send)
    routes.publish()  # what packs have added is served, and the server knows

Each pack has an application at a socket of its own; requests carry a secret. They run in the packs' event loop, beside the
jobs. A pack that is loaded again gets a new application; the old one ends what it is answering.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from compat.routes.additions import prompt_server
from compat.routes.building import Built, Parts, build, parts_of
from compat.routes.owners import current
from graph.pack_requests import NO_ROUTE, OURS, REMOTE, SCHEME, SECRET
from graph.protocol import PackRoutes
from runtime.pack_sockets import SocketFolder

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0  # with code of a pack that holds the loop
REST_S = 10.0  # for requests that are being answered when their pack is loaded again
MOST_PROMPT_BYTES = 256 * 2**20  # the server has a limit of its own before it


@dataclass(frozen=True)
class Mount:
    """What is served of one pack; notes: what does not work."""

    parts: Parts
    built: Built | None
    runner: web.AppRunner | None
    address: str
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return it as the server is told it."""
        routes = [] if self.built is None else [route._asdict() for route in self.built.routes]
        return {"pack": self.parts.owner.pack, "address": self.address, "routes": routes}


class PackRouteServer:
    """All but `publish` and `close` runs in the packs' loop."""

    def __init__(self, send: Callable[[PackRoutes], None]) -> None:
        self._send = send
        self._secret = secrets.token_hex(16)
        self._sockets = SocketFolder(os.getpid())
        self._mounts: Sequence[Mount] = ()
        self._on_prompt: str | None = None  # where prompts are shown
        self._turn = asyncio.Lock()
        self._endings: set[asyncio.Task[None]] = set()

    def publish(self) -> None:
        """Serve what packs have added now; wait for that a moment. Without anything no loop is started."""
        server = prompt_server()
        if server is None or not (self._mounts or parts_of(server.app) or current(server.on_prompt_handlers)):
            self._tell(None)
            return
        work = asyncio.run_coroutine_threadsafe(self._publish(server), server.loop)
        with suppress(TooLate):
            work.result(PATIENCE_S)

    def close(self) -> None:
        """Remove the sockets; the process ends."""
        self._sockets.remove()

    async def _publish(self, server: Any) -> None:
        async with self._turn:
            wanted, before = parts_of(server.app), self._mounts
            kept = [mount for mount in before if mount.parts in wanted]
            served = [mount.parts for mount in kept]
            self._mounts = kept + [await self._mount(server.app, parts) for parts in wanted if parts not in served]
            if current(server.on_prompt_handlers) and self._on_prompt is None:
                self._on_prompt = await self._serve_prompts(server)
            self._tell(server)
            for mount in before:
                if mount not in kept and mount.runner is not None:
                    self._end(mount.runner)

    async def _mount(self, app: Any, parts: Parts) -> Mount:
        """Serve one pack; what its code raises meanwhile becomes a note."""
        try:
            built = build(app, parts)
            runner, address = await self._serve(built.application)
        except Exception as error:
            logger.exception("The routes of the pack %s cannot be served", parts.owner.pack)
            note = f"Its routes cannot be served: {type(error).__name__}: {error}."
            return Mount(parts, None, None, "", (note,))
        return Mount(parts, built, runner, address, (*built.problems, *built.notes))

    async def _serve(self, application: web.Application) -> tuple[web.AppRunner, str]:
        application.middlewares.insert(0, for_server(self._secret))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=REST_S)
        try:
            await runner.setup()
            return runner, await self._sockets.listen(runner)
        except BaseException:
            await runner.cleanup()
            raise

    async def _serve_prompts(self, server: Any) -> str:
        async def show(request: web.Request) -> web.Response:
            text = await request.text()
            changed = server.trigger_on_prompt(json.loads(text))
            return web.json_response(changed)

        application = web.Application(client_max_size=MOST_PROMPT_BYTES)
        application.router.add_post("/", show)
        _, address = await self._serve(application)
        return address

    def _tell(self, server: Any) -> None:
        has_handlers = server is not None and bool(current(server.on_prompt_handlers))
        document = {
            "secret": self._secret,
            "mounts": [mount.document() for mount in self._mounts if mount.built is not None],
            "on_prompt": self._on_prompt if has_handlers else None,
            "notes": _notes(self._mounts),
        }
        self._send(PackRoutes(json.dumps(document).encode()))

    def _end(self, runner: web.AppRunner) -> None:
        ending = asyncio.get_running_loop().create_task(runner.cleanup())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


def for_server(secret: str) -> Middleware:
    """Return a middleware that lets the server in only, and shows handlers the request as the server got it."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(SECRET, "").encode(), secret.encode()):
            return web.Response(status=403)
        if request.match_info.http_exception is not None:
            return web.Response(status=request.match_info.http_exception.status, headers={NO_ROUTE: "1"})
        return await handler(_as_it_came(request))

    return admit


def _as_it_came(request: web.Request) -> web.Request:
    headers = request.headers.copy()
    for name in OURS:
        headers.popall(name, None)
    remote, scheme = request.headers.get(REMOTE, ""), request.headers.get(SCHEME, "http")
    return request.clone(headers=headers, remote=remote, scheme=scheme)


def _notes(mounts: Iterable[Mount]) -> dict[str, list[str]]:
    return {mount.parts.owner.pack: list(mount.notes) for mount in mounts if mount.parts.owner.pack and mount.notes}
