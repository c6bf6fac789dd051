"""The autoencoder of Flux.2: diffusers' encoder and decoder, four cells packed into one and each channel normed.

Files keep the means and variances of the packed channels, as a batch norm does; the latent that travels is normed, so that
models take it as it is. The decoder may be narrower than the encoder.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import vae_keys
from diffusion.checkpoints.networks.kl_vae import VaeSizes, read_vae
from diffusion.checkpoints.networks.unet import norm_groups
from diffusion.checkpoints.part import Part

PATCH = 2  # cells on a side that are packed into one
EPSILON = 1e-4  # of the norm (BFL's flux2)
QUANT_PLACES = {"quant_conv": "encoder.quant_conv", "post_quant_conv": "decoder.post_quant_conv"}  # in some files


class Flux2VaeSizes(NamedTuple):
    """What makes one autoencoder differ from another; latent channels are those before packing."""

    encoder: VaeSizes
    decoder_channels: tuple[int, ...]

    @property
    def latent_channels(self) -> int:
        """Channels of the latent that travels."""
        return self.encoder.latent_channels * PATCH * PATCH

    @property
    def downscale(self) -> int:
        """How many pixels a cell of it is wide."""
        return self.encoder.downscale * PATCH


def read_flux2_vae(header: Header, prefix: str) -> Flux2VaeSizes:
    """Read the sizes; the prefix may be empty."""
    levels = header.numbers(f"{prefix}decoder.up.", ".block.0.conv2.weight")
    channels = (header.required_shape(f"{prefix}decoder.up.{level}.block.0.conv2.weight")[0] for level in levels)
    return Flux2VaeSizes(read_vae(header, prefix), tuple(channels))


def flux2_vae_part(sizes: Flux2VaeSizes, prefix: str, *, quant_inside: bool = False) -> Part:
    """Return the autoencoder of a file; quant_inside: the convolutions around the latent are parts of the two halves."""

    def keys(module: nn.Module) -> dict[str, str]:
        return {name: prefix + _placed(key, quant_inside) for name, key in vae_keys(module.state_dict()).items()}

    return Part(lambda: PackedVae(sizes), keys)


def _placed(key: str, quant_inside: bool) -> str:
    layer, _, rest = key.partition(".")
    return f"{QUANT_PLACES[layer]}.{rest}" if quant_inside and layer in QUANT_PLACES else key


class CellNorm(nn.Module):
    """Brings each channel to a mean of 0 and a variance of 1, or back."""

    def __init__(self, channels: int) -> None:
        """Take the number of channels."""
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor, *, back: bool = False) -> Tensor:
        """Return x (batch, channels, rows, columns) normed, or what was normed to x."""
        mean = self.get_buffer("running_mean").view(1, -1, 1, 1)
        deviation = (self.get_buffer("running_var").view(1, -1, 1, 1) + EPSILON).sqrt()
        return x * deviation + mean if back else (x - mean) / deviation


class PackedVae(nn.Module):
    """The autoencoder, called as diffusers' AutoencoderKL is."""

    def __init__(self, sizes: Flux2VaeSizes) -> None:
        """Build it of diffusers' parts."""
        from diffusers.models.autoencoders.vae import Decoder, Encoder

        super().__init__()
        channels, levels = sizes.encoder.latent_channels, len(sizes.encoder.channels)
        groups = norm_groups(sizes.encoder.channels)  # of both halves
        self.encoder: nn.Module = Encoder(
            out_channels=channels,
            down_block_types=("DownEncoderBlock2D",) * levels,
            block_out_channels=sizes.encoder.channels,
            layers_per_block=sizes.encoder.layers,
            norm_num_groups=groups,
        )
        self.decoder: nn.Module = Decoder(
            in_channels=channels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            block_out_channels=sizes.decoder_channels,
            layers_per_block=sizes.encoder.layers,
            norm_num_groups=groups,
        )
        self.quant_conv = nn.Conv2d(2 * channels, 2 * channels, 1)
        self.post_quant_conv = nn.Conv2d(channels, channels, 1)
        self.bn = CellNorm(sizes.latent_channels)

    def encode(self, pixels: Tensor) -> Any:
        """Return the latents as a distribution of which nothing but the middle is asked."""
        mean: Tensor = self.quant_conv(self.encoder(pixels)).chunk(2, dim=1)[0]
        samples = self.bn(functional.pixel_unshuffle(mean, PATCH))
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: samples))

    def decode(self, samples: Tensor, return_dict: bool = False) -> tuple[Tensor]:
        """Return pictures in -1..1."""
        cells = functional.pixel_shuffle(self.bn(samples, back=True), PATCH)
        pixels: Tensor = self.decoder(self.post_quant_conv(cells))
        return (pixels,)
