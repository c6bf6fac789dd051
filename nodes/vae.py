"""Operators between pictures and latents."""

from __future__ import annotations

import logging
from typing import Annotated

from diffusion import images, masks
from diffusion import vae as autoencoder
from diffusion.latent_kinds import foreign
from diffusion.latents import Latent as LatentValue
from diffusion.models import Vae as VaeValue
from graph.run import Run
from graph.spec import node
from graph.widgets import Range
from nodes.sockets import Image, Latent, Mask, Vae

logger = logging.getLogger(__name__)

DecodeTile = Annotated[int, Range(64, 4096, step=32)]
EncodeTile = Annotated[int, Range(64, 4096, step=64)]
Overlap = Annotated[int, Range(0, 4096, step=32)]
Frames = Annotated[int, Range(8, 4096, step=4)]
FrameOverlap = Annotated[int, Range(4, 4096, step=4)]


@node(category="model/latent", display_name="VAE Decode")
def VAEDecode(samples: Latent, vae: Vae, *, run: Run) -> Image:
    """Turn latents into pictures."""
    _warn_of_foreign(run, samples, vae)
    return autoencoder.decode(vae, samples.samples)


@node(category="model/latent", display_name="VAE Encode")
def VAEEncode(pixels: Image, vae: Vae) -> Latent:
    """Turn pictures into latents; sides are cut to multiples of 8 pixels."""
    return LatentValue(autoencoder.encode(vae, pixels), kinds=vae.latent_format.kinds)


@node(category="model/latent", display_name="VAE Encode (for Inpainting)")
def VAEEncodeForInpaint(
    pixels: Image, vae: Vae, mask: Mask, grow_mask_by: Annotated[int, Range(0, 64, step=1)] = 6
) -> Latent:
    """Blank what a mask covers, encode the picture and let sampling change only that part.

    mask: white is painted anew.
    grow_mask_by: pixels by which the part that may change is widened, to hide the seam.
    """
    height, width = pixels.shape[1:3]
    fitted = masks.inpaint_masks(mask, height, width, grow_mask_by)
    samples = autoencoder.encode(vae, images.blank(pixels, fitted.blank))
    changed = images.cut_to_multiple(fitted.change, vae.latent_format.spatial_downscale)
    return LatentValue(samples, noise_mask=changed, kinds=vae.latent_format.kinds)


@node(category="model/latent", display_name="VAE Decode (Tiled)")
def VAEDecodeTiled(
    samples: Latent,
    vae: Vae,
    tile_size: DecodeTile = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
    *,
    run: Run,
) -> Image:
    """Turn latents into pictures in tiles, which needs less memory.

    tile_size: pixels on a side of a tile.
    overlap: pixels that neighbouring tiles share.
    temporal_size: frames at a time; only for video.
    temporal_overlap: frames that neighbouring parts share; only for video.
    """
    _warn_of_foreign(run, samples, vae)
    scale = vae.latent_format.spatial_downscale
    overlap = min(overlap, tile_size // 4)
    return autoencoder.decode_tiled(
        vae, samples.samples, tile=tile_size // scale, overlap=overlap // scale, on_tile=run.progress
    )


@node(category="model/latent", display_name="VAE Encode (Tiled)")
def VAEEncodeTiled(
    pixels: Image,
    vae: Vae,
    tile_size: EncodeTile = 512,
    overlap: Overlap = 64,
    temporal_size: Frames = 64,
    temporal_overlap: FrameOverlap = 8,
    *,
    run: Run,
) -> Latent:
    """Turn pictures into latents in tiles, which needs less memory.

    tile_size: pixels on a side of a tile.
    overlap: pixels that neighbouring tiles share.
    temporal_size: frames at a time; only for video.
    temporal_overlap: frames that neighbouring parts share; only for video.
    """
    samples = autoencoder.encode_tiled(vae, pixels, tile=tile_size, overlap=overlap, on_tile=run.progress)
    return LatentValue(samples, kinds=vae.latent_format.kinds)


def _warn_of_foreign(run: Run, latent: LatentValue, vae: VaeValue) -> None:
    """Tell that a VAE does not belong to a latent; it is no error, for some mix them on purpose."""
    fault = foreign(latent.kinds, vae.latent_format.kinds)
    if fault is not None:
        node = run.nodes.get(run.node_id)
        logger.warning("%s: %s", f"#{run.node_id}" if node is None else node.label, fault)
