"""Operators of videos: made, saved, opened and taken apart again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest
import torch

from graph.registry import Registry
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from nodes.media.video import VideoFromFile
from nodes.videos import (
    H264,
    AnyCodec,
    AnyContainer,
    AsItIs,
    Av1,
    CreateVideo,
    GetVideoComponents,
    H264Quality,
    LoadVideo,
    Mkv,
    Mp4,
    SaveVideo,
    Webm,
)
from tests.nodes.folder_host import FolderRun

FRAMES, HZ = 8, 16_000
PLAIN = AnyContainer(AnyCodec())


def rising(*, sound: bool = False, bit_depth: int = 8) -> Any:
    """Return a second that goes from black to white."""
    images = torch.linspace(0, 1, FRAMES).reshape(-1, 1, 1, 1).expand(-1, 32, 64, 3)
    audio = {"waveform": torch.rand(1, 1, HZ) - 0.5, "sample_rate": HZ} if sound else None
    return CreateVideo(images, float(FRAMES), audio, bit_depth)


def saved(folder: Path, video: Any, format: Any = PLAIN, codec: Any = None, **more: Any) -> VideoFromFile:
    run = FolderRun(folder, **more)
    assert SaveVideo(video, "sub/video", format=format, codec=codec, run=run).video is video
    assert run.shown["animated"] == [True]
    (shown,) = run.shown["images"]
    return VideoFromFile(str(folder / shown["type"] / shown["subfolder"] / shown["filename"]))


def codec_of(video: VideoFromFile) -> str:
    with av.open(video.get_stream_source()) as container:
        return str(container.streams.video[0].codec.canonical_name)


def test_a_saved_video_is_taken_apart_again(tmp_path: Path) -> None:
    parts = GetVideoComponents(saved(tmp_path, rising(sound=True, bit_depth=10)))
    assert (parts.fps, parts.bit_depth, parts.color_space) == (FRAMES, 10, "sRGB")
    assert parts.images.mean(dim=(1, 2, 3)).tolist() == pytest.approx(torch.linspace(0, 1, FRAMES).tolist(), abs=0.03)
    assert parts.audio["waveform"].shape[-1] / parts.audio["sample_rate"] == pytest.approx(1, abs=0.1)


def test_a_video_without_sound_has_none(tmp_path: Path) -> None:
    assert GetVideoComponents(saved(tmp_path, rising())).audio is None


@pytest.mark.parametrize(
    ("format", "codec", "ending", "encoded"),
    [
        (PLAIN, None, ".mp4", "h264"),
        (Mp4(H264(AsItIs())), None, ".mp4", "h264"),
        (Mkv(H264(H264Quality(40.0, "auto"))), None, ".mkv", "h264"),
        (Webm(AnyCodec()), None, ".webm", "av1"),
        (Mp4(Av1()), None, ".mp4", "av1"),
        (PLAIN, Av1(), ".mp4", "av1"),  # where older workflows name it
    ],
)
def test_container_and_codec_are_those_chosen(
    tmp_path: Path, format: Any, codec: Any, ending: str, encoded: str
) -> None:
    video = saved(tmp_path, rising(), format, codec)
    assert str(video.get_stream_source()).endswith(f"video_00001_{ending}")
    assert codec_of(video) == encoded


def test_a_lower_quality_is_smaller(tmp_path: Path) -> None:
    noise = CreateVideo(torch.rand(4, 64, 64, 3, generator=torch.Generator().manual_seed(0)))
    sizes = []
    for crf in (10.0, 45.0):
        video = saved(tmp_path, noise, Mp4(H264(H264Quality(crf, "auto"))))
        sizes.append(Path(str(video.get_stream_source())).stat().st_size)
    assert sizes[1] < sizes[0] / 2


def test_the_workflow_is_inside_and_none_is_overwritten(tmp_path: Path) -> None:
    texts = {"prompt": '{"1": {"class_type": "A"}}', "workflow": "{}"}
    for _ in range(2):
        found = saved(tmp_path, rising(), texts=texts).get_components().metadata or {}
        assert json.loads(found["prompt"]) == {"1": {"class_type": "A"}}
    assert len(list((tmp_path / "output" / "sub").iterdir())) == 2


def test_an_opened_video_is_saved_as_it_is(tmp_path: Path) -> None:
    first = saved(tmp_path, rising())
    (tmp_path / "input").mkdir()
    Path(str(first.get_stream_source())).rename(tmp_path / "input" / "a.mp4")
    opened = LoadVideo("a.mp4", run=FolderRun(tmp_path))
    again = saved(tmp_path, opened)
    assert torch.equal(again.get_components().images, opened.get_components().images)


@pytest.mark.parametrize(
    "inputs",
    [
        {"format": "auto", "format.codec": "auto"},
        {"format": "mp4", "format.codec": "h264", "format.codec.encoding": "auto"},
        {
            "format": "mp4",
            "format.codec": "av1",
            "format.codec.encoding": "re-encode",
            "format.codec.encoding.crf": 20,
            "format.codec.encoding.color_space": "HDR",
        },
        {"format": "auto", "codec": "h264"},
    ],
)
def test_workflows_choose_with_names_within_names(tmp_path: Path, inputs: dict[str, Any]) -> None:
    save = Node("2", "SaveVideo", {"video": Link("1", 0), "filename_prefix": "a", **inputs})
    open_one = Node("1", "LoadVideo", {"file": "a.mp4"})
    registry = Registry.of(SaveVideo.spec, LoadVideo.spec)
    assert list(validate(Workflow.of(open_one, save), registry)) == []
    bound = SaveVideo.spec.for_inputs(save.inputs)
    values = {socket.name: save.inputs.get(socket.name, socket.default) for socket in bound.inputs}
    values["video"] = rising()
    run = FolderRun(tmp_path)
    SaveVideo(**bound.call(values, run).kwargs)
    assert run.shown["images"][0]["filename"] == "a_00001_.mp4"
