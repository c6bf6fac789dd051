"""The commands' tests keep results in a folder of their own, not in the checkout's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache_directory(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new cache for each test, known to subprocesses too."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("WEFT_CACHE_DIRECTORY", str(folder))
    return folder
