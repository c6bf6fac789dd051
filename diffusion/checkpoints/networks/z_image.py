"""The transformer of Z-Image (diffusers' ZImageTransformer2DModel), in the layout of the original files.

They keep query, key and value of a layer in one tensor, which become views.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, View

PATCH = 2
CAPTION_PLACES, PICTURE_PLACES = 32_768, 4096  # that rotary positions are made for: tokens, and patches on a side
EIGHTHS = (2, 3, 3)  # of a head's width, for the place in the text, the row and the column
FUSED = ("to_q", "to_k", "to_v")
NAMES = {"to_out.0": "out", "norm_q": "q_norm", "norm_k": "k_norm"}
BEGINNINGS = {f"all_x_embedder.{PATCH}-1.": "x_embedder.", f"all_final_layer.{PATCH}-1.": "final_layer."}


class ZImageSizes(NamedTuple):
    """What makes one transformer differ from another."""

    channels: int
    width: int
    head_width: int
    layers: int
    refiners: int
    context_width: int


def read_z_image(header: Header, prefix: str) -> ZImageSizes:
    """Read the sizes; keys begin with the prefix."""
    width, context_width = header.required_shape(f"{prefix}cap_embedder.1.weight")
    return ZImageSizes(
        channels=header.required_shape(f"{prefix}x_embedder.weight")[1] // PATCH**2,
        width=width,
        head_width=header.required_shape(f"{prefix}noise_refiner.0.attention.k_norm.weight")[0],
        layers=len(header.numbers(f"{prefix}layers.", ".attention.qkv.weight")),
        refiners=len(header.numbers(f"{prefix}noise_refiner.", ".attention.qkv.weight")),
        context_width=context_width,
    )


def z_image_part(sizes: ZImageSizes, prefix: str) -> Part:
    """Return the transformer of a file whose keys begin with a prefix."""

    def keys(module: nn.Module) -> dict[str, Source]:
        return {name: z_image_source(name, prefix, sizes.width) for name in module.state_dict()}

    return Part(lambda: build_z_image(sizes), keys)


def z_image_source(name: str, prefix: str, width: int) -> Source:
    """Return where a tensor lies, by the name that it has in diffusers."""
    owner, is_attention, rest = name.partition(".attention.")
    if is_attention:
        layer, _, leaf = rest.rpartition(".")
        place = f"{prefix}{owner}.attention."
        if layer in FUSED:
            first = FUSED.index(layer) * width
            return View(f"{place}qkv.{leaf}", rows=(first, first + width))
        return f"{place}{NAMES[layer]}.{leaf}"
    begun = next((own for own in BEGINNINGS if name.startswith(own)), None)
    return prefix + (name if begun is None else BEGINNINGS[begun] + name.removeprefix(begun))


def build_z_image(sizes: ZImageSizes) -> nn.Module:
    """Build the transformer."""
    from diffusers import ZImageTransformer2DModel

    heads = sizes.width // sizes.head_width
    module: nn.Module = ZImageTransformer2DModel(
        all_patch_size=(PATCH,),
        in_channels=sizes.channels,
        dim=sizes.width,
        n_layers=sizes.layers,
        n_refiner_layers=sizes.refiners,
        n_heads=heads,
        n_kv_heads=heads,
        cap_feat_dim=sizes.context_width,
        axes_dims=[sizes.head_width * share // sum(EIGHTHS) for share in EIGHTHS],
        axes_lens=[CAPTION_PLACES, PICTURE_PLACES, PICTURE_PLACES],
    )
    return module
