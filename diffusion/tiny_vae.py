"""Tiny autoencoders (TAESD and its relatives): pictures of latents in a fraction of a VAE's time.

    vae = load_tiny_vae(encoder_path, decoder_path, TINY_VAES["taesd"])  # a Vae like others
    picture = preview_tiny(load_tiny_decoder(decoder_path), step.denoised)

Files are madebyollin's: a numbered sequence of layers each for the two halves, which are diffusers' EncoderTiny and
DecoderTiny. They work in the scale that models work in, so a Vae of them has the scale inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn

from diffusion.checkpoints.fill import fill, fill_mapped
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep, file_digest
from diffusion.errors import CheckpointError
from diffusion.latent_kinds import FLUX, SD1, SD3, SDXL
from diffusion.latents import LatentFormat
from diffusion.models import Vae
from diffusion.quantize import Precision
from diffusion.streaming import kept

ENCODER_BLOCKS, DECODER_BLOCKS = (1, 3, 3, 3), (3, 3, 3, 1)  # at each size (madebyollin/taesd)
COLOURS = 3


class Scale(NamedTuple):
    """What turns a VAE's latents into those of its model: (latent - shift) * factor. kinds: whose latents these are."""

    factor: float = 1.0
    shift: float = 0.0
    kinds: tuple[str, ...] = ()


UNSCALED = Scale()
TINY_VAES: Mapping[str, Scale] = MappingProxyType(  # names of ComfyUI; the scales are those of the families
    {
        "taesd": Scale(0.18215, kinds=(SD1,)),
        "taesdxl": Scale(0.13025, kinds=(SDXL,)),
        "taesd3": Scale(1.5305, 0.0609, (SD3,)),
        "taef1": Scale(0.3611, 0.1159, (FLUX,)),
    }
)


class Half(NamedTuple):
    """The sizes of an encoder or a decoder."""

    width: int
    latent_channels: int


@dataclass(frozen=True)
class _Exact:
    """A distribution of one value, as an encoder of diffusers gives it."""

    latents: Tensor

    @property
    def latent_dist(self) -> _Exact:
        return self

    def mode(self) -> Tensor:
        return self.latents


class TinyAutoencoder(nn.Module):
    """An encoder (if there is one) and a decoder, called as diffusers' AutoencoderKL is."""

    def __init__(self, encoder: nn.Module | None, decoder: nn.Module, scale: Scale) -> None:
        super().__init__()
        self.encoder, self.decoder, self.scale = encoder, decoder, scale

    def encode(self, pixels: Tensor) -> _Exact:
        """Return the latents of pixels in -1..1."""
        if self.encoder is None:
            raise CheckpointError("This tiny VAE has no encoder; take one that has both halves.")
        return _Exact(self.encoder(pixels) / self.scale.factor + self.scale.shift)

    def decode(self, samples: Tensor, return_dict: bool = False) -> tuple[Tensor]:
        """Return pixels in -1..1."""
        return (self.decoder((samples - self.scale.shift) * self.scale.factor),)


def load_tiny_vae(
    encoder: Path | None,
    decoder: Path,
    scale: Scale = UNSCALED,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> Vae:
    """Load the halves of a tiny VAE, without an encoder for previews; keep: as load_checkpoint has it."""
    opened = [open_any(path) for path in (decoder, encoder) if path is not None]
    parts = [
        decoder_part(read_decoder(opened[0].header)),
        *(encoder_part(read_encoder(each.header)) for each in opened[1:]),
    ]
    digest = " ".join([*(file_digest(each.header, dtype) for each in opened), repr(tuple(scale))])
    channels = read_decoder(opened[0].header).latent_channels
    format_ = LatentFormat(channels=channels, kinds=scale.kinds)
    if keep is None:
        halves = [fill(part, weights, Precision(dtype), device) for part, weights in zip(parts, opened, strict=True)]
        return Vae(_joined(halves, scale), format_, digest)
    mapped = [fill_mapped(part, weights) for part, weights in zip(parts, opened, strict=True)]
    module = _joined([each.module for each in mapped], scale)
    return Vae(module, format_, digest, keep(module, digest, Precision(dtype).resolved(mapped[0].dtype)))


def _joined(halves: list[nn.Module], scale: Scale) -> nn.Module:
    decoder, *encoders = halves
    return TinyAutoencoder(encoders[0] if encoders else None, decoder, scale).eval().requires_grad_(False)


@torch.no_grad()
def preview_tiny(vae: Vae, latent: Tensor) -> Image.Image:
    """Return the picture of the first latent of a batch (batch, channels, rows, columns), in the model's scale."""
    decoder: Any = vae.autoencoder

    def work() -> Tensor:
        pixels: Tensor = decoder.decode(latent[:1].to(vae.device, vae.dtype))[0]
        return pixels

    pixels = kept(vae.keeper, "decode", latent[:1].shape, work)[0]
    shown = pixels.float().add(1.0).div(2.0).clamp(0, 1).mul(255).to("cpu", torch.uint8)
    return Image.fromarray(shown.movedim(0, -1).contiguous().numpy())


def read_decoder(header: Header) -> Half:
    """Read the sizes of a decoder; CheckpointError if the file holds none."""
    _refuse_other(header, "1.weight", "19.weight", "decoder")
    width, channels = header.required_shape("1.weight")[:2]
    return Half(width, channels)


def read_encoder(header: Header) -> Half:
    """Read the sizes of an encoder; CheckpointError if the file holds none."""
    _refuse_other(header, "0.weight", "14.weight", "encoder")
    return Half(header.required_shape("0.weight")[0], header.required_shape("14.weight")[0])


def _refuse_other(header: Header, first: str, last: str, kind: str) -> None:
    is_pooled = any(".pool." in name for name in header.tensors)
    if is_pooled or header.shape(first) is None or header.shape(last) is None:
        found = "layers with pooling, which are not supported" if is_pooled else f"{len(header.tensors)} other tensors"
        raise CheckpointError(
            f"{header.path.name}: no tiny {kind} is in this file; found {found}, expected TAESD's layers."
        )


def decoder_part(half: Half) -> Part:
    """Return the decoder of a file; in the file a clamp stands before its layers and counts."""
    return Part(partial(_build_decoder, half), lambda module: _keys(module, 1))


def encoder_part(half: Half) -> Part:
    """Return the encoder of a file."""
    return Part(partial(_build_encoder, half), lambda module: _keys(module, 0))


def _keys(module: nn.Module, offset: int) -> dict[str, str]:
    found = {}
    for name in module.state_dict():
        _, place, rest = name.split(".", 2)
        found[name] = f"{int(place) + offset}.{rest}"
    return found


def _build_decoder(half: Half) -> nn.Module:
    from diffusers.models.autoencoders.vae import DecoderTiny

    module: nn.Module = DecoderTiny(
        half.latent_channels, COLOURS, DECODER_BLOCKS, (half.width,) * 4, 2, "relu", "nearest"
    )
    return module


def _build_encoder(half: Half) -> nn.Module:
    from diffusers.models.autoencoders.vae import EncoderTiny

    module: nn.Module = EncoderTiny(COLOURS, half.latent_channels, ENCODER_BLOCKS, (half.width,) * 4, "relu")
    return module
