"""The autoencoder of Wan 2.1, with 16 channels, in which Qwen-Image draws pictures: videos of one frame."""

from __future__ import annotations

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.wan_vae import read_wan_vae, wan_vae_part
from diffusion.checkpoints.signature import Forbidden, Required, Sides, Signature
from diffusion.checkpoints.vaes.kind import FoundVae, VaeKind
from diffusion.latent_formats import WAN

SIGNATURE = Signature(
    (
        Required(("encoder.conv1.weight",), ndim=5),
        Required(("encoder.downsamples.0.residual.2.weight",), ndim=5),
        Required(("decoder.middle.0.residual.0.gamma",)),
        Sides("conv2.weight", 0, frozenset({WAN.channels})),
        Forbidden("decoder.upsamples.0.upsamples.", "the VAE of Wan 2.2"),
    )
)


def read(header: Header, prefix: str) -> FoundVae:
    """Read the autoencoder's sizes."""
    return FoundVae(wan_vae_part(read_wan_vae(header, prefix), prefix), WAN)


KIND = VaeKind("wan", "VAE of Wan 2.1 and Qwen-Image", SIGNATURE, read)
