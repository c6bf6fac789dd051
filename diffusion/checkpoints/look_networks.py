"""What files of whole models and their parts are: checkpoints, diffusion networks, text encoders, VAEs.

Each look takes a header and gives what it tells, or None if the file is something else.
"""

from __future__ import annotations

from collections.abc import Mapping

from diffusion.checkpoints.description import CHECKPOINT, NETWORK, TEXT_ENCODER, TINY_VAE, VAE, VISION, Description
from diffusion.checkpoints.detect import detect, other_kind
from diffusion.checkpoints.encoders import encoder_alone, known_encoders
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.clip_vision import find_layout
from diffusion.checkpoints.together import whole_of
from diffusion.checkpoints.vaes import find_vae
from diffusion.errors import CheckpointError
from diffusion.latent_kinds import BY_CHANNELS, title_of, told_by
from diffusion.latents import LatentFormat
from diffusion.tiny_vae import Half, read_decoder, read_encoder

USUAL_CELL = 8  # pixels on a side that a cell of a latent stands for
LATENT_DIFFUSION = "latent diffusion"  # of a VAE with channels that no known family has
OTHER_VAES: Mapping[str, str] = {  # beginnings of keys, and whose VAE has them
    "decoder.upsamples.0.upsamples.": "Wan 2.2",
    "decoder.up_blocks.0.resnets.0.conv1.weight": "",
}


def look_at_network(header: Header) -> Description | None:
    """Tell checkpoints and diffusion networks."""
    try:
        title = detect(header).family.title
    except CheckpointError:
        return None
    try:
        whole = whole_of(header)
    except CheckpointError as error:
        return Description(NETWORK, title, note=str(error))
    titles = {kind.name: kind.title for kind in known_encoders()}
    vision = (VISION,) if find_layout(header) else ()
    networks = (*(titles.get(kind, kind) for kind in whole.encoders), *((VAE,) if whole.vae else ()), *vision)
    return Description(CHECKPOINT if networks else NETWORK, title, networks)


def look_at_encoder(header: Header) -> Description | None:
    """Tell text encoders."""
    try:
        kind, _ = encoder_alone(header)
    except CheckpointError:
        return None
    titles = {each.name: each.title for each in known_encoders()}
    return Description(TEXT_ENCODER, titles.get(kind, kind))


def look_at_vae(header: Header) -> Description | None:
    """Tell VAEs; those that do not load too."""
    found = find_vae(header)
    if found is not None:
        latent_format = found.latent_format
        return Description(VAE, title_of(latent_format.kinds) or LATENT_DIFFUSION, details=_sizes(latent_format))
    others = (title for start, title in OTHER_VAES.items() if any(key.startswith(start) for key in header.tensors))
    title = next(others, None)
    if title is None:
        return None
    seen = other_kind(header) or "one that is not supported"
    return Description(VAE, title, note=f"{header.path.name}: this is {seen}.")


def look_at_tiny_vae(header: Header) -> Description | None:
    """Tell the halves of tiny VAEs."""
    for word, read in (("encoder", read_encoder), ("decoder", read_decoder)):
        try:
            half: Half = read(header)
        except CheckpointError:
            continue
        kinds = told_by("", header.path.stem, BY_CHANNELS.get(half.latent_channels, ()))
        return Description(TINY_VAE, title_of(kinds), details=(word, f"{half.latent_channels} channels"))
    return None


def _sizes(latent_format: LatentFormat) -> tuple[str, ...]:
    cell = latent_format.spatial_downscale
    return (
        f"{latent_format.channels} channels",
        *(() if cell == USUAL_CELL else (f"cells of {cell} x {cell} pixels",)),
    )
