"""What videos are for V3 nodes: VideoInput, and the words and values around it."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import IO, Any

import av
import torch

SRGB = "sRGB"
UNSPECIFIED = "auto"


class VideoCodec(str, Enum):  # noqa: UP042  # its str() is that of ComfyUI's
    """How pictures are encoded."""

    AUTO = "auto"
    H264 = "h264"
    AV1 = "av1"

    @classmethod
    def as_input(cls) -> list[str]:
        """Return the words for a choice."""
        return [each.value for each in cls]


class VideoContainer(str, Enum):  # noqa: UP042  # its str() is that of ComfyUI's
    """Kinds of files."""

    AUTO = "auto"
    MP4 = "mp4"
    MKV = "mkv"
    WEBM = "webm"

    @classmethod
    def as_input(cls) -> list[str]:
        """Return the words for a choice."""
        return [each.value for each in cls]

    @classmethod
    def get_extension(cls, value: Any) -> str:
        """Return the extension of such files, without a dot."""
        chosen = cls(value)
        return cls.MP4.value if chosen is cls.AUTO else chosen.value


@dataclass
class VideoComponents:
    """A video in memory: images (frames, height, width, 3) in 0..1, sound, and alpha (frames, height, width, 1)."""

    images: torch.Tensor
    frame_rate: Fraction
    audio: Any = None
    metadata: dict[str, Any] | None = None
    alpha: torch.Tensor | None = None


class VideoInput(ABC):
    """A video."""

    @abstractmethod
    def get_components(self) -> VideoComponents:
        """Return pictures and sound."""

    @abstractmethod
    def save_to(
        self,
        path: str | IO[bytes],
        format: VideoContainer = VideoContainer.AUTO,
        codec: VideoCodec = VideoCodec.AUTO,
        metadata: dict[str, Any] | None = None,
        bit_depth: int | None = None,
        crf: float | None = None,
        color_space: str | None = None,
    ) -> None:
        """Write the video; metadata: values that become JSON."""

    @abstractmethod
    def as_trimmed(
        self, start_time: float | None = None, duration: float | None = None, strict_duration: bool = False
    ) -> VideoInput | None:
        """Return a part of the video, in seconds; None if it is shorter than that."""

    def get_color_space(self) -> str:
        """Return sRGB, HDR, HDR PQ, or auto where nothing is said."""
        return UNSPECIFIED

    def get_stream_source(self) -> str | io.BytesIO:
        """Return a path or a stream that av can open."""
        buffer = io.BytesIO()
        self.save_to(buffer)
        buffer.seek(0)
        return buffer

    def get_active_trim_window(self) -> tuple[float, float]:
        """Return the beginning and the duration, in seconds; a duration of 0 lasts until the end."""
        return 0.0, 0.0

    def get_dimensions(self) -> tuple[int, int]:
        """Return width and height."""
        height, width = self.get_components().images.shape[1:3]
        return int(width), int(height)

    def get_bit_depth(self) -> int:
        """Return the bits of a colour's value."""
        return 8

    def get_duration(self) -> float:
        """Return the seconds."""
        components = self.get_components()
        return float(components.images.shape[0] / components.frame_rate)

    def get_frame_count(self) -> int:
        """Return how many pictures there are."""
        return int(self.get_components().images.shape[0])

    def get_frame_rate(self) -> Fraction:
        """Return the pictures a second."""
        return self.get_components().frame_rate

    def get_container_format(self) -> str:
        """Return what av calls the kind of file."""
        with av.open(self.get_stream_source(), mode="r") as container:
            return str(container.format.name)
