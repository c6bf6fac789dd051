"""Operators for Qwen-Image-Edit: prompts with pictures, which the text encoder sees, and the model too."""

from __future__ import annotations

import math
from typing import Annotated

from diffusion import conditioning as prompts
from diffusion import latent_ops
from diffusion import vae as autoencoder
from diffusion.checkpoints.families.qwen_image import PICTURE, TEMPLATE_FOR_PICTURES
from diffusion.images import MEGAPIXEL
from diffusion.resizing import Size, resized, size_of, total_pixels
from graph.spec import node
from graph.widgets import Range
from nodes.sockets import MAX_RESOLUTION, Clip, Conditioning, Image, Latent, Vae
from nodes.text import Prompt

Side = Annotated[int, Range(16, MAX_RESOLUTION, step=16)]
EditPrompt = Annotated[str, Prompt()]
VIEW = 384 * 384 / MEGAPIXEL  # what the text encoder sees of one of several pictures
CELL = 8  # pixels on a side of a latent cell


@node(category="model/conditioning/qwen image")
def TextEncodeQwenImageEdit(
    clip: Clip, prompt: EditPrompt, vae: Vae | None = None, image: Image | None = None
) -> Conditioning:
    """Turn a prompt that says how to change a picture into a conditioning for Qwen-Image-Edit.

    prompt: what to change.
    vae: lets the model itself see the picture too.
    image: the picture; it is scaled to a megapixel.
    """
    if image is None:
        return (clip.encode(prompt),)
    seen = resized(image, total_pixels(size_of(image), 1.0), "area")[..., :3]
    conditioning = (clip.encode_shown(prompt, (seen,)),)
    return conditioning if vae is None else _with_reference(conditioning, vae, seen)


@node(category="model/conditioning/qwen image")
def TextEncodeQwenImageEditPlus(
    clip: Clip,
    prompt: EditPrompt,
    vae: Vae | None = None,
    image1: Image | None = None,
    image2: Image | None = None,
    image3: Image | None = None,
) -> Conditioning:
    """Turn a prompt about up to three pictures into a conditioning for Qwen-Image-Edit 2509 and later.

    prompt: what to make of them, as "Picture 1", "Picture 2", "Picture 3".
    vae: lets the model itself see the pictures too.
    image1: a picture.
    image2: a picture.
    image3: a picture.
    """
    images = {number: image for number, image in enumerate((image1, image2, image3), start=1) if image is not None}
    named = "".join(f"Picture {number}: {PICTURE}" for number in images)
    seen = [resized(image, total_pixels(size_of(image), VIEW), "area") for image in images.values()]
    conditioning: Conditioning = (clip.encode_shown(named + prompt, seen, TEMPLATE_FOR_PICTURES),)
    for image in images.values() if vae is not None else ():
        conditioning = _with_reference(conditioning, vae, resized(image, _whole_cells(size_of(image)), "area"))
    return conditioning


def _with_reference(conditioning: Conditioning, vae: Vae, image: Image) -> Conditioning:
    latent = autoencoder.encode(vae, image[..., :3])
    return prompts.append_extra(conditioning, "reference_latents", latent)


def _whole_cells(size: Size) -> Size:
    """Return the size of about a megapixel in whole cells."""
    factor = math.sqrt(MEGAPIXEL / (size.width * size.height)) / CELL
    return Size(round(size.width * factor) * CELL, round(size.height * factor) * CELL)


@node(category="model/latent/qwen", display_name="Empty Qwen Image Layered Latent")
def EmptyQwenImageLayeredLatentImage(
    width: Side = 640,
    height: Side = 640,
    layers: Annotated[int, Range(0, MAX_RESOLUTION, step=1)] = 3,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
) -> Latent:
    """Make empty latents for Qwen-Image Layered: a frame for the whole picture, and one for each layer.

    width: pixels of the picture that will come out.
    height: pixels of the picture that will come out.
    layers: how many layers the picture is taken apart into.
    batch_size: how many pictures at once.
    """
    return latent_ops.empty(width, height, batch_size, channels=16, frames=layers + 1)
