"""Pictures and sound of nodes as files: ImageSaveHelper and AudioSaveHelper, with the prompt in the files' metadata.

    results = ImageSaveHelper.save_images(images, "red/house", FolderType.output, cls)

`cls` is the node class of the call, whose hidden values hold the prompt; None writes no metadata.
"""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from compat.v3.outputs import UIOutput
from compat.v3.widgets import FolderType
from nodes.media.sound import OPTIONS, write_sound
from nodes.new_files import write_new

MAKE, MODEL = 0x010F, 0x0110  # EXIF tags: WebP files carry the workflow and the prompt there, as ComfyUI writes them
APNG_CHUNK = b"comf"  # where animated PNG files carry them


class SavedResult(dict[str, Any]):
    """Where a file is, as browsers ask for it."""

    def __init__(self, filename: str, subfolder: str, type: FolderType) -> None:
        """Take the name, the folder below the root, and the root."""
        super().__init__(filename=filename, subfolder=subfolder, type=FolderType(type).value)

    @property
    def filename(self) -> str:
        """The name."""
        return str(self["filename"])

    @property
    def subfolder(self) -> str:
        """The folder below the root; "" for the root itself."""
        return str(self["subfolder"])

    @property
    def type(self) -> FolderType:
        """The root."""
        return FolderType(self["type"])


class SavedImages(UIOutput):
    """Pictures that were saved."""

    def __init__(self, results: list[SavedResult], is_animated: bool = False) -> None:
        """Take where they are."""
        self.results = results
        self.is_animated = is_animated

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"images": self.results, **({"animated": (True,)} if self.is_animated else {})}


class SavedAudios(UIOutput):
    """Sound that was saved."""

    def __init__(self, results: list[SavedResult]) -> None:
        """Take where it is."""
        self.results = results

    def as_dict(self) -> dict[str, Any]:
        """Return what is shown."""
        return {"audio": self.results}


class _Place(NamedTuple):
    """Where the next files of a prefix go."""

    folder: Path
    stem: str
    counter: int
    subfolder: str

    def write(self, number: int, end: str, write: Callable[[Path], object]) -> str:
        """Write a file of a batch, and return the name that it got: the first from its number on that none has."""
        stem = self.stem.replace("%batch_num%", str(number))
        names = (f"{stem}_{counter:05}{end}" for counter in itertools.count(self.counter + number))
        return next(name for name in names if write_new(self.folder / name, write))


def _place(prefix: str, folder_type: FolderType, *size: int) -> _Place:
    folder_paths: Any = importlib.import_module("folder_paths")
    roots = {
        FolderType.input: folder_paths.get_input_directory,
        FolderType.output: folder_paths.get_output_directory,
        FolderType.temp: folder_paths.get_temp_directory,
    }
    folder, stem, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, roots[folder_type](), *size)
    return _Place(Path(folder), stem, counter, subfolder)


def _image_place(images: Any, prefix: str, folder_type: FolderType) -> _Place:
    return _place(prefix, folder_type, images[0].shape[1], images[0].shape[0])


def texts_of(cls: Any) -> dict[str, str]:
    """Return what files carry of a call: the prompt and what the client sent along; empty if the user wants none."""
    args: Any = importlib.import_module("comfy.cli_args").args
    hidden = getattr(cls, "hidden", None)
    if hidden is None or args.disable_metadata:
        return {}
    prompt = {"prompt": json.dumps(hidden.prompt)} if hidden.prompt else {}
    extra: Mapping[str, Any] = hidden.extra_pnginfo or {}
    return {**prompt, **{name: json.dumps(value) for name, value in extra.items()}}


def to_picture(image: Any) -> Image.Image:
    """Return a picture of a tensor (height, width, channels) in 0..1."""
    return Image.fromarray(image.cpu().float().mul(255.0).clamp(0, 255).byte().numpy())


class ImageSaveHelper:
    """Saving of pictures (batch, height, width, channels)."""

    @staticmethod
    def save_images(
        images: Any, filename_prefix: str, folder_type: FolderType, cls: Any, compress_level: int = 4
    ) -> list[SavedResult]:
        """Save a PNG file of each."""
        place = _image_place(images, filename_prefix, folder_type)
        info = _png_texts(texts_of(cls))
        results = []
        for number, image in enumerate(images):
            save = partial(to_picture(image).save, format="PNG", pnginfo=info, compress_level=compress_level)
            name = place.write(number, "_.png", save)
            results.append(SavedResult(name, place.subfolder, folder_type))
        return results

    @staticmethod
    def get_save_images_ui(images: Any, filename_prefix: str, cls: Any, compress_level: int = 4) -> SavedImages:
        """Save a PNG file of each in the output folder and return them to be shown."""
        return SavedImages(ImageSaveHelper.save_images(images, filename_prefix, FolderType.output, cls, compress_level))

    @staticmethod
    def save_animated_png(
        images: Any, filename_prefix: str, folder_type: FolderType, cls: Any, fps: float, compress_level: int
    ) -> SavedResult:
        """Save all as one PNG file that moves."""
        place = _image_place(images, filename_prefix, folder_type)
        info = PngInfo()
        for key, text in texts_of(cls).items():
            info.add(APNG_CHUNK, f"{key}\0{text}".encode("latin-1"), after_idat=True)
        save = partial(_save_moving, images, fps=fps, format="PNG", pnginfo=info, compress_level=compress_level)
        name = place.write(0, "_.png", save)
        return SavedResult(name, place.subfolder, folder_type)

    @staticmethod
    def get_save_animated_png_ui(
        images: Any, filename_prefix: str, cls: Any, fps: float, compress_level: int
    ) -> SavedImages:
        """Save all as one PNG file that moves, in the output folder, and return it to be shown."""
        saved = ImageSaveHelper.save_animated_png(images, filename_prefix, FolderType.output, cls, fps, compress_level)
        return SavedImages([saved], is_animated=len(images) > 1)

    @staticmethod
    def save_animated_webp(
        images: Any,
        filename_prefix: str,
        folder_type: FolderType,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedResult:
        """Save all as one WebP file that moves."""
        place = _image_place(images, filename_prefix, folder_type)
        options = {"exif": _exif(texts_of(cls)), "lossless": lossless, "quality": quality, "method": method}

        def save(path: Path) -> None:
            _save_moving(images, path, fps, format="WEBP", **options)

        name = place.write(0, "_.webp", save)
        return SavedResult(name, place.subfolder, folder_type)

    @staticmethod
    def get_save_animated_webp_ui(
        images: Any, filename_prefix: str, cls: Any, fps: float, lossless: bool, quality: int, method: int
    ) -> SavedImages:
        """Save all as one WebP file that moves, in the output folder, and return it to be shown."""
        saved = ImageSaveHelper.save_animated_webp(
            images, filename_prefix, FolderType.output, cls, fps, lossless, quality, method
        )
        return SavedImages([saved], is_animated=len(images) > 1)


def _save_moving(images: Any, path: Path, fps: float, **options: Any) -> None:
    first, *rest = [to_picture(image) for image in images]
    first.save(path, save_all=True, duration=int(1000.0 / fps), append_images=rest, **options)


def _png_texts(texts: Mapping[str, str]) -> PngInfo | None:
    if not texts:
        return None
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    return info


def _exif(texts: Mapping[str, str]) -> Image.Exif:
    """Return the texts as EXIF: the prompt as the camera's model, the others before it, each with its name."""
    exif = Image.Exif()
    if "prompt" in texts:
        exif[MODEL] = f"prompt:{texts['prompt']}"
    others = [(key, text) for key, text in texts.items() if key != "prompt"]
    for place, (key, text) in enumerate(others):
        exif[MAKE - place] = f"{key}:{text}"
    return exif


class AudioSaveHelper:
    """Saving of sound: a dictionary of `waveform` (batch, channels, samples) and `sample_rate`."""

    @staticmethod
    def save_audio(
        audio: Mapping[str, Any],
        filename_prefix: str,
        folder_type: FolderType,
        cls: Any,
        format: str = "flac",
        quality: str = "128k",
    ) -> list[SavedResult]:
        """Save a file of each; `format` is flac, mp3 or opus, `quality` a rate such as 128k, or V0."""
        if format not in OPTIONS:
            raise ValueError(f"Sound cannot be saved as {format!r}; use {', '.join(OPTIONS)}.")
        place = _place(filename_prefix, folder_type)
        texts = texts_of(cls)
        results = []
        for number, waveform in enumerate(audio["waveform"].cpu()):
            rate = audio["sample_rate"]
            save = partial(write_sound, waveform=waveform, rate=rate, format=format, quality=quality, texts=texts)
            name = place.write(number, f".{format}", save)
            results.append(SavedResult(name, place.subfolder, folder_type))
        return results

    @staticmethod
    def get_save_audio_ui(
        audio: Mapping[str, Any], filename_prefix: str, cls: Any, format: str = "flac", quality: str = "128k"
    ) -> SavedAudios:
        """Save a file of each in the output folder and return them to be shown."""
        return SavedAudios(AudioSaveHelper.save_audio(audio, filename_prefix, FolderType.output, cls, format, quality))
