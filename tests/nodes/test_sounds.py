"""Files of sound: what is written is read again, and what cannot be is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
import torch

from nodes.media.sound import SoundError
from nodes.sounds import Flac, LoadAudio, Mp3, Opus, PreviewAudio, SaveAudio, SaveAudioAdvanced
from tests.nodes.folder_host import FolderRun

HZ = 48_000


def tone(batch: int = 1) -> dict[str, Any]:
    """Return half a second of 440 Hz in two channels, the second one silent."""
    wave = 0.5 * torch.sin(2 * torch.pi * 440 * torch.arange(HZ // 2) / HZ)
    return {"waveform": torch.stack((wave, torch.zeros_like(wave))).expand(batch, -1, -1), "sample_rate": HZ}


def loaded(folder: Path, name: str) -> dict[str, Any]:
    (folder / "input").mkdir(exist_ok=True)
    (folder / "output" / name).rename(folder / "input" / "sound")
    found: dict[str, Any] = LoadAudio("sound", run=FolderRun(folder))
    return found


@pytest.mark.parametrize(("format", "error"), [(Flac(), 1e-4), (Mp3("320k"), 0.05), (Opus("320k"), 0.05)], ids=str)
def test_saved_sound_is_read_back(tmp_path: Path, format: Any, error: float) -> None:
    run = FolderRun(tmp_path)
    SaveAudioAdvanced(tone(), "tone", format=format, run=run)
    name = run.shown["audio"][0]["filename"]
    found = loaded(tmp_path, name)
    assert (name, found["sample_rate"]) == (f"tone_00001.{type(format).__name__.lower()}", HZ)
    left, right = found["waveform"][0]
    loudness = left[2000:20000].square().mean().sqrt()
    assert loudness == pytest.approx(0.5 / 2**0.5, abs=max(error, 0.01))
    assert right.abs().max() < error + 1e-3


def test_flac_keeps_every_sample_to_its_precision(tmp_path: Path) -> None:
    SaveAudio(tone(), "tone", run=FolderRun(tmp_path))
    assert (loaded(tmp_path, "tone_00001.flac")["waveform"] - tone()["waveform"]).abs().max() < 2**-14


def test_each_sound_of_a_batch_is_a_file_and_none_is_overwritten(tmp_path: Path) -> None:
    run = FolderRun(tmp_path)
    for _ in range(2):
        SaveAudio(tone(batch=2), "sub/a%batch_num%", run=run)
    names = [each["filename"] for each in run.shown["audio"]]
    assert sorted(path.name for path in (tmp_path / "output" / "sub").iterdir()) == sorted(set(names))
    assert len(names) == 4


def test_the_workflow_is_inside_the_file(tmp_path: Path) -> None:
    SaveAudio(tone(), "tone", run=FolderRun(tmp_path, texts={"prompt": '{"1": {}}'}))
    with av.open(str(tmp_path / "output" / "tone_00001.flac")) as container:
        assert {key.lower(): text for key, text in container.metadata.items()}["prompt"] == '{"1": {}}'


def test_a_preview_is_a_temporary_file(tmp_path: Path) -> None:
    run = FolderRun(tmp_path)
    assert PreviewAudio(tone(), run=run).audio["sample_rate"] == HZ
    assert [each["type"] for each in run.shown["audio"]] == ["temp"]
    assert len(list((tmp_path / "temp").iterdir())) == 1


def test_no_sound_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="There is no sound to save"):
        SaveAudio(None, "tone", run=FolderRun(tmp_path))
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "text.wav").write_text("no sound")
    with pytest.raises(SoundError, match=r"text\.wav cannot be read as sound"):
        LoadAudio("text.wav", run=FolderRun(tmp_path))
