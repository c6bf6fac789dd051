"""What V3 nodes show beside their outputs: pictures, masks, sound, video, scenes, text."""

from __future__ import annotations

import importlib
import random
import string
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compat.v3.outputs import UIOutput
from compat.v3.saving import AudioSaveHelper, ImageSaveHelper, to_picture
from compat.v3.widgets import FolderType


def _prefix() -> str:
    """Return a name for temporary files that no other has."""
    return "ComfyUI_temp_" + "".join(random.choices(string.ascii_lowercase, k=5))


class PreviewImage(UIOutput):
    """Pictures, saved as temporary files."""

    def __init__(self, image: Any, animated: bool = False, cls: Any = None, **kwargs: Any) -> None:
        """Save the pictures (batch, height, width, channels); with a node class, its prompt too."""
        self.values = ImageSaveHelper.save_images(image, _prefix(), FolderType.temp, cls, compress_level=1)
        self.animated = animated

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"images": self.values, "animated": (self.animated,)}


class PreviewMask(PreviewImage):
    """Masks as grey pictures, saved as temporary files."""

    def __init__(self, mask: Any, animated: bool = False, cls: Any = None, **kwargs: Any) -> None:
        """Save the masks (batch, height, width), or with more dimensions before the last two."""
        height, width = mask.shape[-2:]
        grey = mask.reshape(-1, height, width, 1).expand(-1, -1, -1, 3)
        super().__init__(grey, animated, cls, **kwargs)


class PreviewAudio(UIOutput):
    """Sound, saved as temporary files."""

    def __init__(self, audio: Mapping[str, Any], cls: Any = None, **kwargs: Any) -> None:
        """Save the sound."""
        self.values = AudioSaveHelper.save_audio(audio, _prefix(), FolderType.temp, cls)

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"audio": self.values}


class PreviewVideo(UIOutput):
    """Videos that were saved."""

    def __init__(self, values: list[Any], **kwargs: Any) -> None:
        """Take where they are."""
        self.values = values

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"images": self.values, "animated": (True,)}


class PreviewUI3D(UIOutput):
    """A scene for the editor's viewer, perhaps before a picture."""

    def __init__(self, model_file: Any, camera_info: Any, **kwargs: Any) -> None:
        """Take the file and the camera; `bg_image` is saved as a temporary file."""
        self.model_file = model_file
        self.camera_info = camera_info
        self.bg_image_path: str | None = None
        background = kwargs.get("bg_image")
        if background is not None:
            folder_paths: Any = importlib.import_module("folder_paths")
            name = f"bg_{uuid.uuid4().hex}.png"
            to_picture(background[0]).save(Path(folder_paths.get_temp_directory()) / name, compress_level=1)
            self.bg_image_path = f"temp/{name}"

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"result": [self.model_file, self.camera_info, self.bg_image_path]}


class PreviewUI3DAdvanced(UIOutput):
    """A scene for the editor's viewer, with where its models stand."""

    def __init__(self, model_file: Any, camera_info: Any, model_3d_info: Any) -> None:
        """Take the file, the camera and the models."""
        self.model_file = model_file
        self.camera_info = camera_info
        self.model_3d_info = model_3d_info

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"result": [self.model_file, self.camera_info, self.model_3d_info]}


class PreviewText(UIOutput):
    """A text."""

    def __init__(self, value: str, **kwargs: Any) -> None:
        """Take the text."""
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"text": (self.value,)}
