"""Encoding of videos: H.264 with AAC in MP4 and Matroska, AV1 with Opus in WebM.

target = Target.of("a.mp4", VideoContainer.AUTO, VideoCodec.AUTO)
with writing("a.mp4", target, Look(bit_depth=8), {}) as writer:
    writer.add_pictures(width, height, Fraction(24), time_base=None)
    writer.picture(frame)
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from nodes.media.encoding import open_encoder, opened
from nodes.media.video_input import SRGB, VideoCodec, VideoContainer

ENCODERS = {VideoCodec.H264: "h264", VideoCodec.AV1: "libsvtav1"}
FORMATS = {VideoContainer.MP4: "mp4", VideoContainer.MKV: "matroska", VideoContainer.WEBM: "webm"}
BY_EXTENSION = {".mkv": VideoContainer.MKV, ".webm": VideoContainer.WEBM}
OPUS_RATE = 48_000
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
BT709, BT2020 = 1, 9  # matrices of colours, by ITU-T H.273
TRANSFERS = {SRGB: ColorTrc.IEC61966_2_1, "HDR": ColorTrc.ARIB_STD_B67, "HDR PQ": ColorTrc.SMPTE2084}
COLOR_SPACES = {ColorTrc.BT709: SRGB, **{transfer: name for name, transfer in TRANSFERS.items()}}
HDR_BITS = 10


class Target(NamedTuple):
    """What kind of file to write."""

    container: VideoContainer
    codec: VideoCodec
    is_path: bool

    @staticmethod
    def of(path: Any, container: Any, codec: Any) -> Target:
        """Choose what is left open by the extension; ValueError for what does not go together."""
        is_path = isinstance(path, str | os.PathLike)
        container, codec = VideoContainer(container), VideoCodec(codec)
        if container is VideoContainer.AUTO:
            extension = os.path.splitext(os.fspath(path))[1].lower() if is_path else ""
            container = BY_EXTENSION.get(extension, VideoContainer.MP4)
        if codec is VideoCodec.AUTO:
            codec = VideoCodec.AV1 if container is VideoContainer.WEBM else VideoCodec.H264
        if container is VideoContainer.WEBM and codec is not VideoCodec.AV1:
            raise ValueError(f"WebM files hold AV1, not {codec.value}; choose the codec av1 or another container.")
        return Target(container, codec, is_path)

    @property
    def options(self) -> dict[str, Any]:
        """What av.open takes: texts of any name in MP4, and its index first where the file can be written twice."""
        flags = "use_metadata_tags+faststart" if self.is_path else "use_metadata_tags"
        mp4 = {"options": {"movflags": flags}} if self.container is VideoContainer.MP4 else {}
        return {"mode": "w", "format": FORMATS[self.container], **mp4}

    def sound_rate(self, rate: int) -> int:
        """Return the rate that sound is to have."""
        return OPUS_RATE if self.container is VideoContainer.WEBM else rate


class Look(NamedTuple):
    """How pictures are encoded. `colours` are those of another stream, taken over; else `color_space` names them."""

    bit_depth: int = 8
    crf: float | None = None
    color_space: str | None = None
    colours: Any = None

    @staticmethod
    def of(bit_depth: int, crf: float | None, color_space: str | None, colours: Any = None) -> Look:
        """Return a look; ValueError for colours that are not known. HDR needs 10 bits."""
        if color_space is not None and color_space not in TRANSFERS:
            raise ValueError(f"{color_space!r} is no color space of videos; use {', '.join(TRANSFERS)}.")
        is_hdr = color_space not in (None, SRGB) or (
            colours is not None and color_space_of(colours) not in (None, SRGB)
        )
        return Look(max(bit_depth, HDR_BITS) if is_hdr else bit_depth, crf, color_space, colours)

    @property
    def pixels(self) -> str:
        """The format of pixels."""
        return "yuv420p10le" if self.bit_depth >= HDR_BITS else "yuv420p"

    @property
    def matrix(self) -> int | None:
        """The matrix of colours."""
        if self.color_space is None:
            return None
        return BT709 if self.color_space == SRGB else BT2020

    def options(self, codec: VideoCodec) -> dict[str, str]:
        """Return the encoder's options."""
        if self.crf is None:
            return {}
        return {"svtav1-params": "lossless=1"} if codec is VideoCodec.AV1 and self.crf == 0 else {"crf": str(self.crf)}

    def colour(self, target: Any) -> None:
        """Say of an encoder or a frame which colours it has."""
        if self.colours is not None:
            for name in ("color_primaries", "color_trc", "colorspace", "color_range"):
                setattr(target, name, getattr(self.colours, name))
        elif self.color_space is not None:
            is_srgb = self.color_space == SRGB
            target.color_primaries = ColorPrimaries.BT709 if is_srgb else ColorPrimaries.BT2020
            target.color_trc = TRANSFERS[self.color_space]
            target.colorspace = self.matrix
            target.color_range = ColorRange.MPEG


def color_space_of(stream: Any) -> str | None:
    """Return the name of a stream's colours; None where the file does not say."""
    return COLOR_SPACES.get(stream.color_trc)


def texts(metadata: Mapping[str, Any] | None) -> dict[str, str]:
    """Return metadata as files hold it: texts, anything else as JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in (metadata or {}).items()}


@contextmanager
def writing(path: Any, target: Target, look: Look, metadata: Mapping[str, str]) -> Iterator[Writer]:
    """Give what writes a video, and end the file."""
    with opened(path, **target.options) as container:
        container.metadata.update(metadata)
        writer = Writer(container, target, look)
        yield writer
        writer.end()


class Writer:
    """Encodes a video frame by frame into an open file."""

    def __init__(self, container: Any, target: Target, look: Look) -> None:
        """Take the file, and what is to be in it."""
        self._container, self._target, self._look = container, target, look
        self._pictures: Any = None
        self._sound: Any = None
        self._resampler: Any = None

    def add_pictures(self, width: int, height: int, rate: Fraction, time_base: Fraction | None = None) -> None:
        """Say how large the pictures are; with a time base, they come with times of their own."""
        if width % 2 or height % 2:
            name = self._target.codec.value.upper()
            raise ValueError(f"{name} needs even sides, but the pictures have {width}x{height}; crop or pad them.")
        stream = self._pictures = self._container.add_stream(ENCODERS[self._target.codec], rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, self._look.pixels
        stream.options = self._look.options(self._target.codec)
        self._look.colour(stream.codec_context)
        if time_base is not None:
            stream.codec_context.time_base = time_base
            stream.codec_context.max_b_frames = 0  # so that each picture keeps its own length

    def add_sound(self, rate: int, channels: int) -> None:
        """Say which sound comes."""
        layout = LAYOUTS.get(channels, "stereo")
        target_rate = self._target.sound_rate(rate)
        codec = "libopus" if self._target.container is VideoContainer.WEBM else "aac"
        self._sound = self._container.add_stream(codec, rate=target_rate, layout=layout)
        self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=target_rate)

    def picture(self, frame: Any) -> None:
        """Add a picture."""
        matrix = self._look.matrix if self._look.colours is None else None
        frame = frame.reformat(format=self._look.pixels, dst_colorspace=matrix)
        self._look.colour(frame)
        frame.pict_type = 0  # the encoder decides
        if not self._pictures.codec_context.is_open:
            open_encoder(self._pictures.codec_context)
        self._container.mux(self._pictures.encode(frame))

    def sound(self, frame: Any) -> None:
        """Add sound; None ends it."""
        for each in self._resampler.resample(frame):
            self._container.mux(self._sound.encode(each))

    def end(self) -> None:
        """Write what the encoders still hold."""
        if self._pictures is not None:
            self._container.mux(self._pictures.encode(None))
        if self._sound is not None:
            self.sound(None)
            self._container.mux(self._sound.encode(None))


def is_buffer(path: Any) -> bool:
    """Return whether a file is written into memory."""
    return isinstance(path, io.BytesIO)
