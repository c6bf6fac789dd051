"""Picture files: read any that Pillow knows, write PNG whole or not at all.

picture = read_picture(Path("input/cat.png"))  # .image (frames, height, width, 3), .mask = 1 - alpha
write_png(Path("output/cat_00001_.png"), pixels, {"prompt": "{…}"})  # False if there is such a file already
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from nodes.new_files import SaveError, write_new

NO_ALPHA_SIDE = 64  # ComfyUI's side of the mask of a picture without alpha
COMPRESS_LEVEL = 4  # ComfyUI's
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L")
DEEP_WHITE = 65535.0


class PictureError(Exception):
    """A picture cannot be read or written; the sentence says which, why and what to do."""


class Picture(NamedTuple):
    """A picture as image (frames, height, width, 3) and mask (frames, height, width) of what is transparent."""

    image: torch.Tensor
    mask: torch.Tensor


def read_picture(path: Path) -> Picture:
    """Read all frames of the first one's size, upright as EXIF says.

    Without transparency the mask is black: of the picture's size if it has a palette, else 64 x 64, as in ComfyUI.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # twice as large is an error
            with Image.open(path) as opened:
                frames = list(_frames(opened))
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path} is too large to be read ({error}); scale it down with another program.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{path} is not a picture that can be read; save it as PNG, JPEG or WebP.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise PictureError(f"{path} cannot be read as a picture ({error}); save it again, as PNG.") from error
    image = torch.stack([_colours(frame) for frame in frames])
    alphas = [_alpha(frame) for frame in frames]
    if all(alpha is None for alpha in alphas):
        return Picture(image, torch.zeros(len(frames), NO_ALPHA_SIDE, NO_ALPHA_SIDE))
    opaque = torch.ones(image.shape[1:3])
    return Picture(image, 1.0 - torch.stack([opaque if alpha is None else alpha for alpha in alphas]))


def _frames(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield upright copies of the frames; of a photo's several pictures (MPO) only the main one."""
    size: tuple[int, int] | None = None
    for frame in ImageSequence.Iterator(picture):
        upright = ImageOps.exif_transpose(frame.copy())
        size = size or upright.size
        if upright.size == size:
            yield upright
        if picture.format == "MPO":
            return


def _colours(frame: Image.Image) -> torch.Tensor:
    """Return (height, width, 3) in 0..1; sixteen bits of grey are kept."""
    if frame.mode in DEEP_MODES or frame.mode == "F":
        white = DEEP_WHITE if frame.mode in DEEP_MODES else 1.0
        grey = torch.from_numpy(np.asarray(frame).astype(np.float32) / white).clamp(0, 1)
        return grey.unsqueeze(-1).expand(-1, -1, 3)
    if frame.mode == "P":
        frame = frame.convert("RGBA")  # else Pillow warns of a transparent palette
    return torch.from_numpy(np.asarray(frame.convert("RGB")).astype(np.float32) / 255.0)


def _alpha(frame: Image.Image) -> torch.Tensor | None:
    """Return (height, width) in 0..1, or None for a picture without transparency."""
    if frame.mode == "P" or ("transparency" in frame.info and frame.mode not in DEEP_MODES):
        frame = frame.convert("RGBA")  # a palette counts as able to be transparent (ComfyUI), even if nothing is
    if "A" not in frame.getbands():
        return None
    return torch.from_numpy(np.asarray(frame.getchannel("A")).astype(np.float32) / 255.0)


def write_png(path: Path, pixels: np.ndarray, texts: Mapping[str, str]) -> bool:
    """Write (height, width) or (height, width, 3 or 4) uint8 with texts; nothing half-written is left behind.

    False if there is a file of that name, which stays as it is, also when another process makes it at the same time.
    """
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)

    return _written(
        path,
        lambda place: Image.fromarray(pixels).save(place, format="PNG", pnginfo=info, compress_level=COMPRESS_LEVEL),
    )


def write_bytes(path: Path, content: bytes) -> bool:
    """Write a picture that is there as bytes; False as `write_png` has it."""
    return _written(path, lambda place: place.write_bytes(content))


def _written(path: Path, save: Callable[[Path], object]) -> bool:
    try:
        return write_new(path, save)
    except SaveError as error:
        raise PictureError(str(error)) from error
