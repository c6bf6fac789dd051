"""Lines: the connections to where the worker serves packs' routes, one session a place, closed when the place is given up.

lines = Lines()
lines.keep(table.addresses)   # others are closed once nothing uses them
async with lines.request("/tmp/…/1.sock", "GET", url, headers=…) as answer: ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

CONNECT_S = 10.0
SILENCE_S = 600.0  # a handler may load a model or ask another server before it says anything
MOST_AT_ONCE = 128  # requests to one pack; more wait
NAME = "packs"  # of the host in addresses: nobody looks it up


class Line:
    """The connections to one place."""

    def __init__(self, address: str) -> None:
        self._uses = 0
        self._is_given_up = False
        self._base, connector = _connector(address)
        timeout = aiohttp.ClientTimeout(connect=CONNECT_S, sock_connect=CONNECT_S, sock_read=SILENCE_S)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    @asynccontextmanager
    async def request(self, method: str, target: URL, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request; target: path and query, encoded."""
        url = URL.build(
            scheme=self._base.scheme,
            authority=self._base.raw_authority,
            path=target.raw_path,
            query_string=target.raw_query_string,
            encoded=True,
        )
        self._uses += 1
        try:
            async with self._session.request(method, url, allow_redirects=False, **options) as answer:
                yield answer
        finally:
            self._uses -= 1
            if self._is_given_up and not self._uses:
                await self._session.close()

    async def give_up(self) -> None:
        """Close the connections as soon as nothing uses them."""
        self._is_given_up = True
        if not self._uses:
            await self._session.close()

    async def cut(self) -> None:
        """Close them at once."""
        await self._session.close()


class Lines:
    """All places, by their addresses. later: runs what closes one."""

    def __init__(self, later: Callable[[Any], None]) -> None:
        self._later = later
        self._lines: dict[str, Line] = {}

    def to(self, address: str) -> Line:
        """Return the connections to a place."""
        if address not in self._lines:
            self._lines[address] = Line(address)
        return self._lines[address]

    def keep(self, addresses: Iterable[str]) -> None:
        """Give up all other places."""
        for address in self._lines.keys() - set(addresses):
            self._later(self._lines.pop(address).give_up())

    async def close(self) -> None:
        """Cut all connections."""
        while self._lines:
            await self._lines.popitem()[1].cut()


def _connector(address: str) -> tuple[URL, aiohttp.BaseConnector]:
    if "/" in address:
        return URL.build(scheme="http", host=NAME), aiohttp.UnixConnector(address, limit=MOST_AT_ONCE)
    host, _, port = address.rpartition(":")
    return URL.build(scheme="http", host=host, port=int(port)), aiohttp.TCPConnector(limit=MOST_AT_ONCE)
