"""Connection: requests to one server, with its token, and with patience when it is being restarted.

connection = Connection("https://host:8188/weft", token="secret")
connection.json("GET", "/queue")
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from weft_client.errors import ClientError, Unreachable, refusal

T = TypeVar("T")
LONGEST_PAUSE_S = 2.0
LOST = (ConnectionError, TimeoutError, http.client.HTTPException)
TRANSIENT = frozenset({502, 503, 504})  # of a proxy in front of a server that restarts


class Connection:
    """One server. Each request has a connection of its own, so that threads may share the object.

    timeout_s: how long an answer may take; patience_s: how long to try again when the server is not there.
    """

    def __init__(
        self, url: str, token: str | None = None, *, timeout_s: float = 60.0, patience_s: float = 30.0
    ) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClientError(f'"{url}" is no address of a server; write it like http://127.0.0.1:8188.')
        self.url = url
        self.patience_s = patience_s
        self._is_secure = parts.scheme == "https"
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def json(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the JSON of an answer, None if it has no body. A GET is repeated while the server is away."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}

        def ask() -> bytes:
            with self.open(method, path, data, headers, **query) as response:
                return response.read()

        answer = self.patiently(ask) if method == "GET" else ask()
        return json.loads(answer) if answer else None

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float | None = None,
        **query: Any,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request once; RefusedError if the answer is an error, Unreachable if the connection breaks."""
        target = self._prefix + path
        given = {name: value for name, value in query.items() if value is not None}
        connect = http.client.HTTPSConnection if self._is_secure else http.client.HTTPConnection
        link = connect(self._host, self._port, timeout=timeout_s or self._timeout_s)
        try:
            link.request(
                method, f"{target}?{urlencode(given)}" if given else target, body, {**self._headers, **(headers or {})}
            )
            response = link.getresponse()
            if response.status >= http.client.BAD_REQUEST:
                raise refusal(response.status, response.reason, response.read())
            yield response
        except (*LOST, OSError) as error:
            raise Unreachable(f"{self.url} does not answer: {str(error) or type(error).__name__}.") from error
        finally:
            link.close()

    def patiently(self, ask: Callable[[], T]) -> T:
        """Return what `ask` gives; try again while the server is away, as long as patience lasts."""
        deadline = time.monotonic() + self.patience_s
        pause = 0.05
        while True:
            try:
                return ask()
            except Unreachable:
                if time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
