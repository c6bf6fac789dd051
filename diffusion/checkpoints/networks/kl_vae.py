"""The autoencoders of latent diffusion (diffusers' AutoencoderKL), in the layout of the original files."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import vae_keys
from diffusion.checkpoints.networks.unet import norm_groups
from diffusion.checkpoints.part import Part


class VaeSizes(NamedTuple):
    """What makes one VAE differ from another. has_quant_conv: a 1x1 convolution around the latent; later families have none."""

    channels: tuple[int, ...]
    layers: int
    latent_channels: int
    has_quant_conv: bool = True

    @property
    def downscale(self) -> int:
        """How many pixels a latent cell is wide."""
        return 1 << (len(self.channels) - 1)


def read_vae(header: Header, prefix: str) -> VaeSizes:
    """Read a VAE's sizes; the prefix may be empty."""
    levels = header.numbers(f"{prefix}encoder.down.", ".block.0.conv2.weight")
    return VaeSizes(
        channels=tuple(
            header.required_shape(f"{prefix}encoder.down.{level}.block.0.conv2.weight")[0] for level in levels
        ),
        layers=len(header.numbers(f"{prefix}encoder.down.0.block.", ".conv2.weight")),
        latent_channels=header.required_shape(f"{prefix}decoder.conv_in.weight")[1],
        has_quant_conv=f"{prefix}quant_conv.weight" in header.tensors,
    )


def vae_part(sizes: VaeSizes, prefix: str) -> Part:
    """Return the VAE of a file whose keys begin with a prefix."""

    def keys(module: nn.Module) -> dict[str, str]:
        return {name: prefix + key for name, key in vae_keys(module.state_dict()).items()}

    return Part(lambda: build_vae(sizes), keys)


def build_vae(sizes: VaeSizes) -> nn.Module:
    """Build the autoencoder."""
    from diffusers import AutoencoderKL

    levels = len(sizes.channels)
    module: nn.Module = AutoencoderKL(
        block_out_channels=sizes.channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=sizes.layers,
        latent_channels=sizes.latent_channels,
        norm_num_groups=norm_groups(sizes.channels),
        use_quant_conv=sizes.has_quant_conv,
        use_post_quant_conv=sizes.has_quant_conv,
    )
    return module
