"""A server with empty folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.file_server import FileServer, serving

MOST_BYTES = 100_000  # of an upload in these tests


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    """A server that takes small uploads."""
    with serving(tmp_path, max_upload_bytes=MOST_BYTES) as found:
        yield found
