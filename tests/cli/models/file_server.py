"""A server of files on the loopback, with ranges, tags, redirections and connections that end too soon."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """Files by path, and what is asked of them. cut_at: bytes after which the connection ends, once."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # by path, what the server calls a file
    hashes: dict[str, str] = field(default_factory=dict)  # by path, what a hub says of the SHA-256
    locked: set[str] = field(default_factory=set)
    cut_at: int | None = None
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)  # path, range, authorization

    def url(self, path: str) -> str:
        return self.address + path


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Serve until the block ends."""
    told = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            told.asked.append((self.path, wanted, self.headers.get("Authorization")))
            if self.path in told.redirects:
                return self._head(302, 0, Location=told.redirects[self.path], **self._linked())
            if self.path in told.locked:
                return self._head(401, 0)
            if self.path not in told.files:
                return self._head(404, 0)
            self._send(told.files[self.path], wanted)

        def _send(self, content: bytes, wanted: str | None) -> None:
            tag = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if wanted and self.headers.get("If-Range") != tag:
                start, wanted = 0, None
            if wanted and start >= len(content):
                return self._head(416, 0, **{"Content-Range": f"bytes */{len(content)}"})
            span = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if wanted else {}
            name = told.names.get(self.path)
            called = {"Content-Disposition": f'attachment; filename="{name}"'} if name else {}
            self._head(206 if wanted else 200, len(content) - start, ETag=tag, **span, **called, **self._linked())
            end, told.cut_at = told.cut_at or len(content), None
            self.wfile.write(content[start:end])
            self.close_connection = True

        def _linked(self) -> dict[str, str]:
            found = told.hashes.get(self.path)
            return {"X-Linked-Etag": f'"{found}"'} if found else {}

        def _head(self, status: int, length: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(length), **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
