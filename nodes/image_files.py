"""Operators that read pictures from files and write them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from diffusion import masks
from diffusion.images import to_bytes
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, File, FilePrefix
from nodes.file_names import expand_node_values, free_names, temporary_prefix
from nodes.host import host_of
from nodes.pictures import read_picture, write_png
from nodes.sockets import Image, Mask

PictureFile = Annotated[str, File("input", upload=True)]
MASK_CHANNELS = ("alpha", "red", "green", "blue")


class LoadedImage(NamedTuple):
    """A picture and the mask of what is transparent in it."""

    IMAGE: Image
    MASK: Mask


class ShownImages(NamedTuple):
    """The images, passed on."""

    images: Image


class ShownMask(NamedTuple):
    """The mask, passed on."""

    mask: Mask


@node(category="image", display_name="Load Image")
def LoadImage(image: PictureFile, *, run: Run) -> LoadedImage:
    """Load a picture of the input folder; its transparent part becomes the mask.

    image: every frame of a moving picture becomes an image of the batch.
    """
    picture = read_picture(host_of(run).input_path(image))
    return LoadedImage(picture.image, picture.mask)


@node(category="image", display_name="Load Image (as Mask)")
def LoadImageMask(image: PictureFile, channel: Annotated[str, Choice(MASK_CHANNELS)] = "alpha", *, run: Run) -> Mask:
    """Load a channel of a picture of the input folder as a mask.

    channel: alpha makes white what is transparent.
    """
    picture = read_picture(host_of(run).input_path(image))
    return picture.mask if channel == "alpha" else masks.from_channel(picture.image, channel)


@node(category="image", display_name="Save Image", output=True)
def SaveImage(images: Image, filename_prefix: Annotated[str, FilePrefix()] = "ComfyUI", *, run: Run) -> ShownImages:
    """Save images as PNG below the output folder; the workflow is kept inside the files.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd%, %width% or %KSampler.seed%.
    """
    run.show("images", save_images(images, expand_node_values(filename_prefix, run.prompt), run))
    return ShownImages(images)


@node(category="image", display_name="Preview Image", output=True)
def PreviewImage(images: Image, *, run: Run) -> ShownImages:
    """Show images; their files are temporary."""
    run.show("images", save_images(images, temporary_prefix(), run, temporary=True))
    return ShownImages(images)


@node(category="image/mask", display_name="Preview Mask", output=True)
def MaskPreview(mask: Mask, *, run: Run) -> ShownMask:
    """Show a mask; its file is temporary."""
    run.show("images", save_images(masks.to_image(mask), temporary_prefix(), run, temporary=True))
    return ShownMask(mask)


def save_images(images: Image, prefix: str, run: Run, *, temporary: bool = False) -> list[dict[str, Any]]:
    """Write each image of a batch as PNG; return what clients need to fetch the files."""
    return save_each(images, to_bytes(images), prefix, run, write_png, "_.png", temporary=temporary)


def save_each(
    images: Image,
    pictures: Iterable[Any],
    prefix: str,
    run: Run,
    write: Callable[[Path, Any, Mapping[str, str]], bool],
    ending: str,
    *,
    temporary: bool = False,
) -> list[dict[str, Any]]:
    """Write pictures made of a batch; return what clients need to fetch the files.

    write: gets a path, a picture and texts, and returns False if there is such a file. ending: of names, after the number.
    """
    host = host_of(run)
    height, width = images.shape[1:3]
    place = host.output_path(prefix, width, height, temporary=temporary)
    texts = host.metadata(run)
    names: list[str] = []
    counters = itertools.count(place.counter)
    for index, picture in enumerate(pictures):
        run.check_cancelled()
        free = free_names(place, index, counters, ending)
        names.append(next(name for name in free if write(place.folder / name, picture, texts)))
    return [{"filename": name, "subfolder": place.subfolder, "type": place.type} for name in names]
