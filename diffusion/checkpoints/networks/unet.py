"""U-Nets of latent diffusion: Stable Diffusion 1, 2 and XL, in the layout of the original files.

All sizes are read from shapes, so relatives of any size load. What shapes do not tell is a Kind: one constant a family.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from diffusion.adapters import Adapter
from diffusion.beside import BesideAdapter, Changing, Filling
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.checkpoints.part import Part
from diffusion.errors import CheckpointError
from diffusion.latents import LatentFormat

MOST_NORM_GROUPS = 32
LEAST_GROUP_WIDTH = 4


class Kind(NamedTuple):
    """What the shapes of a U-Net do not tell: heads of a fixed number, or of a fixed width."""

    heads: int | None = None
    head_width: int = 64
    time_ids_width: int = 256  # of each number beside the prompt, where there are any (SDXL)
    takes_labels: bool = False  # what is beside the prompt is one vector, not a pooled prompt and numbers (unCLIP)


class UnetSizes(NamedTuple):
    """What makes one U-Net differ from another; one entry a level in the tuples.

    depths: of the transformers, 0 for none. is_linear: their projections are linear layers, not 1x1 convolutions.
    vector_width: of what the network takes beside the prompt, 0 for nothing. up_depths: of the transformers on the way up,
    one a resnet, the deepest level first; empty if they mirror `depths`. middle_resnets: 2, or fewer in networks that were
    made smaller afterwards.
    """

    in_channels: int
    out_channels: int
    channels: tuple[int, ...]
    depths: tuple[int, ...]
    middle_depth: int
    layers: int
    context_width: int
    is_linear: bool = False
    vector_width: int = 0
    up_depths: tuple[tuple[int, ...], ...] = ()
    middle_resnets: int = 2


def read_unet(header: Header, prefix: str) -> UnetSizes:
    """Read a U-Net's sizes."""
    levels = len(header.numbers(f"{prefix}input_blocks.", ".0.op.weight")) + 1
    layers = len(header.numbers(f"{prefix}input_blocks.", ".0.out_layers.3.weight")) // levels
    firsts = [f"{prefix}input_blocks.{1 + level * (layers + 1)}" for level in range(levels)]
    depths = tuple(_depth(header, f"{first}.1") for first in firsts)
    attending = next((f"{first}.1" for first, depth in zip(firsts, depths, strict=True) if depth), f"{firsts[0]}.1")
    vector = header.shape(f"{prefix}label_emb.0.0.weight")
    return UnetSizes(
        in_channels=header.required_shape(f"{prefix}input_blocks.0.0.weight")[1],
        out_channels=header.required_shape(f"{prefix}out.2.weight")[0],
        channels=tuple(header.required_shape(f"{first}.0.out_layers.3.weight")[0] for first in firsts),
        depths=depths,
        middle_depth=_depth(header, f"{prefix}middle_block.1"),
        layers=layers,
        context_width=header.required_shape(f"{attending}.transformer_blocks.0.attn2.to_k.weight")[1],
        is_linear=len(header.required_shape(f"{attending}.proj_in.weight")) == 2,
        vector_width=0 if vector is None else vector[1],
        up_depths=_up_depths(header, prefix, depths, layers),
        middle_resnets=len(header.numbers(f"{prefix}middle_block.", ".out_layers.3.weight")),
    )


def _up_depths(header: Header, prefix: str, depths: tuple[int, ...], layers: int) -> tuple[tuple[int, ...], ...]:
    numbers = range(layers + 1)
    found = tuple(
        tuple(_depth(header, f"{prefix}output_blocks.{level * (layers + 1) + number}.1") for number in numbers)
        for level in range(len(depths))
    )
    return () if found == tuple((depth,) * (layers + 1) for depth in reversed(depths)) else found


def unet_part(sizes: UnetSizes, kind: Kind, prefix: str) -> Part:
    """Return the U-Net of a file whose keys begin with a prefix."""

    def keys(module: nn.Module) -> dict[str, str]:
        return {name: prefix + key for name, key in unet_keys(module.state_dict()).items()}

    return Part(lambda: build_unet(sizes, kind), keys)


def build_unet(sizes: UnetSizes, kind: Kind) -> nn.Module:
    """Build the backbone."""
    from diffusers import UNet2DConditionModel

    down = ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in sizes.depths]
    ups = [max(depths) for depths in sizes.up_depths] or reversed(sizes.depths)
    up = ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in ups]
    module: nn.Module = UNet2DConditionModel(
        in_channels=sizes.in_channels,
        out_channels=sizes.out_channels,
        block_out_channels=sizes.channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        layers_per_block=sizes.layers,
        **_transformers(sizes),
        cross_attention_dim=sizes.context_width,
        attention_head_dim=_heads(sizes, kind),  # diffusers' name for the number of heads in these families
        use_linear_projection=sizes.is_linear,
        norm_num_groups=norm_groups(sizes.channels),
        **_vector(sizes, kind),
    )
    return module


def adapter_for(
    header: Header,
    sizes: UnetSizes,
    inner: Adapter,
    latent_format: LatentFormat,
    changed_format: LatentFormat | None = None,
) -> Adapter:
    """Return how a U-Net is called: as `inner` says, with what its input has beside the latent.

    changed_format: as diffusion.beside.Changing has it. CheckpointError if it takes something unknown.
    """
    beside = sizes.in_channels - sizes.out_channels
    if beside == 0:
        return inner
    if beside == 1 + sizes.out_channels:
        return BesideAdapter(inner, Filling(latent_format))
    if beside == sizes.out_channels:
        return BesideAdapter(inner, Changing(changed_format))
    raise CheckpointError(
        f"{header.path.name}: the U-Net takes {sizes.in_channels} channels and gives {sizes.out_channels}; "
        f"expected {sizes.out_channels}, {1 + 2 * sizes.out_channels} for inpainting, or {2 * sizes.out_channels} for "
        "editing a picture. This kind of model is not supported."
    )


def norm_groups(channels: tuple[int, ...]) -> int:
    """Return the number of groups in every GroupNorm of a network: 32 from 128 channels on, fewer below.

    A small network with 32 groups would normalise each channel alone, which erases the colour of flat pictures (a VAE of
    32 channels then learned nothing in 300 steps, 2026-11).
    """
    return max(1, min(MOST_NORM_GROUPS, channels[0] // LEAST_GROUP_WIDTH))


def _transformers(sizes: UnetSizes) -> dict[str, object]:
    """Return the depths of the transformers as diffusers wants them: the middle has that of the last level."""
    middle = {0: None, 1: "UNetMidBlock2D"}.get(sizes.middle_resnets, "UNetMidBlock2DCrossAttn")
    down = [depth or max(sizes.middle_depth, 1) for depth in sizes.depths]
    up = [list(depths) for depths in sizes.up_depths] or None
    return {
        "transformer_layers_per_block": down,
        "reverse_transformer_layers_per_block": up,
        "mid_block_type": middle,
    }


def _depth(header: Header, prefix: str) -> int:
    return len(header.numbers(f"{prefix}.transformer_blocks.", ".attn2.to_k.weight"))


def _heads(sizes: UnetSizes, kind: Kind) -> int | tuple[int, ...]:
    if kind.heads is not None:
        return kind.heads
    return tuple(max(1, channels // kind.head_width) for channels in sizes.channels)


def _vector(sizes: UnetSizes, kind: Kind) -> dict[str, object]:
    """Return what lets a U-Net take a vector beside the prompt: as it is, or the pooled prompt and sizes, as SDXL has them."""
    if not sizes.vector_width:
        return {}
    if kind.takes_labels:
        return {"class_embed_type": "projection", "projection_class_embeddings_input_dim": sizes.vector_width}
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": kind.time_ids_width,
        "projection_class_embeddings_input_dim": sizes.vector_width,
    }
