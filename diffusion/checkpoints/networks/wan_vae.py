"""The autoencoder of Wan 2.1 and Qwen-Image (diffusers' AutoencoderKLQwenImage), in the layout of the original files.

Files count the layers of all levels in one row; a level is some residual blocks, and what changes the size behind all but
the last.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part

RESIDUAL = {"norm1": "residual.0", "conv1": "residual.2", "norm2": "residual.3", "conv2": "residual.6"}
SHORTCUT = {"conv_shortcut": "shortcut"}
ENDS = {
    "quant_conv": "conv1",
    "post_quant_conv": "conv2",
    **{f"{half}.conv_in": f"{half}.conv1" for half in ("encoder", "decoder")},
    **{f"{half}.norm_out": f"{half}.head.0" for half in ("encoder", "decoder")},
    **{f"{half}.conv_out": f"{half}.head.2" for half in ("encoder", "decoder")},
}


class WanVaeSizes(NamedTuple):
    """What makes one autoencoder differ from another. shrinks_time: whether each change of size is one of time too."""

    channels: tuple[int, ...]
    blocks: int
    latent_channels: int
    shrinks_time: tuple[bool, ...]
    pixel_channels: int = 3


def read_wan_vae(header: Header, prefix: str) -> WanVaeSizes:
    """Read the sizes; the prefix may be empty."""
    place = f"{prefix}encoder.downsamples."
    blocks = header.numbers(place, ".residual.2.weight")
    changes = header.numbers(place, ".resample.1.weight")
    lasts = [*(change - 1 for change in changes), blocks[-1]]
    return WanVaeSizes(
        channels=tuple(header.required_shape(f"{place}{last}.residual.6.weight")[0] for last in lasts),
        blocks=lasts[0] + 1,
        latent_channels=header.required_shape(f"{prefix}conv2.weight")[0],
        shrinks_time=tuple(f"{place}{change}.time_conv.weight" in header.tensors for change in changes),
        pixel_channels=header.required_shape(f"{prefix}encoder.conv1.weight")[1],
    )


def wan_vae_part(sizes: WanVaeSizes, prefix: str) -> Part:
    """Return the autoencoder of a file whose keys begin with a prefix."""

    def keys(module: nn.Module) -> dict[str, str]:
        return {name: prefix + wan_vae_key(name, sizes.blocks) for name in module.state_dict()}

    return Part(lambda: build_wan_vae(sizes), keys)


def wan_vae_key(name: str, blocks: int) -> str:
    """Return the key of a tensor, by the name that it has in diffusers."""
    layer, _, leaf = name.rpartition(".")
    if layer in ENDS:
        return f"{ENDS[layer]}.{leaf}"
    match layer.split("."):
        case [half, "mid_block", "resnets", number, part]:
            return f"{half}.middle.{2 * int(number)}.{RESIDUAL[part]}.{leaf}"
        case [half, "mid_block", "attentions", _, part]:
            return f"{half}.middle.1.{part}.{leaf}"
        case [half, "down_blocks", number, *parts]:
            return f"{half}.downsamples.{number}.{_within(parts)}.{leaf}"
        case [half, "up_blocks", level, "resnets", number, part]:
            return f"{half}.upsamples.{int(level) * (blocks + 2) + int(number)}.{_within([part])}.{leaf}"
        case [half, "up_blocks", level, "upsamplers", _, *parts]:
            return f"{half}.upsamples.{int(level) * (blocks + 2) + blocks + 1}.{_within(parts)}.{leaf}"
    raise KeyError(name)


def _within(parts: list[str]) -> str:
    names = {**RESIDUAL, **SHORTCUT}
    return ".".join(names.get(part, part) for part in parts)


def build_wan_vae(sizes: WanVaeSizes) -> nn.Module:
    """Build the autoencoder."""
    from diffusers import AutoencoderKLQwenImage

    base = sizes.channels[0]
    module: nn.Module = AutoencoderKLQwenImage(
        base_dim=base,
        z_dim=sizes.latent_channels,
        dim_mult=[channels // base for channels in sizes.channels],
        num_res_blocks=sizes.blocks,
        temperal_downsample=list(sizes.shrinks_time),
        input_channels=sizes.pixel_channels,
    )
    return module
