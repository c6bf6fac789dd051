"""A small application behind the real guard, on a real port; and requests as bytes, so that every header is under control."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from serving.listening import bind, listening
from serving.middleware import guard
from serving.routes.login import log_in, show_login, show_style
from serving.routing import adapt, add_routes, collect_routes
from serving.settings import ServeSettings
from serving.slow_bodies import Pace
from serving.token_file import settle_token

TOKEN = "a token of the tests"
MANY = 5_000
LIMIT = 2**20


class Answer(NamedTuple):
    """What came back. Header names are lower-case; of those that repeat, the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return msgspec.json.decode(self.body)


@dataclass
class FakeClock:
    """Seconds that pass when they are told to."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Guarded(NamedTuple):
    """A running server."""

    port: int
    seen: list[str]  # what handlers were called for

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send a request; `Sec_Fetch_Site="none"` is a header, `Host=""` leaves that out."""
        given = {"Host": f"127.0.0.1:{self.port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        lengths = {"Content-Length": str(len(body))} if body and "Content-Length" not in given else {}
        head = [f"{name}: {value}" for name, value in {"Connection": "close", **given, **lengths}.items() if value]
        return await self.send("\r\n".join([f"{method} {path} HTTP/1.1", *head, "", ""]).encode() + body)

    async def send(self, data: bytes) -> Answer:
        """Send bytes and read an answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            await writer.drain()
            return await read_answer(reader)
        finally:
            writer.close()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read an answer, chunked or not, or only the head of a WebSocket's."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    status = int(lines[0].split()[1])
    if status == 101:
        return Answer(status, headers, b"")
    if "content-length" in headers:
        return Answer(status, headers, await reader.readexactly(int(headers["content-length"])))
    return Answer(status, headers, await reader.read())


@asynccontextmanager
async def guarded(
    tmp_path: Path,
    *,
    clock: FakeClock | None = None,
    pace: Pace | None = None,
    headers_s: float = 75.0,
    client_max_size: int = LIMIT,
    **settings: Any,
) -> AsyncIterator[Guarded]:
    """Run a small application behind the guard until the block ends."""
    chosen = replace(ServeSettings(("true",), port=0, user=tmp_path), **settings)
    seen: list[str] = []
    app = web.Application(client_max_size=client_max_size)
    _add_handlers(app, seen)
    known = settle_token(tmp_path, chosen.token) if chosen.asks_token else None
    guard(app, chosen, known, clock=clock or FakeClock(), pace=pace or Pace())
    with bind(chosen) as sockets:
        async with listening(app, sockets, headers_s=headers_s, shutdown_s=0.1):
            yield Guarded(sockets[0].getsockname()[1], seen)


def run(body: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine."""
    asyncio.run(asyncio.wait_for(body(), 60))  # type: ignore[arg-type]


def _add_handlers(app: web.Application, seen: list[str]) -> None:
    async def page(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(text="<p>page</p>", content_type="text/html")

    async def data(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.json_response({"numbers": list(range(MANY))})

    async def echo(request: web.Request, body: dict) -> dict:  # type: ignore[type-arg]
        seen.append(request.path)
        return body

    async def fail(request: web.Request) -> web.Response:
        raise RuntimeError("a secret of the handler")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        seen.append(request.path)
        response = web.WebSocketResponse()
        await response.prepare(request)
        await response.close()
        return response

    async def script(request: web.Request) -> web.Response:
        return web.Response(text="0", content_type="text/javascript")

    async def picture(request: web.Request) -> web.Response:
        return web.Response(text="<svg/>", content_type="image/svg+xml")

    app.router.add_get("/", page)
    app.router.add_get("/health", data)
    app.router.add_get("/script.js", script)
    app.router.add_get("/picture", picture)
    app.router.add_get("/ws", socket)
    for path in ("/data", "/api/data"):
        app.router.add_get(path, data)
        app.router.add_get(f"{path}/fail", fail)
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            app.router.add_route(method, path, adapt(echo))
    add_routes(app, [each for each in collect_routes() if each.handler in (log_in, show_login, show_style)])
