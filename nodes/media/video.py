"""The two kinds of VideoInput: a file, perhaps a part of it, and tensors."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import av
import numpy as np

from nodes.media.encoding import sound_frame
from nodes.media.video_copying import can_copy, copy_streams
from nodes.media.video_input import SRGB, VideoCodec, VideoComponents, VideoContainer, VideoInput
from nodes.media.video_reading import (
    Filters,
    Window,
    frames,
    quarter_turns,
    rate_of,
    read_components,
    sound_stream,
    video_stream,
)
from nodes.media.video_writing import LAYOUTS, Look, Target, Writer, color_space_of, texts, writing

DEEP = 10  # bits from which on pictures are handed over with 16
TURN = ("transpose", "cclock")  # FFmpeg's filter for a quarter turn to the left


class VideoFromFile(VideoInput):
    """A video in a file, or in memory as a file: a window of it, in seconds. A negative start counts from the end."""

    def __init__(self, file: str | io.BytesIO, *, start_time: float = 0, duration: float = 0) -> None:
        """Take the file; a duration of 0 lasts until the end."""
        self._file = file
        self._start = start_time
        self._duration = duration

    @contextmanager
    def _open(self) -> Iterator[Any]:
        with av.open(self.get_stream_source(), mode="r") as container:
            yield container

    def get_stream_source(self) -> str | io.BytesIO:
        """Return the file itself."""
        if isinstance(self._file, io.BytesIO):
            self._file.seek(0)
        return self._file

    def get_active_trim_window(self) -> tuple[float, float]:
        """Return the beginning and the duration, in seconds."""
        start = max(self._whole_duration() + self._start, 0.0) if self._start < 0 else self._start
        return float(start), float(self._duration)

    def get_dimensions(self) -> tuple[int, int]:
        """Return width and height."""
        with self._open() as container:
            stream = video_stream(container)
            return stream.width, stream.height

    def get_bit_depth(self) -> int:
        """Return the bits of a colour's value."""
        with self._open() as container:
            return bits_of(video_stream(container)) if container.streams.video else 8

    def get_color_space(self) -> str:
        """Return the file's color space; sRGB where it does not say."""
        with self._open() as container:
            found = color_space_of(video_stream(container)) if container.streams.video else None
            return found or SRGB

    def get_duration(self) -> float:
        """Return the seconds of the window."""
        whole = self._whole_duration()
        rest = min(whole, -self._start) if self._start < 0 else whole - self._start
        return min(self._duration, rest) if self._duration else rest

    def _whole_duration(self) -> float:
        with self._open() as container:
            if container.duration is not None:
                return float(container.duration / av.time_base)
            stream = video_stream(container)
            count = stream.frames or sum(1 for _ in container.decode(stream))
            return float(count / rate_of(stream))

    def get_frame_count(self) -> int:
        """Return how many pictures there are; for a window, as many as its length and the rate make."""
        window = Window(*self.get_active_trim_window())
        with self._open() as container:
            stream = video_stream(container)
            if stream.frames and window.is_whole:
                return int(stream.frames)
        if not window.is_whole:
            return round(self.get_duration() * float(self.get_frame_rate()))
        with self._open() as container:
            return sum(1 for _ in container.decode(video_stream(container)))

    def get_frame_rate(self) -> Fraction:
        """Return the pictures a second."""
        with self._open() as container:
            return rate_of(video_stream(container))

    def get_components(self) -> VideoComponents:
        """Return pictures and sound of the window."""
        window = Window(*self.get_active_trim_window())
        with self._open() as container:
            return read_components(container, window)

    def as_trimmed(
        self, start_time: float | None = 0, duration: float | None = 0, strict_duration: bool = True
    ) -> VideoInput | None:
        """Return a part of the window; None if it is shorter than asked for, and that matters."""
        start, length = (start_time or 0) + self._start, duration or 0
        part = VideoFromFile(self.get_stream_source(), start_time=start, duration=length)
        return None if strict_duration and part.get_duration() < length else part

    def save_to(
        self,
        path: Any,
        format: VideoContainer = VideoContainer.AUTO,
        codec: VideoCodec = VideoCodec.AUTO,
        metadata: dict[str, Any] | None = None,
        bit_depth: int | None = None,
        crf: float | None = None,
        color_space: str | None = None,
    ) -> None:
        """Write the video: its streams as they are if they suit, else encoded again."""
        target, window = Target.of(path, format, codec), Window(*self.get_active_trim_window())
        with self._open() as container:
            stream = video_stream(container) if container.streams.video else None
            own = color_space_of(stream) if stream is not None else None
            if own is not None and color_space not in (None, own):
                raise ValueError(f"The video is in {own}; save it as that, for colours are not converted.")
            as_is = window.is_whole and crf is None and color_space is None
            if as_is and can_copy(container, target, VideoContainer(format), VideoCodec(codec), bit_depth):
                copy_streams(container, path, VideoContainer(format), texts(metadata))
                return
            depth = bits_of(stream) if bit_depth is None and stream is not None else bit_depth or 8
            look = Look.of(depth, crf, color_space, colours=None if own is None else stream)
            everything = {**container.metadata, **texts(metadata)}
            with writing(path, target, look, everything) as writer:
                transcode(container, window, writer)


def bits_of(stream: Any) -> int:
    """Return the bits of a colour's value."""
    components = stream.format.components if stream.format is not None else ()
    return max((each.bits for each in components), default=8)


def transcode(container: Any, window: Window, writer: Writer) -> None:
    """Hand the frames of a window over, one at a time; pictures keep their times, from 0 on."""
    pictures, sound = video_stream(container), sound_stream(container)
    first: int | None = None
    last = -1
    turn: Any = None
    if sound is not None and sound.codec_context.sample_rate:
        writer.add_sound(sound.codec_context.sample_rate, sound.codec_context.channels)
    else:
        sound = None
    for stream, frame in frames(container, [pictures] if sound is None else [pictures, sound], window):
        if stream is not pictures:
            writer.sound(_trimmed(frame, window))
            continue
        if first is None:
            turns = quarter_turns(frame)
            turn = Filters(frame, pictures.time_base, [TURN] * turns) if turns else None
            width, height = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
            writer.add_pictures(width, height, rate_of(pictures), pictures.time_base)
            first = frame.pts or 0
        if turn is not None:
            frame = turn(frame)
        frame.pts = last = max((frame.pts or 0) - first, last + 1)
        writer.picture(frame)


def _trimmed(frame: Any, window: Window) -> Any:
    """Return the part of a frame of sound that is inside the window."""
    start = 0.0 if frame.pts is None else float(frame.pts * frame.time_base)
    skipped = max(0, math.ceil((window.start - start) * frame.sample_rate))
    kept = frame.samples if math.isinf(window.end) else max(0, math.floor((window.end - start) * frame.sample_rate))
    if skipped == 0 and kept >= frame.samples:
        frame.pts = None
        return frame
    planes = frame.to_ndarray()
    step = 1 if frame.format.is_planar else len(frame.layout.channels)
    part = np.ascontiguousarray(planes[..., skipped * step : kept * step])
    cut = av.AudioFrame.from_ndarray(part, format=frame.format.name, layout=frame.layout.name)
    cut.sample_rate = frame.sample_rate
    return cut


class VideoFromComponents(VideoInput):
    """A video of tensors; `bit_depth` is what it is written with."""

    def __init__(self, components: VideoComponents, bit_depth: int = 8) -> None:
        """Take the tensors."""
        self._components = components
        self._bit_depth = bit_depth

    def get_components(self) -> VideoComponents:
        """Return pictures and sound."""
        own = self._components
        return VideoComponents(images=own.images, audio=own.audio, frame_rate=own.frame_rate)

    def get_bit_depth(self) -> int:
        """Return the bits of a colour's value."""
        return self._bit_depth

    def get_color_space(self) -> str:
        """Return sRGB."""
        return SRGB

    def as_trimmed(
        self, start_time: float | None = 0, duration: float | None = 0, strict_duration: bool = True
    ) -> VideoInput | None:
        """Return a part; None if it is shorter than asked for."""
        start, length = start_time or 0, duration or 0
        if self.get_duration() < start + length:
            return None
        return VideoFromFile(self.get_stream_source(), start_time=start, duration=length)

    def save_to(
        self,
        path: Any,
        format: VideoContainer = VideoContainer.AUTO,
        codec: VideoCodec = VideoCodec.AUTO,
        metadata: dict[str, Any] | None = None,
        bit_depth: int | None = None,
        crf: float | None = None,
        color_space: str | None = None,
    ) -> None:
        """Write the video; values of the metadata as JSON, texts too."""
        own = self._components
        depth = self._bit_depth if bit_depth is None else bit_depth
        look = Look.of(depth, crf, color_space or SRGB)
        written = {name: json.dumps(value) for name, value in (metadata or {}).items()}
        rate = Fraction(round(own.frame_rate * 1000), 1000)
        with writing(path, Target.of(path, format, codec), look, written) as writer:
            writer.add_pictures(own.images.shape[2], own.images.shape[1], rate)
            if own.audio:
                waveform = own.audio["waveform"][0]
                sample_rate = int(own.audio["sample_rate"])
                writer.add_sound(sample_rate, waveform.shape[0])
            for image in own.images:
                writer.picture(_frame(image, look.bit_depth))
            if own.audio:
                most = math.ceil(sample_rate / rate * own.images.shape[0])
                layout = LAYOUTS.get(waveform.shape[0], "stereo")
                writer.sound(sound_frame(waveform[:, :most], sample_rate, layout))


def _frame(image: Any, bit_depth: int) -> Any:
    is_deep = bit_depth >= DEEP
    top, kind = (65535, np.uint16) if is_deep else (255, np.uint8)
    values = (image[..., :3].float() * top).clamp(0, top).cpu().numpy().astype(kind)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(values), format="rgb48le" if is_deep else "rgb24")
