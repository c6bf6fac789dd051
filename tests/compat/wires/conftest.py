"""The modules of ComfyUI, and the handles of a tiny checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from diffusion.checkpoints import load_checkpoint
from diffusion.checkpoints.load import Checkpoint
from tests.compat.engine_runs import host
from tests.tiny_checkpoint import write_tiny_checkpoint


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let packs' imports be found."""
    with host(tmp_path_factory.mktemp("host")):
        yield


@pytest.fixture(scope="session")
def checkpoint_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a tiny checkpoint."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.safetensors"
    write_tiny_checkpoint(path)
    return path


@pytest.fixture(scope="module")
def loaded(checkpoint_path: Path) -> Checkpoint:
    """Its handles."""
    return load_checkpoint(checkpoint_path)
