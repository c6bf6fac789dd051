"""Passing a request on to a node pack's route and its answer back, both in pieces as they come.

    return await pass_on(request, line, secret, most_bytes)

The worker hears what the client sent, but for what concerns only this connection and who may use the server. When the
client goes, the request to the worker ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from http.cookies import CookieError, SimpleCookie

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from graph.pack_requests import NO_ROUTE, OURS, REMOTE, SCHEME, SECRET
from serving.access import ACCESS
from serving.gate import cookie_name
from serving.pack_lines import Line
from serving.refusals import refuse
from serving.response_headers import CSP, FOREIGN_PAGE, PAGE_TYPES, policy

# RFC 9110, 7.6.1: what holds for one connection
OF_CONNECTION = frozenset(
    map(
        str.lower,
        (
            hdrs.CONNECTION,
            hdrs.KEEP_ALIVE,
            hdrs.PROXY_AUTHENTICATE,
            hdrs.PROXY_AUTHORIZATION,
            "Proxy-Connection",
            hdrs.TE,
            hdrs.TRAILER,
            hdrs.TRANSFER_ENCODING,
            hdrs.UPGRADE,
            hdrs.EXPECT,
        ),
    )
)
OWN = frozenset(map(str.lower, OURS))
TOKEN = "token"
LOOK_S = 0.5  # how often it is looked whether the client is still there
PAGE_POLICY = policy(
    FOREIGN_PAGE
)  # pages of packs have scripts in them; like other editors they talk to this server only


class NoRoute(Exception):
    """No route of the pack fits the request; nothing was answered."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class WorkerLost(Exception):
    """The worker ended, or its pack was loaded again, before the answer was whole."""


class WorkerSilent(Exception):
    """The worker said nothing for too long."""


async def pass_on(request: web.Request, line: Line, secret: str, most_bytes: int) -> web.StreamResponse:
    """Return the answer of a pack, sent; NoRoute if it has none, another of these errors if it does not come."""
    body = Body(request, most_bytes)
    headers = headers_for_pack(request, secret)
    try:
        with ended_with(request):
            async with line.request(
                request.method, target_for_pack(request), headers=headers, data=body.data
            ) as answer:
                if NO_ROUTE in answer.headers:
                    raise NoRoute
                return await _send_back(request, answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        if body.fault is not None:
            raise body.fault from None
        if request.transport is None:
            raise ClientGone from None
        raise (WorkerSilent if isinstance(error, TimeoutError) else WorkerLost) from error


class Body:
    """A request's body on its way. fault: why it ended early."""

    def __init__(self, request: web.Request, most_bytes: int) -> None:
        self.fault: Exception | None = None
        self._request = request
        self._most_bytes = most_bytes
        self.data = self._pieces() if request.can_read_body else None
        if (request.content_length or 0) > most_bytes:
            raise self._too_large()

    async def _pieces(self) -> AsyncIterator[bytes]:
        nbytes = 0
        try:
            async for piece in self._request.content.iter_any():
                nbytes += len(piece)
                if nbytes > self._most_bytes:
                    raise self._too_large()
                yield piece
        except Exception as error:
            self.fault = error
            raise

    def _too_large(self) -> web.HTTPException:
        return refuse(
            413, f"The body is larger than {self._most_bytes / 2**20:g} MB; --max-upload-size allows larger ones."
        )


def headers_for_pack(request: web.Request, secret: str) -> CIMultiDict[str]:
    """Return what a pack is told of a request."""
    headers = _passed_on(request.headers)
    if hdrs.CONTENT_ENCODING in headers and request.can_read_body:
        headers.popall(hdrs.CONTENT_ENCODING)  # aiohttp has unpacked the body
        headers.popall(hdrs.CONTENT_LENGTH, None)
    if ACCESS in request.app:
        _without_access(headers, cookie_name(request))
    headers[SECRET], headers[REMOTE], headers[SCHEME] = secret, request.remote or "", request.scheme
    return headers


def target_for_pack(request: web.Request) -> URL:
    """Return path and query, without a token in it."""
    target = request.rel_url
    return target.without_query_params(TOKEN) if ACCESS in request.app and TOKEN in target.query else target


async def _send_back(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_passed_on(answer.headers))
    if answer.content_type in PAGE_TYPES:
        response.headers.setdefault(CSP, PAGE_POLICY)
    await response.prepare(request)
    if request.method != hdrs.METH_HEAD:
        async for piece in answer.content.iter_any():
            await response.write(piece)
    await response.write_eof()
    return response


def _passed_on(headers: Mapping[str, str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get(hdrs.CONNECTION, "").split(",")}
    dropped = OF_CONNECTION | OWN | named
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _without_access(headers: CIMultiDict[str], cookie: str) -> None:
    """Keep from packs what lets somebody use the server."""
    headers.popall(hdrs.AUTHORIZATION, None)
    try:
        cookies = SimpleCookie(headers.get(hdrs.COOKIE, ""))
    except CookieError:
        cookies = SimpleCookie()
    headers.popall(hdrs.COOKIE, None)
    others = "; ".join(f"{name}={each.coded_value}" for name, each in cookies.items() if name != cookie)
    if others:
        headers[hdrs.COOKIE] = others


@contextmanager
def ended_with(request: web.Request) -> Iterator[None]:
    """Let the block end when the client goes: ClientGone."""
    task = asyncio.current_task()
    assert task is not None
    watcher = asyncio.create_task(_watch(request, task))
    try:
        yield
    except asyncio.CancelledError:
        if watcher.done() and request.transport is None:
            task.uncancel()
            raise ClientGone from None
        raise
    finally:
        watcher.cancel()


async def _watch(request: web.Request, task: asyncio.Task[object]) -> None:
    while request.transport is not None:
        await asyncio.sleep(LOOK_S)
    task.cancel()
