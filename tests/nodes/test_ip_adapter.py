"""Operators that prompt with pictures: what they make of their inputs, and the squares that are seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.adapters import UNetAdapter
from diffusion.clip_vision import ClipVision
from diffusion.errors import CheckpointError
from diffusion.models import Model
from graph.widgets import File
from nodes.ip_adapter import IPAdapterAdvanced, IPAdapterModelLoader, PrepImageForClipVision, SimpleIPAdapter
from runtime.values import digest
from tests.diffusion.test_clip_vision import CLIP, filled
from tests.nodes.folder_host import FolderRun
from tests.tiny_checkpoint import write_state
from tests.tiny_ip_adapters import sizes_for, write_adapter

IMAGE = torch.rand(1, 40, 60, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def adapter(tmp_path: Path, tiny_model: Model) -> Any:
    write_adapter(tmp_path / "models/ipadapter/ip-adapter.safetensors", sizes_for(tiny_model.backbone, "plain"))
    return IPAdapterModelLoader("ip-adapter.safetensors", run=FolderRun(tmp_path))


def test_the_loader_runs_again_when_its_file_changes(adapter: Any) -> None:
    assert IPAdapterModelLoader.spec.input("ipadapter_file").widget == File("ipadapter")
    assert digest(adapter) is not None


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models/ipadapter").mkdir(parents=True)
    write_state(tmp_path / "models/ipadapter/a.safetensors", {"image_proj.norm.weight": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="looks like an IP-Adapter FaceID"):
        IPAdapterModelLoader("a.safetensors", run=FolderRun(tmp_path))


@pytest.mark.parametrize(
    ("simple", "advanced"),
    [("standard", "linear"), ("prompt is more important", "ease out"), ("style transfer", "style transfer")],
)
def test_the_simple_operator_does_what_the_other_can(
    adapter: Any, tiny_model: Model, simple: str, advanced: str
) -> None:
    vision = ClipVision(filled(CLIP), CLIP.image)
    short = SimpleIPAdapter(tiny_model, adapter, IMAGE, 0.5, 0.1, 0.9, simple, None, vision)
    long = IPAdapterAdvanced(tiny_model, adapter, IMAGE, 0.5, advanced, start_at=0.1, end_at=0.9, clip_vision=vision)
    (one,), (other,) = short.usage.timed, long.usage.timed
    assert (one.start_percent, one.end_percent) == (other.start_percent, other.end_percent) == (0.1, 0.9)
    assert one.hook.weights == other.hook.weights
    assert torch.equal(one.hook.both.keys, other.hook.both.keys)
    assert isinstance(short.adapter, UNetAdapter)


def test_a_picture_becomes_a_square_of_one_of_its_parts() -> None:
    wide = torch.zeros(2, 224, 672, 3)
    for part in range(3):
        wide[:, :, 224 * part : 224 * (part + 1)] = (part + 1) / 4
    tall = wide.transpose(1, 2)
    seen = {
        position: [PrepImageForClipVision(image, "NEAREST", position).mean().item() for image in (wide, tall)]
        for position in ("top", "bottom", "left", "right", "center")
    }
    low, middle, high = (pytest.approx(part, abs=1 / 255) for part in (0.25, 0.5, 0.75))
    assert seen == {
        "top": [middle, low],
        "bottom": [middle, high],
        "left": [low, middle],
        "right": [high, middle],
        "center": [middle, middle],
    }
    padded = PrepImageForClipVision(wide, "BOX", "pad")
    assert padded.shape == (2, 224, 224, 3)
    assert padded[0, :, :, 0].mean(dim=1)[[0, 70, 112, 150, 223]].tolist() == [0, 0, middle, 0, 0]


def test_sharpening_widens_edges_and_leaves_flat_places() -> None:
    image = torch.full((1, 224, 224, 3), 0.4)
    image[:, :, 112:] = 0.6
    plain, sharp = (PrepImageForClipVision(image, "NEAREST", "center", amount) for amount in (0.0, 0.8))
    torch.testing.assert_close(sharp[:, :, :111], plain[:, :, :111])
    assert sharp[0, 100, 111, 0] < plain[0, 100, 111, 0] - 0.01
    assert sharp[0, 100, 112, 0] > plain[0, 100, 112, 0] + 0.01
    assert bool(((sharp >= 0) & (sharp <= 1)).all())
    black = PrepImageForClipVision(torch.zeros(1, 224, 224, 3), sharpening=1.0)
    assert bool((black == 0).all())
