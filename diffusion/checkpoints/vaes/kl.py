"""The autoencoders of latent diffusion (Rombach et al. 2022), with 4 channels (SD1, SD2, SDXL) or more (SD3, Flux.1)."""

from __future__ import annotations

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.kl_vae import VaeSizes, read_vae, vae_part
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.checkpoints.vaes.kind import FoundVae, VaeKind
from diffusion.latent_kinds import ARCHITECTURE, BY_CHANNELS, told_by
from diffusion.latents import LatentFormat

SIGNATURE = Signature(
    (
        Required(("decoder.conv_in.weight",), ndim=4),
        Required(("encoder.conv_in.weight",), ndim=4),
        Required(("decoder.up.0.block.0.conv2.weight",), ndim=4),
        Forbidden("bn.", "the VAE of Flux.2"),
    )
)


def read(header: Header, prefix: str) -> FoundVae:
    """Read the autoencoder's sizes."""
    sizes = read_vae(header, prefix)
    latent_format = LatentFormat(
        channels=sizes.latent_channels, spatial_downscale=sizes.downscale, kinds=_kinds(header, prefix, sizes)
    )
    return FoundVae(vae_part(sizes, prefix), latent_format)


def _kinds(header: Header, prefix: str, sizes: VaeSizes) -> tuple[str, ...]:
    """Return whose VAE it may be: headers differ in channels only, names and texts of files of a VAE alone tell more."""
    possible = BY_CHANNELS.get(sizes.latent_channels, ())
    if prefix:
        return possible
    return told_by(header.metadata.get(ARCHITECTURE, ""), header.path.stem, possible)


KIND = VaeKind("kl", "VAE of latent diffusion", SIGNATURE, read)
