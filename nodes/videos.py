"""Operators that read videos from files, make them of pictures, take them apart and save them."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from graph.annotations import Opens, Options
from graph.run import Run
from graph.spec import node
from graph.types import COMBO
from graph.widgets import Choice, File, FilePrefix, Range
from nodes.file_names import expand_node_values, free_names
from nodes.host import host_of
from nodes.media.video import VideoFromComponents, VideoFromFile
from nodes.media.video_input import UNSPECIFIED, VideoCodec, VideoComponents, VideoContainer
from nodes.media.video_writing import TRANSFERS
from nodes.new_files import write_new
from nodes.sockets import Image, Sound, Video

ColorSpace = Annotated[str, Choice((UNSPECIFIED, *TRANSFERS))]
AUTO: Any = "auto"


class AsItIs(NamedTuple):
    """Streams are copied where they suit."""


class H264Quality(NamedTuple):
    """crf: lower is better and larger. color_space: what the pictures are; auto is sRGB, or what the file says."""

    crf: Annotated[float, Range(0.0, 51.0, step=1.0)] = 23.0
    color_space: ColorSpace = UNSPECIFIED


class Av1Quality(NamedTuple):
    """crf: lower is better and larger. color_space: what the pictures are; auto is sRGB, or what the file says."""

    crf: Annotated[float, Range(0.0, 63.0, step=1.0)] = 30.0
    color_space: ColorSpace = UNSPECIFIED


class AnyCodec(NamedTuple):
    """The codec of the file, or the usual one of the container."""


class H264(NamedTuple):
    """encoding: auto copies streams that suit."""

    encoding: Annotated[AsItIs | H264Quality, Opens({"auto": AsItIs, "re-encode": H264Quality})] | None = None


class Av1(NamedTuple):
    """encoding: auto copies streams that suit."""

    encoding: Annotated[AsItIs | Av1Quality, Opens({"auto": AsItIs, "re-encode": Av1Quality})] | None = None


Codec = Annotated[AnyCodec | H264 | Av1, Opens({"auto": AnyCodec, "h264": H264, "av1": Av1})]
OldCodec = Annotated[AnyCodec | H264 | Av1, Opens({"auto": AnyCodec, "h264": H264, "av1": Av1}), Options(hidden=True)]


class AnyContainer(NamedTuple):
    """The kind of file that the video has already, else MP4."""

    codec: Codec = AUTO


class Mp4(NamedTuple):
    """Played nearly everywhere."""

    codec: Codec = AUTO


class Mkv(NamedTuple):
    """Matroska."""

    codec: Codec = AUTO


class Webm(NamedTuple):
    """For web pages; AV1 and Opus."""

    codec: Annotated[AnyCodec | Av1, Opens({"auto": AnyCodec, "av1": Av1})] = AUTO


Container = AnyContainer | Mp4 | Mkv | Webm
CONTAINERS = {"auto": AnyContainer, "mp4": Mp4, "mkv": Mkv, "webm": Webm}
CODECS = {AnyCodec: VideoCodec.AUTO, H264: VideoCodec.H264, Av1: VideoCodec.AV1}


class ShownVideo(NamedTuple):
    """The video, passed on."""

    video: Video


class VideoParts(NamedTuple):
    """What a video consists of; audio is nothing where there is none."""

    images: Image
    audio: Sound
    fps: float
    bit_depth: int
    color_space: Annotated[str, COMBO]


@node(category="video", display_name="Load Video")
def LoadVideo(file: Annotated[str, File("input_video", upload=True, content="video")], *, run: Run) -> Video:
    """Open a video of the input folder."""
    return VideoFromFile(str(host_of(run).input_path(file)))


@node(category="video", display_name="Create Video")
def CreateVideo(
    images: Image,
    fps: Annotated[float, Range(1.0, 120.0, step=1.0)] = 30.0,
    audio: Sound | None = None,
    bit_depth: Annotated[int, Range(8, 10, step=2, display="number")] | None = 8,
) -> Video:
    """Make a video of images, and of sound.

    bit_depth: 10 keeps gradients smoother, but some players do not know it.
    """
    components = VideoComponents(images=images, audio=audio, frame_rate=Fraction(fps))
    return VideoFromComponents(components, bit_depth=bit_depth or 8)


@node(category="video", display_name="Get Video Components")
def GetVideoComponents(video: Video) -> VideoParts:
    """Take a video apart: its images, its sound, and what is known of both."""
    parts = video.get_components()
    rate = float(parts.frame_rate)
    return VideoParts(parts.images, parts.audio, rate, video.get_bit_depth(), video.get_color_space())


@node(category="video", display_name="Save Video", output=True)
def SaveVideo(
    video: Video,
    filename_prefix: Annotated[str, FilePrefix()] = "video/ComfyUI",
    *,
    format: Annotated[Container, Opens(CONTAINERS)],
    codec: OldCodec | None = None,
    run: Run,
) -> ShownVideo:
    """Save a video below the output folder; the workflow is kept inside the file.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd%, %width% or %KSampler.seed%.
    codec: where older workflows name it.
    """
    container = next(VideoContainer(word) for word, cls in CONTAINERS.items() if type(format) is cls)
    chosen = codec if codec is not None and type(format.codec) is AnyCodec else format.codec
    encoding = getattr(chosen, "encoding", None)
    space = getattr(encoding, "color_space", UNSPECIFIED)
    host = host_of(run)
    documents = {name: json.loads(text) for name, text in host.metadata(run).items()}

    def write(path: Path) -> None:
        quality = {"crf": getattr(encoding, "crf", None), "color_space": None if space == UNSPECIFIED else space}
        video.save_to(str(path), format=container, codec=CODECS[type(chosen)], metadata=documents or None, **quality)

    place = host.output_path(expand_node_values(filename_prefix, run.prompt), *video.get_dimensions())
    names = free_names(place, 0, itertools.count(place.counter), f"_.{VideoContainer.get_extension(container)}")
    name = next(name for name in names if write_new(place.folder / name, write))
    run.show("images", [{"filename": name, "subfolder": place.subfolder, "type": place.type}])
    run.show("animated", [True])
    return ShownVideo(video)
