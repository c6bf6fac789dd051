"""Packs of a test, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.packs.pack_folder import PackFolder, modules_kept


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[PackFolder]:
    """An empty folder of packs."""
    with modules_kept():
        yield PackFolder(tmp_path / "custom_nodes")
