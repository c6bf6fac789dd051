"""Flux.2's autoencoder: 32 channels, of which four cells are packed into one of 128."""

from __future__ import annotations

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.flux2_vae import QUANT_PLACES, flux2_vae_part, read_flux2_vae
from diffusion.checkpoints.signature import Required, Signature
from diffusion.checkpoints.vaes.kind import FoundVae, VaeKind
from diffusion.latent_kinds import FLUX2
from diffusion.latents import LatentFormat

SIGNATURE = Signature(
    (
        Required(("bn.running_mean",), ndim=1),
        Required(("decoder.conv_in.weight",), ndim=4),
        Required(("encoder.conv_in.weight",), ndim=4),
        Required(("decoder.up.0.block.0.conv2.weight",), ndim=4),
    )
)


def read(header: Header, prefix: str) -> FoundVae:
    """Read the autoencoder's sizes."""
    sizes = read_flux2_vae(header, prefix)
    is_inside = f"{prefix}{QUANT_PLACES['quant_conv']}.weight" in header.tensors
    latent_format = LatentFormat(channels=sizes.latent_channels, spatial_downscale=sizes.downscale, kinds=(FLUX2,))
    return FoundVae(flux2_vae_part(sizes, prefix, quant_inside=is_inside), latent_format)


KIND = VaeKind("flux2", "VAE of Flux.2", SIGNATURE, read)
