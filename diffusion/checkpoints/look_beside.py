"""What files are that go with models: LoRAs, embeddings, ControlNets, upscalers, CLIP vision, style models.

Each look takes a header and gives what it tells, or None if the file is something else. One that is of a kind, but that the
kind's loader refuses, has the loader's sentence as its note.
"""

from __future__ import annotations

from collections.abc import Mapping

from diffusion.checkpoints.description import (
    CONTROLNET,
    EMBEDDING,
    IP_ADAPTER,
    LORA,
    PATCH,
    STYLE,
    UPSCALER,
    VISION,
    Description,
    architecture_of,
)
from diffusion.checkpoints.detect import known_families
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.clip_vision import VisionSizes, read_vision
from diffusion.control.block_wise import MARK as BLOCK_WISE
from diffusion.control.block_wise import BlockWiseSizes
from diffusion.control.control_lora import MARK as CONTROL_LORA
from diffusion.control.load import OTHERS, read_control
from diffusion.control.model_patch import OTHERS as OTHER_PATCHES
from diffusion.control.model_patch import read_model_patch
from diffusion.control.net import Traits
from diffusion.control.z_image_fun import MARK as FUN
from diffusion.errors import CheckpointError
from diffusion.ip_adapter.network import ENCODERS, PLAIN, is_adapter, read_adapter
from diffusion.lora.told import BY_CONTEXT, read_told
from diffusion.style_model import read_style
from diffusion.text.embeddings import ENCODER_KEYS
from diffusion.upscalers.load import read_upscaler

CONTROL_MARKS = ("control_model.", "controlnet_cond_embedding.", "controlnet_down_blocks.", "controlnet_blocks.")
CONTROL_NAMES = (
    "input_hint_block.0.weight",
    "controlnet_x_embedder.weight",
    "control_type_proj.weight",
    CONTROL_LORA,
    *OTHERS,
)
ADAPTER_NAMES = ("body.0.in_conv.weight", "adapter.body.0.in_conv.weight", "body.0.block1.weight")
UPSCALER_NAMES = ("body.0.rdb1.conv1.weight", "model.1.sub.0.RDB1.conv1.0.weight", "conv_first.weight", "body.0.weight")
VISION_MARKS = ("vision_model.encoder.layers.0.", "visual.transformer.resblocks.0.")
STYLE_NAMES = ("redux_up.weight", "style_embedding")
EMBEDDING_NAMES = frozenset({"emb_params", *ENCODER_KEYS})
VISION_SIZES: Mapping[int, str] = {768: "ViT-B", 1024: "ViT-L", 1280: "ViT-H", 1664: "ViT-bigG"}  # by width
SIGLIP_SIZES: Mapping[int, str] = {768: "base", 1024: "large", 1152: "so400m"}


def look_at_lora(header: Header) -> Description | None:
    """Tell LoRAs, with the family whose names and sizes they have, else that which their texts name."""
    told = read_told(header.tensors)
    return None if told is None else Description(LORA, told.family or architecture_of(header), details=told.details)


def look_at_embedding(header: Header) -> Description | None:
    """Tell embeddings, by the text encoders that their vectors are for."""
    names = header.tensors.keys()
    shapes = [info.shape for info in header.tensors.values()]
    is_alone = len(shapes) == 1 and len(shapes[0]) == 2 and shapes[0][1] in BY_CONTEXT  # under whatever name
    if not names or not (is_alone or names <= EMBEDDING_NAMES):
        return None
    count = max(shape[0] if len(shape) > 1 else 1 for shape in shapes)
    details = (f"{count} vectors" if count != 1 else "1 vector",)
    if names.isdisjoint(ENCODER_KEYS):
        return Description(EMBEDDING, BY_CONTEXT.get(shapes[0][-1], "") if shapes[0] else "", details=details)
    title = "Stable Diffusion 3 or Flux.1" if "t5xxl" in names else "Stable Diffusion XL" if "clip_g" in names else ""
    return Description(EMBEDDING, title or "CLIP-L", details=details)


def look_at_patch(header: Header) -> Description | None:
    """Tell networks that go along with models."""
    if not any(name in header.tensors for name in (BLOCK_WISE, FUN, *OTHER_PATCHES)):
        return None
    try:
        sizes = read_model_patch(header)
    except CheckpointError as error:
        return Description(PATCH, note=str(error))
    title = "Qwen-Image" if isinstance(sizes, BlockWiseSizes) else "Z-Image"
    return Description(PATCH, title, details=("for inpainting",) if sizes.fills else ())


def look_at_control(header: Header) -> Description | None:
    """Tell ControlNets and T2I-Adapters, which load as ControlNets."""
    is_one = any(key.startswith(CONTROL_MARKS) for key in header.tensors) or any(
        name in header.tensors for name in (*CONTROL_NAMES, *ADAPTER_NAMES)
    )
    if not is_one:
        return None
    try:
        traits = read_control(header).traits
    except CheckpointError as error:
        return Description(CONTROLNET, architecture_of(header), note=str(error))
    details = ("Control-LoRA",) if CONTROL_LORA in header.tensors else _control_details(traits)
    return Description(CONTROLNET, _steered(traits), details=details)


def look_at_vision(header: Header) -> Description | None:
    """Tell networks that read pictures."""
    is_vision = any(mark in key for key in header.tensors for mark in VISION_MARKS)
    has_text = any("text_model." in key or key.startswith("model.layers.") for key in header.tensors)
    if not is_vision or has_text:
        return None
    try:
        sizes, _ = read_vision(header)
    except CheckpointError as error:
        return Description(VISION, note=str(error))
    return Description(VISION, _vision_title(sizes), details=(f"{sizes.image} x {sizes.image} pixels",))


def look_at_style(header: Header) -> Description | None:
    """Tell style models."""
    if not any(name in header.tensors for name in STYLE_NAMES):
        return None
    try:
        read_style(header)
    except CheckpointError as error:
        return Description(STYLE, note=str(error))
    return Description(STYLE, "Flux Redux")


def look_at_ip_adapter(header: Header) -> Description | None:
    """Tell IP-Adapters, by what they take of a picture and which network is to see it."""
    if not is_adapter(header):
        return None
    try:
        sizes = read_adapter(header)
    except CheckpointError as error:
        return Description(IP_ADAPTER, note=str(error))
    is_plain, encoder = sizes.kind == PLAIN, ENCODERS.get((sizes.kind == PLAIN, sizes.seen))
    details = (*(() if is_plain else (sizes.kind,)), *((f"for {encoder}",) if encoder else ()))
    return Description(IP_ADAPTER, BY_CONTEXT.get(sizes.context, ""), details=details)


def look_at_upscaler(header: Header) -> Description | None:
    """Tell upscalers, with their architecture and how many times as large they make a picture."""
    if not any(name in header.tensors for name in UPSCALER_NAMES):
        return None
    try:
        title, found = read_upscaler(header)
    except CheckpointError as error:
        return Description(UPSCALER, note=str(error))
    return Description(UPSCALER, title, details=(f"{found.scale} times as large",))


def _steered(traits: Traits) -> str:
    """Return the title of the family that a network steers."""
    titles = {family.name: family.title for family in known_families()}
    if traits.kind == "adapter":
        return "Stable Diffusion XL" if traits.multiple > 8 else "Stable Diffusion 1 or XL"
    return titles.get(traits.base) or BY_CONTEXT.get(traits.context_width or 0, "Stable Diffusion")


def _control_details(traits: Traits) -> tuple[str, ...]:
    names = {"adapter": "T2I-Adapter", "union": f"union of {traits.types} kinds of pictures"}
    found = (names.get(traits.kind, ""), "inpainting" if traits.has_mask else "")
    return tuple(filter(None, found))


def _vision_title(sizes: VisionSizes) -> str:
    if sizes.is_siglip:
        return " ".join(filter(None, ("SigLIP", SIGLIP_SIZES.get(sizes.width, ""))))
    return f"CLIP {VISION_SIZES.get(sizes.width, 'ViT')}/{sizes.patch}"
