"""PackProxy: requests for routes of node packs go to the worker, in which their code runs.

    proxy = PackProxy(may_have_packs=lambda: True)
    proxy.hear(PackRoutes(b"{...}"))
    app.middlewares.append(proxy.middleware)  # the innermost: whatever guards our own routes guards these too
    document = await proxy.show_prompt(document)  # packs that have asked for it may change a prompt

Our own routes come first where a path is written out equally far. What no route of ours answers goes to a pack that may.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

from graph.pack_requests import SECRET
from graph.protocol import PackRoutes
from serving.failures import IS_BEGUN, sentence
from serving.front_end import FILE
from serving.pack_lines import Lines
from serving.pack_routes import Found, RouteIndex, RouteTable
from serving.passing_on import ClientGone, NoRoute, WorkerLost, WorkerSilent, pass_on
from serving.routing import Route
from serving.workers import Died, WorkerError

logger = logging.getLogger(__name__)

CLIENT_GONE = 499  # nginx's
RETRY_S = 5  # when a worker that died may be back
NO_SOCKETS = (
    "Weft passes no WebSockets on to node packs; the pack has to send by PromptServer.send_sync, which reaches /ws."
)
STARTING = "The worker is starting; node packs may answer here when it is ready. Try again in a few seconds."
DOWN = "A node pack answers here, but the worker in which packs run has ended and starts again. Try again in a few seconds."
LOST = "The worker ended, or its pack was loaded again, before the pack answered. Try again in a few seconds."
SILENT = "The node pack did not answer in time; perhaps a node or a request before keeps it busy."


class PackProxy:
    """may_have_packs: whether the worker may yet tell of routes. most_bytes: of a body."""

    def __init__(self, most_bytes: int, may_have_packs: Callable[[], bool] = lambda: False) -> None:
        self._most_bytes = most_bytes
        self._may_have_packs = may_have_packs
        self._table: RouteTable | None = None
        self._index = RouteIndex(RouteTable())
        self._own: Sequence[Route] = ()
        self._is_up = False
        self._closings: set[asyncio.Task[None]] = set()
        self._lines = Lines(self._later)

    @property
    def table(self) -> RouteTable:
        """What packs answer, as far as it is known."""
        return self._table or RouteTable()

    def know_own(self, routes: Sequence[Route]) -> None:
        """Remember the server's own routes, to tell packs which of theirs are never asked."""
        self._own = routes

    def hear(self, message: object) -> None:
        """Take what the worker says."""
        match message:
            case PackRoutes(payload):
                self._table, self._is_up = RouteTable.read(payload), True
                self._index = RouteIndex(self._table)
                self._lines.keep(self._table.addresses)
            case Died():
                self._is_up = False
                self._lines.keep(())

    def notes(self) -> dict[str, list[str]]:
        """Return what is to be said of packs' routes, by pack."""
        notes = {pack: list(sentences) for pack, sentences in self.table.notes.items()}
        for pack, sentences in self.table.clashes(self._own).items():
            notes.setdefault(pack, []).extend(sentences)
        return notes

    async def close(self) -> None:
        """Cut all connections."""
        await self._lines.close()
        await asyncio.gather(*self._closings)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer by a pack where one does (aiohttp's middleware)."""
        found = self._index.find(request.method, request.rel_url.raw_path)
        if found is not None and len(found.route.literal) > _own_length(request):
            with suppress(NoRoute):
                return await self._forward(request, found)
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status not in (404, 405) or not _is_left_over(request):
                raise
            with suppress(NoRoute):
                if found is not None:
                    return await self._forward(request, found)
            if self._table is None and self._may_have_packs():
                return _later(request, STARTING)
            raise

    async def show_prompt(self, body: bytes) -> bytes:
        """Return the body of a prompt as packs change it, if any has asked to; WorkerError if the worker does not answer."""
        address = self.table.on_prompt
        if address is None:
            return body
        if not self._is_up:
            raise WorkerError(f"Node packs want to see each prompt. {DOWN}")
        headers = {SECRET: self.table.secret, hdrs.CONTENT_TYPE: "application/json"}
        try:
            async with self._lines.to(address).request("POST", URL("/"), data=body, headers=headers) as answer:
                if answer.status == 200:
                    return await answer.read()
        except TimeoutError as error:
            raise WorkerError(f"Node packs want to see each prompt. {SILENT}") from error
        except aiohttp.ClientError as error:
            raise WorkerError(f"Node packs want to see each prompt. {LOST}") from error
        logger.warning("Node packs could not be shown a prompt (status %s); it goes on as it is.", answer.status)
        return body

    async def _forward(self, request: web.Request, found: Found) -> web.StreamResponse:
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return sentence(request, 501, NO_SOCKETS)
        if not self._is_up:
            return _later(request, DOWN)
        try:
            return await pass_on(request, self._lines.to(found.address), self.table.secret, self._most_bytes)
        except ClientGone:
            return web.Response(status=CLIENT_GONE)  # for the metrics; nobody reads it
        except WorkerLost:
            if request.get(IS_BEGUN):
                raise  # so that the connection is closed in the middle of the answer
            return _later(request, LOST)
        except WorkerSilent:
            if request.get(IS_BEGUN):
                raise
            return sentence(request, 504, SILENT)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)


def _own_length(request: web.Request) -> int:
    """Return how far the path of our own route is written out; -1 if we have none."""
    if request.match_info.http_exception is not None:
        return -1
    resource = request.match_info.route.resource
    path = "" if resource is None else resource.canonical
    return len(path.partition("{")[0])


def _is_left_over(request: web.Request) -> bool:
    """Whether no route of ours is meant for a request: there is none, or only that of the editor's files."""
    return request.match_info.http_exception is not None or request.match_info.route.name == FILE


def _later(request: web.Request, text: str) -> web.Response:
    answer = sentence(request, 503, text)
    answer.headers[hdrs.RETRY_AFTER] = str(RETRY_S)
    return answer
