"""Loaders: what comes out of a file, and what the key of a loader depends on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from diffusion.clip import Clip
from diffusion.models import Model, Vae
from graph.widgets import File
from nodes.loaders import LoadCheckpoint, VAELoader
from tests.nodes.folder_host import FolderRun


@pytest.fixture
def folder(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    for kind in ("checkpoints", "vae"):
        (tmp_path / "models" / kind).mkdir(parents=True)
        shutil.copy(tiny_checkpoint, tmp_path / "models" / kind / "tiny.safetensors")
    return tmp_path


def test_a_checkpoint_gives_its_three_networks(folder: Path) -> None:
    loaded = LoadCheckpoint("tiny.safetensors", run=FolderRun(folder))
    assert [type(part) for part in loaded] == [Model, Clip, Vae]


def test_a_vae_may_come_out_of_a_checkpoint(folder: Path) -> None:
    assert isinstance(VAELoader("tiny.safetensors", run=FolderRun(folder)), Vae)


@pytest.mark.parametrize(("node", "kind"), [(LoadCheckpoint, "checkpoints"), (VAELoader, "vae")])
def test_a_loader_runs_again_when_its_file_changes(node: object, kind: str) -> None:
    (socket,) = node.spec.inputs  # type: ignore[attr-defined]
    assert socket.widget == File(kind)  # the engine puts a digest of such a file into the key
