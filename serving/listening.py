"""The ports: taken before anything else is started, so that a taken one is told at once.

with bind(settings) as sockets:
    async with listening(app, sockets, settings) as urls: ...  # ("http://127.0.0.1:8188",)
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

from aiohttp import web

from serving.errors import StartError
from serving.settings import ServeSettings

BACKLOG = 512
HEADERS_S = 75.0  # in which a request's headers must be complete, and for which an idle connection stays open
SHUTDOWN_S = 5.0  # for requests that are being answered
NO_SUCH_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
ALL_IPV6 = "::"


@contextmanager
def bind(settings: ServeSettings) -> Iterator[tuple[socket.socket, ...]]:
    """Take the port at each address, port 0 a free one at all of them; StartError if one is taken."""
    with ExitStack() as stack:
        port, sockets = settings.port, []
        for address in settings.listen:
            try:
                bound = stack.enter_context(_bind(address, port))
            except OSError as error:
                if address == ALL_IPV6 and len(settings.listen) > 1 and error.errno in NO_SUCH_FAMILY:
                    continue  # a machine without IPv6
                raise StartError(_fault(address, port, error)) from error
            sockets.append(bound)
            port = bound.getsockname()[1]
        yield tuple(sockets)


@asynccontextmanager
async def listening(
    app: web.Application,
    sockets: Sequence[socket.socket],
    tls: ssl.SSLContext | None = None,
    *,
    headers_s: float = HEADERS_S,
    shutdown_s: float = SHUTDOWN_S,
) -> AsyncIterator[tuple[str, ...]]:
    """Answer at these sockets until the block ends; gives the addresses for people."""
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=headers_s, shutdown_timeout=shutdown_s)
    await runner.setup()
    try:
        for each in sockets:
            await web.SockSite(runner, each, ssl_context=tls, backlog=BACKLOG).start()
        yield tuple(url_of(each, is_secure=tls is not None) for each in sockets)
    finally:
        await runner.cleanup()


def url_of(bound: socket.socket, *, is_secure: bool) -> str:
    """Return the address to type into a browser."""
    host, port = bound.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if is_secure else 'http'}://{name}:{port}"


def _bind(address: str, port: int) -> socket.socket:
    family, _, _, _, place = _resolve(address, port)
    with ExitStack() as stack:
        bound = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the port is free again at once after a crash
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(place)
        bound.listen(BACKLOG)  # now, so that a second server sees that the port is taken
        stack.pop_all()
        return bound


def _resolve(address: str, port: int) -> tuple[Any, ...]:
    try:
        return socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "no name") from error


def _fault(address: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f'--listen: "{address[:200]}" is no address of this machine.'
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} at {address} is in use; choose another by --port, or 0 for any that is free."
    return f"Port {port} at {address} cannot be taken: {error.strerror}."
