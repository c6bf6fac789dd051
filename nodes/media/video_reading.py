"""Decoding of video files: a window of pictures and sound, as frames or as tensors.

with av.open("a.mp4") as container:
    components = read_components(container, Window(start=1.0, duration=2.0))
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np
import torch

from nodes.media.video_input import VideoComponents

logger = logging.getLogger(__name__)

EXACT = ("yuvj420p", "yuvj422p", "yuvj444p", "rgb24", "rgba", "pal8")  # 8 bits over the full range: bytes say it all
WITH_PALETTE = "pal8"
ALIGNED = 32  # width in pixels; swscale's conversion to floats reads beyond the edge of other widths


class Window(NamedTuple):
    """A part of a video, in seconds from its beginning; without a duration, until the end."""

    start: float = 0.0
    duration: float = 0.0

    @property
    def end(self) -> float:
        """Where it ends."""
        return self.start + self.duration if self.duration else math.inf

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole video."""
        return not self.start and not self.duration


def video_stream(container: Any) -> Any:
    """Return the first stream of pictures; ValueError if there is none."""
    if not container.streams.video:
        raise ValueError(f"{container.name!r} has no pictures; choose a video file.")
    return container.streams.video[0]


def sound_stream(container: Any) -> Any:
    """Return the last stream of sound that can be decoded; None if there is none."""
    return next((each for each in reversed(container.streams.audio) if each.codec_context is not None), None)


def rate_of(stream: Any) -> Fraction:
    """Return the pictures a second; 1 where the file does not say."""
    return Fraction(stream.average_rate) if stream.average_rate else Fraction(1)


def frames(container: Any, streams: list[Any], window: Window) -> Iterator[tuple[Any, Any]]:
    """Yield (stream, frame) for what is inside the window, pictures and sound as they come; broken packets are left out."""
    pictures = video_stream(container)
    if window.start:
        container.seek(int(window.start / pictures.time_base), stream=pictures)
    open_streams = set(streams)
    for packet in container.demux(*streams):
        if packet.stream not in open_streams:
            continue
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            logger.info("A packet of %s cannot be decoded and is left out.", container.name)
            continue
        for frame in decoded:
            time = _time(frame, packet.stream)
            if time >= window.end:
                open_streams.discard(packet.stream)
                break
            if time + _length(frame) > window.start if packet.stream is not pictures else time >= window.start:
                yield packet.stream, frame
        if not open_streams:
            return


def _time(frame: Any, stream: Any) -> float:
    return 0.0 if frame.pts is None else float(frame.pts * (frame.time_base or stream.time_base))


def _length(frame: Any) -> float:
    return float(frame.samples / frame.sample_rate)


def read_components(container: Any, window: Window) -> VideoComponents:
    """Return the pictures and the sound of a window as tensors."""
    pictures, sound = video_stream(container), sound_stream(container)
    convert = PictureReader(pictures)
    colours: list[torch.Tensor] = []
    waves: list[Any] = []
    resampler = None if sound is None else av.AudioResampler(format="fltp")
    for stream, frame in frames(container, [pictures] if sound is None else [pictures, sound], window):
        if stream is pictures:
            colours.append(convert(frame))
        elif resampler is not None:
            waves += [_from_start(each, window, sound) for each in resampler.resample(frame)]
    images = torch.stack(colours) if colours else torch.zeros(0, 0, 0, 3)
    has_alpha = images.shape[-1] == 4
    return VideoComponents(
        images=images[..., :3] if has_alpha else images,
        alpha=images[..., 3:] if has_alpha else None,
        audio=_sound(waves, sound, window),
        frame_rate=rate_of(pictures),
        metadata=dict(container.metadata),
    )


def _from_start(frame: Any, window: Window, stream: Any) -> Any:
    """Return the samples (channels, samples) of a frame that are not before the window."""
    skipped = max(0, int((window.start - _time(frame, stream)) * frame.sample_rate))
    return frame.to_ndarray()[..., skipped:]


def _sound(waves: list[Any], stream: Any, window: Window) -> dict[str, Any] | None:
    if not waves:
        return None
    rate = int(stream.sample_rate) or 1
    samples = np.concatenate(waves, axis=1)
    if window.duration:
        samples = samples[..., : int(window.duration * rate)]
    return {"waveform": torch.from_numpy(samples).unsqueeze(0), "sample_rate": rate}


class PictureReader:
    """Makes tensors (height, width, 3 or 4) in 0..1 of frames of one stream."""

    def __init__(self, stream: Any) -> None:
        """Take the stream."""
        self._stream = stream
        self._align: Filters | None = None

    def __call__(self, frame: Any) -> torch.Tensor:
        """Return the picture, turned as the file says."""
        has_alpha = frame.format.name == WITH_PALETTE or any(each.is_alpha for each in frame.format.components)
        if frame.format.name in EXACT:
            picture = frame.to_ndarray(format="rgba" if has_alpha else "rgb24")
        else:
            height, width = frame.height, frame.width
            aligned = self._aligned(frame) if width % ALIGNED else frame
            picture = aligned.to_ndarray(format="gbrapf32le" if has_alpha else "gbrpf32le")[:height, :width]
        turned = np.ascontiguousarray(np.rot90(picture, k=quarter_turns(frame)))
        tensor = torch.from_numpy(turned)
        return tensor.float() / 255.0 if tensor.dtype == torch.uint8 else tensor

    def _aligned(self, frame: Any) -> Any:
        """Return the frame with its edge repeated up to the next good size."""
        if self._align is None:
            width, height = (-(-side // ALIGNED) * ALIGNED for side in (frame.width, frame.height))
            fill = f"left=0:right={width - frame.width}:top=0:bottom={height - frame.height}:mode=smear"
            steps = [("pad", f"{width}:{height}:0:0"), ("fillborders", fill)]
            self._align = Filters(frame, self._stream.time_base, steps)
        return self._align(frame)


def quarter_turns(frame: Any) -> int:
    """Return how often a picture is to be turned left by 90 degrees."""
    return round(frame.rotation / 90) % 4 if frame.rotation else 0


class Filters:
    """Filters of FFmpeg, in a row, for frames like the first."""

    def __init__(self, frame: Any, time_base: Fraction, steps: Sequence[tuple[str, str | None]]) -> None:
        """Take names and arguments of the filters."""
        self._graph = av.filter.Graph()  # kept: without it, its filters are memory that was given back
        shape = {"width": frame.width, "height": frame.height, "format": frame.format.name}
        self._source = last = self._graph.add_buffer(**shape, time_base=time_base)
        for name, arguments in (*steps, ("buffersink", None)):
            step = self._graph.add(name, arguments)
            last.link_to(step)
            last = step
        self._sink = last
        self._graph.configure()

    def __call__(self, frame: Any) -> Any:
        """Return the frame behind the filters."""
        self._source.push(frame)
        return self._sink.pull()
