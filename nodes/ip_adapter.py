"""Operators that prompt models of Stable Diffusion 1 and XL with pictures.

Names, inputs and choices are those of the pack ComfyUI_IPAdapter_plus; where it is installed, its nodes take their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from diffusion.images import resample
from diffusion.ip_adapter.apply import COMBINATIONS, How, apply_ip_adapter
from diffusion.ip_adapter.attention import SCALINGS
from diffusion.ip_adapter.layers import WEIGHT_TYPES
from diffusion.ip_adapter.squares import FILTERS, POSITIONS, SIDE, cut_square, sharpened
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, File, Range
from nodes.host import host_of
from nodes.sockets import ClipVision, Image, IPAdapter, Mask, Model

FOLDER = "ipadapter"
SIMPLE: Mapping[str, str] = {
    "standard": "linear",
    "prompt is more important": "ease out",
    "style transfer": "style transfer",
}
Part = Annotated[float, Range(0.0, 1.0, step=0.001)]


@node(category="model/loaders", display_name="IPAdapter Model Loader", gives_way=True)
def IPAdapterModelLoader(ipadapter_file: Annotated[str, File(FOLDER)], *, run: Run) -> IPAdapter:
    """Load an IP-Adapter of Stable Diffusion 1 or XL: plain, light, plus, plus face or full face.

    ipadapter_file: a file below models/ipadapter.
    """
    host = host_of(run)
    return host.load_ip_adapter(host.find_model(FOLDER, ipadapter_file))


@node(category="model/patch/unet", display_name="IPAdapter", name="IPAdapter", gives_way=True)
def SimpleIPAdapter(
    model: Model,
    ipadapter: IPAdapter,
    image: Image,
    weight: Annotated[float, Range(-1.0, 3.0, step=0.05)] = 1.0,
    start_at: Part = 0.0,
    end_at: Part = 1.0,
    weight_type: Annotated[str, Choice(tuple(SIMPLE))] = "standard",
    attn_mask: Mask | None = None,
    clip_vision: ClipVision | None = None,
) -> Model:
    """Prompt a model with a picture.

    ipadapter: made for the model's family.
    image: its middle is seen, as a square.
    weight: how much it counts; 0 leaves the model as it is.
    start_at: from which part of the sampling on it acts.
    end_at: up to which part of the sampling it acts.
    weight_type: style transfer takes the style and leaves what is to be seen to the words.
    attn_mask: where it acts, of the proportions of what is drawn.
    clip_vision: the network that the adapter was made for; not needed if the adapter brings it along.
    """
    how = How(weight, SIMPLE[weight_type], start_percent=start_at, end_percent=end_at, mask=attn_mask)
    return apply_ip_adapter(model, ipadapter, clip_vision, image, how)


@node(category="model/patch/unet", display_name="IPAdapter Advanced", gives_way=True)
def IPAdapterAdvanced(
    model: Model,
    ipadapter: IPAdapter,
    image: Image,
    weight: Annotated[float, Range(-1.0, 5.0, step=0.05)] = 1.0,
    weight_type: Annotated[str, Choice(WEIGHT_TYPES)] = "linear",
    combine_embeds: Annotated[str, Choice(COMBINATIONS)] = "concat",
    start_at: Part = 0.0,
    end_at: Part = 1.0,
    embeds_scaling: Annotated[str, Choice(tuple(SCALINGS))] = "V only",
    image_negative: Image | None = None,
    attn_mask: Mask | None = None,
    clip_vision: ClipVision | None = None,
) -> Model:
    """Prompt a model with pictures.

    ipadapter: made for the model's family.
    image: the middle of each is seen, as a square.
    weight: how much they count; 0 leaves the model as it is.
    weight_type: where in the network they count. Linear everywhere; ease in less and less from its first block to its last;
        weak or strong in a stage; style transfer and composition where the network makes these.
    combine_embeds: several pictures as they are (concat), or as one.
    start_at: from which part of the sampling on they act.
    end_at: up to which part of the sampling they act.
    embeds_scaling: what the weight scales. K+mean(V) w/ C penalty keeps high weights from burning the picture.
    image_negative: what is not wanted.
    attn_mask: where they act, of the proportions of what is drawn.
    clip_vision: the network that the adapter was made for; not needed if the adapter brings it along.
    """
    how = How(weight, weight_type, combine_embeds, embeds_scaling, start_at, end_at, attn_mask)
    return apply_ip_adapter(model, ipadapter, clip_vision, image, how, image_negative)


@node(category="image/transform", display_name="Prep Image For ClipVision", gives_way=True)
def PrepImageForClipVision(
    image: Image,
    interpolation: Annotated[str, Choice(FILTERS)] = "LANCZOS",
    crop_position: Annotated[str, Choice(POSITIONS)] = "top",
    sharpening: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.0,
) -> Image:
    """Make a picture the square of 224 pixels that most CLIP vision networks see.

    interpolation: a filter of Pillow's.
    crop_position: which part of the longer side stays; pad keeps all, with black around it.
    sharpening: brings back details that were lost on the way.
    """
    return sharpened(resample(cut_square(image, crop_position), SIDE, SIDE, interpolation), sharpening)
