"""A real server for the tests of the client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.live_server import LiveServer, live_server
from weft_client import Client


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose worker is ready."""
    with live_server(tmp_path_factory.mktemp("server")) as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def client(server: LiveServer) -> Client:
    """A client of that server."""
    return Client(server.url)
