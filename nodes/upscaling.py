"""Operators that make pictures larger by a network."""

from __future__ import annotations

from typing import Annotated

from diffusion.upscale import upscale
from graph.run import Run
from graph.spec import node
from graph.widgets import File
from nodes.host import host_of
from nodes.sockets import Image, UpscaleModel


@node(category="model/loaders", display_name="Load Upscale Model")
def UpscaleModelLoader(model_name: Annotated[str, File("upscale_models")], *, run: Run) -> UpscaleModel:
    """Load a network that makes pictures larger: ESRGAN, Real-ESRGAN and their like.

    model_name: a file below models/upscale_models.
    """
    host = host_of(run)
    return host.load_upscaler(host.find_model("upscale_models", model_name))


@node(category="image/upscaling", display_name="Upscale Image (using Model)")
def ImageUpscaleWithModel(upscale_model: UpscaleModel, image: Image, *, run: Run) -> Image:
    """Make an image larger by a network, in tiles.

    upscale_model: how many times as large the image becomes is a property of the model.
    """
    return upscale(upscale_model, image, on_tile=run.progress)
