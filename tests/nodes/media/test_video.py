"""Videos written and read again: their pictures, times, sound and texts."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from nodes.media.sound import write_sound
from nodes.media.video import TURN, VideoFromComponents, VideoFromFile
from nodes.media.video_input import VideoCodec, VideoComponents, VideoContainer
from nodes.media.video_reading import Filters
from nodes.media.video_writing import Look, Target, writing

FRAMES, RATE, HZ = 20, 10, 16_000


def made(*, sound: bool = False, size: tuple[int, int] = (32, 64), bit_depth: int = 8) -> VideoFromComponents:
    """Return two seconds that go from black to white."""
    images = torch.linspace(0, 1, FRAMES).reshape(-1, 1, 1, 1).expand(-1, *size, 3)
    wave = torch.sin(torch.arange(FRAMES // RATE * HZ) / 20).repeat(1, 2, 1)
    audio = {"waveform": wave, "sample_rate": HZ} if sound else None
    return VideoFromComponents(VideoComponents(images, Fraction(RATE), audio), bit_depth)


def written(video: Any, **options: Any) -> VideoFromFile:
    buffer = io.BytesIO()
    video.save_to(buffer, **options)
    return VideoFromFile(buffer)


def brightness(video: Any) -> list[float]:
    return [float(image.mean()) for image in video.get_components().images]


@pytest.mark.parametrize("container", [VideoContainer.MP4, VideoContainer.MKV, VideoContainer.WEBM])
def test_what_was_written_is_read_again(container: VideoContainer) -> None:
    video = written(made(sound=True), format=container)
    assert brightness(video) == pytest.approx(torch.linspace(0, 1, FRAMES).tolist(), abs=0.03)
    assert (video.get_dimensions(), video.get_frame_rate(), video.get_frame_count()) == ((64, 32), RATE, FRAMES)
    assert video.get_duration() == pytest.approx(2, abs=0.1)
    audio = video.get_components().audio
    assert audio["waveform"].shape[1] == 2
    assert audio["waveform"].shape[2] / audio["sample_rate"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("is_file", [True, False])
def test_a_part_is_the_same_read_and_written_again(tmp_path: Path, is_file: bool) -> None:
    path = str(tmp_path / "whole.mp4")
    made(sound=True).save_to(path)
    whole = VideoFromFile(path) if is_file else VideoFromFile(io.BytesIO(Path(path).read_bytes()))
    part = whole.as_trimmed(0.5, 1.0)
    assert part is not None
    again = written(part)
    assert part.get_frame_count() == len(brightness(part)) == 10
    assert brightness(again) == pytest.approx(brightness(part), abs=0.03)
    for video in (part, again):
        waveform = video.get_components().audio["waveform"]
        assert waveform.shape[2] / HZ == pytest.approx(1, abs=0.15)


def test_a_part_may_be_counted_from_the_end_and_must_be_there() -> None:
    whole = written(made())
    end = whole.as_trimmed(-0.5)
    assert end is not None
    assert brightness(end) == pytest.approx(brightness(whole)[15:], abs=0.02)
    assert whole.as_trimmed(1.5, 1.0) is None
    assert whole.as_trimmed(1.5, 1.0, strict_duration=False) is not None
    assert made().as_trimmed(1.5, 1.0) is None


def test_streams_that_suit_are_copied_and_texts_join_the_files_own() -> None:
    first = written(made(), metadata={"prompt": {"a": 1}})
    again = written(first, metadata={"more": "text"})
    assert brightness(again) == brightness(first)
    texts = again.get_components().metadata or {}
    assert (texts["prompt"], texts["more"]) == ('{"a": 1}', "text")


@pytest.mark.skipif(sys.platform != "linux", reason="only there the encoder changes how threads are scheduled")
def test_encoding_av1_leaves_the_process_its_scheduling() -> None:
    before = os.sched_getscheduler(0)
    with writing(io.BytesIO(), Target.of("a.webm", "webm", "av1"), Look(), {}) as writer:
        writer.add_pictures(32, 32, Fraction(8))
        for _ in range(3):
            writer.picture(av.VideoFrame(32, 32, "rgb24"))
        policies = {os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")}
    assert policies == {before}
    assert os.sched_getscheduler(0) == before


def test_another_codec_or_quality_is_encoded() -> None:
    first = written(made())
    for options in ({"codec": VideoCodec.AV1}, {"crf": 40.0}, {"bit_depth": 10}):
        again = written(first, **options)
        assert brightness(again) == pytest.approx(brightness(first), abs=0.05)
    assert written(first, bit_depth=10).get_bit_depth() == 10


def test_deep_pictures_and_colour_spaces_are_kept() -> None:
    assert written(made(bit_depth=10)).get_bit_depth() == 10
    hdr = written(made(), color_space="HDR")
    assert (hdr.get_color_space(), hdr.get_bit_depth()) == ("HDR", 10)
    with pytest.raises(ValueError, match="in HDR; save it as that"):
        hdr.save_to(io.BytesIO(), color_space="sRGB")


def test_widths_that_are_no_multiple_of_32_are_read_whole() -> None:
    video = written(made(size=(30, 50)))
    assert video.get_components().images.shape == (FRAMES, 30, 50, 3)
    assert brightness(video) == pytest.approx(torch.linspace(0, 1, FRAMES).tolist(), abs=0.03)


def test_what_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    with pytest.raises(ValueError, match="H264 needs even sides, but the pictures have 63x32"):
        made(size=(32, 63)).save_to(str(path))
    assert not path.exists()
    with pytest.raises(ValueError, match="WebM files hold AV1, not h264"):
        made().save_to(io.BytesIO(), VideoContainer.WEBM, VideoCodec.H264)


@contextmanager
def files_of_at_most(nbytes: int) -> Iterator[None]:
    """Let no file grow beyond that, as a full disk does."""
    resource = pytest.importorskip("resource", reason="only Unix has such limits")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("is_copied", [True, False])
@pytest.mark.parametrize("name", ["full.mp4", "full.mkv"])
def test_a_full_disk_leaves_no_part_of_a_video(tmp_path: Path, name: str, is_copied: bool) -> None:
    video = written(made()) if is_copied else made()
    with files_of_at_most(100), pytest.raises(OSError, match="too large"):
        video.save_to(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_part_of_a_sound_and_the_one_before_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "full.flac"
    path.write_bytes(b"earlier")
    with files_of_at_most(100), pytest.raises(OSError, match="too large"):
        write_sound(path, torch.rand(1, HZ), HZ, "flac", "128k", {})
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("full.flac", b"earlier")]


@pytest.mark.parametrize("options", [{}, {"crf": 30.0}], ids=["copied", "encoded"])
def test_a_video_may_be_saved_onto_its_own_file(tmp_path: Path, options: dict[str, Any]) -> None:
    path = str(tmp_path / "own.mp4")
    made(sound=True).save_to(path)
    before = brightness(VideoFromFile(path))
    VideoFromFile(path).save_to(path, **options)
    assert brightness(VideoFromFile(path)) == pytest.approx(before, abs=0.03)
    assert [each.name for each in tmp_path.iterdir()] == ["own.mp4"]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_pictures_are_turned_to_the_left(turns: int) -> None:
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    frame.pts = 0
    turned = Filters(frame, Fraction(1, RATE), [TURN] * turns)(frame)
    assert np.array_equal(turned.to_ndarray(), np.rot90(pixels, k=turns))


def test_what_may_not_be_written_over_stays(tmp_path: Path) -> None:
    path = tmp_path / "kept.mp4"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        made().save_to(path)
    assert path.is_dir()


def test_a_file_of_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=HZ, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, HZ), np.int16), format="s16", layout="mono")
        silence.sample_rate = HZ
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    with pytest.raises(ValueError, match="has no pictures"):
        VideoFromFile(str(path)).get_components()
