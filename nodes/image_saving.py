"""Operators that save images in chosen formats, and that show two of them to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch

from diffusion.images import to_bytes
from diffusion.light import hlg_to_linear, srgb_to_linear
from graph.annotations import Opens, Options
from graph.run import Run
from graph.spec import node
from graph.types import SocketType
from graph.widget_document import Foreign
from graph.widgets import Choice, FilePrefix
from nodes.deep_pictures import exr, png16
from nodes.file_names import expand_node_values
from nodes.image_files import ShownImages, save_each, save_images
from nodes.pictures import PictureError, write_bytes, write_png
from nodes.sockets import Image

DEPTHS, DEEPEST = ("8-bit", "16-bit"), 65535
SPACES = ("sRGB", "HDR", "linear")
CHANNELS = (1, 3, 4)
COMPARED = SocketType("IMAGECOMPARE")
CompareView = Annotated[Any, COMPARED, Foreign(COMPARED), Options(socketless=True)]


class Png(NamedTuple):
    """Whole numbers, read by every program."""

    bit_depth: Annotated[str, Choice(DEPTHS), Options(advanced=True)] = "8-bit"
    input_color_space: Annotated[str, Choice(("sRGB",)), Options(advanced=True)] = "sRGB"


class Exr(NamedTuple):
    """Floats of linear light, for compositing.

    input_color_space: what the image is: sRGB, HDR (HLG, Rec. 2020), or linear light already.
    """

    bit_depth: Annotated[str, Choice(("32-bit float",)), Options(advanced=True)] = "32-bit float"
    input_color_space: Annotated[str, Choice(SPACES), Options(advanced=True)] = "sRGB"


@node(category="image", display_name="Save Image (Advanced)", output=True)
def SaveImageAdvanced(
    images: Image,
    filename_prefix: Annotated[str, FilePrefix()] = "ComfyUI",
    *,
    format: Annotated[Png | Exr, Opens({"png": Png, "exr": Exr})],
    run: Run,
) -> ShownImages:
    """Save images as PNG or OpenEXR below the output folder; the workflow is kept inside the files.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd%, %width% or %KSampler.seed%.
    """
    if images.shape[-1] not in CHANNELS:
        raise PictureError(
            f"The images have {images.shape[-1]} channels; grey, colours or colours and alpha can be saved."
        )
    prefix = expand_node_values(filename_prefix, run.prompt)
    if isinstance(format, Exr):
        light = _light(images, format.input_color_space)
        primaries = "Rec.2020" if format.input_color_space == "HDR" else "Rec.709"

        def write_exr(path: Path, picture: np.ndarray, texts: Mapping[str, str]) -> bool:
            return write_bytes(path, exr(picture, texts, primaries))

        saved = save_each(images, light.float().cpu().numpy(), prefix, run, write_exr, ".exr")
    elif format.bit_depth == "8-bit":
        saved = save_each(images, to_bytes(images), prefix, run, write_png, ".png")
    else:
        levels = (images.detach().float().cpu() * DEEPEST).clamp(0, DEEPEST).numpy().astype(np.uint16)
        saved = save_each(images, levels, prefix, run, _write_png16, ".png")
    run.show("images", saved)
    return ShownImages(images)


def _light(images: torch.Tensor, space: str) -> torch.Tensor:
    if space == "linear":
        return images
    return hlg_to_linear(images) if space == "HDR" else srgb_to_linear(images)


def _write_png16(path: Path, picture: np.ndarray, texts: Mapping[str, str]) -> bool:
    return write_bytes(path, png16(picture, texts))


@node(category="image", display_name="Compare Images", output=True, experimental=True)
def ImageCompare(
    compare_view: CompareView = "", image_a: Image | None = None, image_b: Image | None = None, *, run: Run
) -> None:
    """Show two images, one over the other, with a line between them to be moved; their files are temporary."""
    for name, image in (("a_images", image_a), ("b_images", image_b)):
        prefix = f"weft.compare.{name[0]}"
        run.show(name, [] if image is None else save_images(image, prefix, run, temporary=True))
