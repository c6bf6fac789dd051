"""Operators for what networks see in pictures."""

from __future__ import annotations

from typing import Annotated

from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, File
from nodes.host import host_of
from nodes.sockets import ClipVision, ClipVisionOutput, Image

FOLDER = "clip_vision"


@node(category="model/loaders", display_name="Load CLIP Vision")
def CLIPVisionLoader(clip_name: Annotated[str, File(FOLDER)], *, run: Run) -> ClipVision:
    """Load a network that reads pictures: CLIP's or SigLIP's.

    clip_name: a file below models/clip_vision.
    """
    host = host_of(run)
    return host.load_clip_vision(host.find_model(FOLDER, clip_name))


@node(category="model/conditioning", display_name="CLIP Vision Encode")
def CLIPVisionEncode(
    clip_vision: ClipVision, image: Image, crop: Annotated[str, Choice(("center", "none"))] = "center"
) -> ClipVisionOutput:
    """Tell what a network sees in a picture.

    crop: center cuts the longer side; none squeezes the picture to a square.
    """
    return clip_vision.encode_image(image, crop == "center")
