"""A real server with a real worker and packs that add routes, and plain requests to it."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.serving.live_server import START_S, LiveServer, live_server

PACKS = Path(__file__).parents[1] / "compat" / "packs"


class Heard(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass
class RouteServer:
    """A server whose folder of packs can be changed."""

    base: Path
    live: LiveServer

    @property
    def packs(self) -> Path:
        """The folder of packs."""
        return self.base / "custom_nodes"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Heard:
        """Send a request; JSON is written for what is neither text nor bytes. Header names have "_" for "-"."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes | str) and not hasattr(body, "__next__"):
            body, sent = json.dumps(body), {"Content-Type": "application/json", **sent}
        connection = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=START_S)
        try:
            connection.request(method, path, body, sent, encode_chunked="Transfer-Encoding" in sent)
            answer = connection.getresponse()
            return Heard(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Heard:
        """Send a GET."""
        return self.ask("GET", path, **headers)

    def until(self, path: str, is_right: Any) -> Heard:
        """Ask until the answer is right."""
        end = time.monotonic() + START_S
        while not is_right(answer := self.get(path)):
            assert time.monotonic() < end, f"{path} stays {answer}; the server said {self.live.said[-20:]}"
            time.sleep(0.02)
        return answer

    def report(self, name: str) -> dict[str, Any]:
        """Return what became of a pack."""
        found: dict[str, Any] = {each["name"]: each for each in self.live.get("/api/v1/packs")["packs"]}[name]
        return found

    def write(self, name: str, text: str) -> None:
        """Write a file of a pack; it is whole at once."""
        path = self.packs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)


@contextmanager
def route_server(base: Path, *packs: str) -> Iterator[RouteServer]:
    """Run a server with some of the packs in tests/compat/packs; it is ready."""
    for name in packs:
        shutil.copytree(PACKS / name, base / "custom_nodes" / name, ignore=shutil.ignore_patterns("__pycache__"))
    (base / "custom_nodes").mkdir(exist_ok=True)
    with live_server(base) as live:
        live.wait_until_ready()
        yield RouteServer(base, live)
