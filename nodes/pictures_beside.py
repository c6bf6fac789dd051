"""Operators for networks that see a picture beside the latent: those for inpainting, and those for instructions."""

from __future__ import annotations

from typing import NamedTuple

from diffusion import images, masks
from diffusion import vae as autoencoder
from diffusion.conditioning import with_extras
from diffusion.latents import Latent as LatentValue
from graph.spec import node
from nodes.sockets import Conditioning, Image, Latent, Mask, Vae


class Prepared(NamedTuple):
    """Both prompts with the picture, and the latent to sample from."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent


@node(category="model/conditioning")
def InpaintModelConditioning(
    positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image, mask: Mask, noise_mask: bool = True
) -> Prepared:
    """Show a picture without its masked part to a network for inpainting.

    mask: white is painted anew.
    noise_mask: let sampling change only that part; without it the network may change all, which some do better.
    """
    multiple = vae.latent_format.spatial_downscale
    height, width = pixels.shape[1:3]
    fitted = masks.inpaint_masks(mask, height, width, grow_by=0).blank
    plane = images.cut_to_multiple(fitted, multiple)
    beside = autoencoder.encode(vae, images.blank(pixels, fitted))
    given = {"concat_latent_image": beside, "concat_mask": plane}
    kept = plane if noise_mask else None
    latent = LatentValue(autoencoder.encode(vae, pixels), noise_mask=kept, kinds=vae.latent_format.kinds)
    return Prepared(with_extras(positive, **given), with_extras(negative, **given), latent)


@node(category="model/conditioning/instructpix2pix")
def InstructPixToPixConditioning(positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image) -> Prepared:
    """Show a picture to a network that changes it as the prompt says; sampling begins with an empty latent."""
    beside = autoencoder.encode(vae, pixels)
    given = {"concat_latent_image": beside}
    return Prepared(
        with_extras(positive, **given), with_extras(negative, **given), LatentValue(beside.new_zeros(beside.shape))
    )
