"""Operators for models that are made for inpainting: they see the picture around the part that they paint."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from diffusion import images, masks
from diffusion import vae as autoencoder
from diffusion.conditioning import with_extras
from diffusion.latents import Latent as LatentValue
from graph.spec import node
from nodes.sockets import Conditioning, Image, Latent, Mask, Vae


class Inpainting(NamedTuple):
    """Both prompts with the picture that their model is to see, and the latent to begin with."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent


@node(category="model/conditioning")
def InpaintModelConditioning(
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    noise_mask: bool = True,
) -> Inpainting:
    """Show an inpainting model the picture without what a mask covers, and the mask.

    pixels: the picture; its sides are cut to multiples of 8 pixels.
    mask: white is painted anew.
    noise_mask: let sampling change only what the mask covers.
    """
    multiple = vae.latent_format.spatial_downscale
    fitted = masks.inpaint_masks(mask, pixels.shape[1], pixels.shape[2], 0).blank
    seen = autoencoder.encode(vae, images.blank(pixels, fitted))
    covered = images.cut_to_multiple(fitted, multiple)
    latent = LatentValue(autoencoder.encode(vae, pixels), noise_mask=covered if noise_mask else None)
    shown = partial(with_extras, concat_latent_image=seen, concat_mask=covered)
    return Inpainting(shown(positive), shown(negative), latent)
