"""Operators that prompt with pictures."""

from __future__ import annotations

from typing import Annotated

from diffusion.style_model import STRENGTH_TYPES, apply_style
from diffusion.unclip import add_picture
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, File, Range
from nodes.host import host_of
from nodes.sockets import ClipVisionOutput, Conditioning, StyleModel

FOLDER = "style_models"


@node(category="model/loaders", display_name="Load Style Model")
def StyleModelLoader(style_model_name: Annotated[str, File(FOLDER)], *, run: Run) -> StyleModel:
    """Load a network that makes a prompt of a picture (Flux Redux).

    style_model_name: a file below models/style_models.
    """
    host = host_of(run)
    return host.load_style_model(host.find_model(FOLDER, style_model_name))


@node(category="model/conditioning", display_name="Apply Style Model")
def StyleModelApply(
    conditioning: Conditioning,
    style_model: StyleModel,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(0.0, 10.0, step=0.001)] = 1.0,
    strength_type: Annotated[str, Choice(STRENGTH_TYPES)] = "multiply",
) -> Conditioning:
    """Put what was seen in a picture behind the words of a prompt.

    clip_vision_output: of the network that the style model was made for.
    strength: how much it counts.
    strength_type: multiply makes its tokens smaller; attn_bias is not supported but for a strength of 1.
    """
    return apply_style(conditioning, style_model, clip_vision_output, strength, is_bias=strength_type == "attn_bias")


@node(category="model/conditioning", display_name="unCLIPConditioning")
def unCLIPConditioning(
    conditioning: Conditioning,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.0,
) -> Conditioning:
    """Let a prompt also want what was seen in a picture; several of these may follow each other.

    It is for unCLIP models, and for Stable Diffusion XL, where it takes the place of the pooled prompt.

    clip_vision_output: of the network that the model was made for, which comes with an unCLIP checkpoint.
    strength: how much it counts.
    noise_augmentation: 0 keeps close to the picture; towards 1 less and less of it is left.
    """
    return add_picture(conditioning, clip_vision_output, strength, noise_augmentation)
