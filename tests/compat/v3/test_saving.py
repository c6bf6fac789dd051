"""Pictures and sound that V3 nodes save: no call takes the files of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from compat.v3.saving import AudioSaveHelper, ImageSaveHelper
from compat.v3.widgets import FolderType
from tests.compat.engine_runs import host

PREFIX = "frame %batch_num%"  # the number that is free is looked for under the name that stands here


@pytest.fixture(autouse=True)
def base(tmp_path: Path) -> Iterator[Path]:
    with host(tmp_path):
        yield tmp_path


def test_pictures_of_a_second_call_get_names_of_their_own() -> None:
    calls = [
        ImageSaveHelper.save_images(torch.full((2, 4, 4, 3), shade), PREFIX, FolderType.output, None)
        for shade in (0, 1)
    ]
    names = [result.filename for results in calls for result in results]
    assert len(set(names)) == 4, names


def test_moving_pictures_and_sounds_of_a_second_call_get_names_of_their_own(base: Path) -> None:
    sound = {"waveform": torch.zeros(1, 1, 800), "sample_rate": 8000}
    pictures = torch.rand(2, 4, 4, 3)
    for _ in range(2):
        ImageSaveHelper.save_animated_png(pictures, PREFIX, FolderType.output, None, 8.0, 4)
        ImageSaveHelper.save_animated_webp(pictures, PREFIX, FolderType.output, None, 8.0, True, 80, 4)
        AudioSaveHelper.save_audio(sound, PREFIX, FolderType.output, None)
    endings = [path.suffix for path in (base / "output").iterdir()]
    assert sorted(endings) == [".flac", ".flac", ".png", ".png", ".webp", ".webp"]
