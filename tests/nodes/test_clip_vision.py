"""What networks see in pictures, from a file to a result."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.clip_vision import VisionOutput
from graph.widgets import File
from nodes.clip_vision import CLIPVisionEncode, CLIPVisionLoader
from runtime.values import digest
from tests.diffusion.test_clip_vision import CLIP, OWN, filled, write
from tests.nodes.folder_host import FolderRun


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models" / "clip_vision").mkdir(parents=True)
    write(tmp_path / "models" / "clip_vision" / "tiny.safetensors", filled(CLIP), CLIP, OWN)
    return tmp_path


def test_a_picture_is_cut_or_squeezed_and_seen(folder: Path) -> None:
    vision = CLIPVisionLoader("tiny.safetensors", run=FolderRun(folder))
    image = torch.rand(1, 28, 60, 3)
    cut, squeezed = (CLIPVisionEncode(vision, image, crop) for crop in ("center", "none"))
    assert isinstance(cut, VisionOutput)
    torch.testing.assert_close(cut.image_embeds, CLIPVisionEncode(vision, image[:, :, 16:44]).image_embeds)
    assert not torch.equal(cut.image_embeds, squeezed.image_embeds)
    assert digest(vision) is not None


def test_the_loader_runs_again_when_its_file_changes() -> None:
    assert CLIPVisionLoader.spec.input("clip_name").widget == File("clip_vision")
