"""Networks that read pictures: CLIP's in transformers' layout and in open_clip's, and SigLIP's.

Radford et al. (2021), "CLIP"; Zhai et al. (2023), "SigLIP". Sizes are read from shapes; all known ones have 16 heads. They
are alone in a file, or lie in an unCLIP checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.clip_text import layer_source
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, View
from diffusion.errors import CheckpointError

HEADS = 16
MOST_QUICK_LAYERS = (
    24  # OpenAI's networks have them, and an approximate activation; the larger ones of open_clip do not
)
INSIDE = "embedder.model.visual."  # where they lie in checkpoints; ComfyUI writes transformers' layout below it
TRANSFORMERS, TRANSFORMERS_ROOTS, OPEN_CLIP = "vision_model.", ("", INSIDE), ("visual.", "", INSIDE)
OPEN_CLIP_ENDS = {
    "embeddings.class_embedding": "class_embedding",
    "embeddings.patch_embedding.weight": "conv1.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "pre_layrnorm.weight": "ln_pre.weight",
    "pre_layrnorm.bias": "ln_pre.bias",
    "post_layernorm.weight": "ln_post.weight",
    "post_layernorm.bias": "ln_post.bias",
}
PROJECTION = "visual_projection.weight"
ODD_SIDES = {(27, 14): 384}  # patches on a side and pixels of one, where some pixels belong to no patch (SigLIP so400m)


class VisionSizes(NamedTuple):
    """What makes one network differ from another. projection: the width of what a picture becomes, 0 if it is not projected."""

    width: int
    inner_width: int
    layers: int
    patch: int
    image: int
    projection: int
    is_siglip: bool


class VisionLayout(NamedTuple):
    """How a file names its tensors: what they begin with, and whether they are open_clip's."""

    prefix: str
    is_open_clip: bool

    @property
    def projection(self) -> str:
        """The name of the projection's tensor."""
        return f"{self.prefix}proj" if self.is_open_clip else self.prefix.removesuffix(TRANSFORMERS) + PROJECTION


def find_layout(header: Header) -> VisionLayout | None:
    """Return where the network of a file is; None if the file holds none that is known."""
    for root in TRANSFORMERS_ROOTS:
        if header.shape(f"{root}{TRANSFORMERS}encoder.layers.0.mlp.fc1.weight") is not None:
            return VisionLayout(root + TRANSFORMERS, is_open_clip=False)
    for prefix in OPEN_CLIP:
        if header.shape(f"{prefix}conv1.weight") is not None and header.shape(f"{prefix}ln_pre.weight") is not None:
            return VisionLayout(prefix, is_open_clip=True)
    return None


def read_vision(header: Header) -> tuple[VisionSizes, VisionLayout]:
    """Read a network's sizes; CheckpointError if the file holds none that is known."""
    layout = find_layout(header)
    if layout is not None:
        return (_open_clip if layout.is_open_clip else _transformers)(header, layout), layout
    names = ", ".join(list(header.tensors)[:3])
    raise CheckpointError(
        f"{header.path.name}: no network that reads pictures is in this file (CLIP's and SigLIP's are known). "
        f"Seen: {len(header.tensors)} tensors, such as {names}."
    )


def _transformers(header: Header, layout: VisionLayout) -> VisionSizes:
    start = f"{layout.prefix}embeddings."
    patches = header.required_shape(f"{start}patch_embedding.weight")
    if len(patches) != 4:
        raise CheckpointError(
            f"{header.path.name}: this is a SigLIP 2 for pictures of any size, which is not supported."
        )
    positions = header.required_shape(f"{start}position_embedding.weight")[0]
    is_siglip = header.shape(f"{start}class_embedding") is None
    projection = header.shape(layout.projection)
    return VisionSizes(
        width=patches[0],
        inner_width=header.required_shape(f"{layout.prefix}encoder.layers.0.mlp.fc1.weight")[0],
        layers=len(header.numbers(f"{layout.prefix}encoder.layers.", ".mlp.fc1.weight")),
        patch=patches[2],
        image=_side(math.isqrt(positions - (0 if is_siglip else 1)), patches[2]),
        projection=0 if projection is None else projection[0],
        is_siglip=is_siglip,
    )


def _side(patches: int, pixels: int) -> int:
    return ODD_SIDES.get((patches, pixels), patches * pixels)


def _open_clip(header: Header, layout: VisionLayout) -> VisionSizes:
    prefix = layout.prefix
    patches = header.required_shape(f"{prefix}conv1.weight")
    projection = header.shape(layout.projection)
    return VisionSizes(
        width=patches[0],
        inner_width=header.required_shape(f"{prefix}transformer.resblocks.0.mlp.c_fc.weight")[0],
        layers=len(header.numbers(f"{prefix}transformer.resblocks.", ".mlp.c_fc.weight")),
        patch=patches[2],
        image=math.isqrt(header.required_shape(f"{prefix}positional_embedding")[0] - 1) * patches[2],
        projection=0 if projection is None else projection[1],
        is_siglip=False,
    )


def vision_part(sizes: VisionSizes, layout: VisionLayout) -> Part:
    """Return the network of a file."""
    return Part(lambda: build_vision(sizes), lambda module: vision_keys(module, sizes, layout))


def build_vision(sizes: VisionSizes) -> nn.Module:
    """Build the network."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, SiglipVisionConfig, SiglipVisionModel

    shared: dict[str, Any] = {
        "hidden_size": sizes.width,
        "intermediate_size": sizes.inner_width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": HEADS,
        "image_size": sizes.image,
        "patch_size": sizes.patch,
    }
    if sizes.is_siglip:
        config = SiglipVisionConfig(**shared)
        config.vision_use_head = False
        siglip: nn.Module = SiglipVisionModel(config)
        return siglip
    activation = "quick_gelu" if sizes.layers <= MOST_QUICK_LAYERS else "gelu"
    projection = sizes.projection or sizes.width
    module: nn.Module = CLIPVisionModelWithProjection(
        CLIPVisionConfig(hidden_act=activation, projection_dim=projection, **shared)
    )
    if not sizes.projection:
        module.visual_projection = nn.Identity()
    return module


def vision_keys(module: nn.Module, sizes: VisionSizes, layout: VisionLayout) -> Mapping[str, Source]:
    """Map the names of a network to those of a file."""
    found: dict[str, Source] = {}
    for name in module.state_dict():
        if name == PROJECTION:
            found[name] = View(layout.projection, is_transposed=True) if layout.is_open_clip else layout.projection
            continue
        own = name.removeprefix(TRANSFORMERS)
        found[name] = _open_clip_key(own, sizes, layout.prefix) if layout.is_open_clip else layout.prefix + own
    return found


def _open_clip_key(name: str, sizes: VisionSizes, prefix: str) -> Source:
    match name.split("."):
        case ["encoder", "layers", number, *rest]:
            return layer_source(f"{prefix}transformer.resblocks.{number}.", rest, sizes.width)
    return prefix + OPEN_CLIP_ENDS[name]
