"""The newest form of the API."""

from typing import Any

from compat.v3.api import Caching as Caching
from compat.v3.api import ComfyAPI_latest as ComfyAPI_latest
from compat.v3.api import ComfyAPISync_latest as ComfyAPISync
from compat.v3.api import ComfyExtension as ComfyExtension

from . import _io_public as io
from . import _ui_public as ui
from ._input import AudioInput, ImageInput, LatentInput, MaskInput, VideoInput
from ._input_impl import VideoFromComponents, VideoFromFile
from ._util import MESH, SPLAT, VOXEL, File3D, VideoCodec, VideoComponents, VideoContainer


class Input:
    """What arrives at nodes."""

    Image: Any = ImageInput
    Audio: Any = AudioInput
    Mask: Any = MaskInput
    Latent: Any = LatentInput
    Video: Any = VideoInput


class InputImpl:
    """Kinds of videos."""

    VideoFromFile: Any = VideoFromFile
    VideoFromComponents: Any = VideoFromComponents


class Types:
    """Values that nodes hand to each other."""

    VideoCodec: Any = VideoCodec
    VideoContainer: Any = VideoContainer
    VideoComponents: Any = VideoComponents
    MESH: Any = MESH
    VOXEL: Any = VOXEL
    SPLAT: Any = SPLAT
    File3D: Any = File3D


ComfyAPI = ComfyAPI_latest
IO = io
UI = ui

__all__ = [
    "IO",
    "UI",
    "Caching",
    "ComfyAPI",
    "ComfyAPISync",
    "ComfyExtension",
    "Input",
    "InputImpl",
    "Types",
    "io",
    "ui",
]
