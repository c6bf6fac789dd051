"""Handles of loaded networks: small frozen values that point to modules and say how these are to be used.

    output = model.apply(x, timestep, context)
    cond = clip.with_layer(-2).encode("a photo of a (red:1.3) cat")

The modules are diffusers' and transformers'; their weights are not changed through a handle, so many may share them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.conditioning import Cond
from diffusion.finite import require_finite
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.streaming import Keeper, kept
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.encoders import Encoded, encode_prompt
from diffusion.text.tokenizer import ClipTokenizer


@dataclass(frozen=True)
class Model:
    """A diffusion network (diffusers' UNet2DConditionModel), how its output is read, and the scale of its latents.

    digest: tells the weights and all that was done to them; "" if unknown. keeper: brings the weights where they are used;
    None if they lie there.
    """

    backbone: nn.Module
    parameterization: Parameterization
    latent_format: LatentFormat
    family: str = "sd1"
    digest: str = ""
    patches: tuple[Any, ...] = ()
    keeper: Keeper | None = None

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return _device(self.keeper, self.backbone)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return _dtype(self.keeper, self.backbone)

    def apply(self, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """Return the network's output (batch, channels, rows, columns) for scaled x.

        timestep: (batch,), may lie between whole steps. context: (batch, tokens, width).
        """
        return kept(self.keeper, "denoise", x.shape, lambda: self._apply(x, timestep, context))

    def _apply(self, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        dtype = self.dtype
        output: Tensor = self.backbone(
            x.to(dtype), timestep.float(), encoder_hidden_states=context.to(dtype), return_dict=False
        )[0]
        return output


@dataclass(frozen=True)
class Clip:
    """A CLIP text encoder (transformers' CLIPTextModel) with its tokenizer.

    layer: which layer's output is taken: None or -1 the last, -2 the one before it, … (CLIP skip).
    embeddings: finds the file of a textual inversion by its name.
    """

    tokenizer: ClipTokenizer
    encoder: nn.Module
    layer: int | None = None
    embeddings: EmbeddingLookup = field(default=no_embeddings)
    digest: str = ""
    keeper: Keeper | None = None

    @property
    def device(self) -> torch.device:
        """Where the encoder computes."""
        return _device(self.keeper, self.encoder)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the encoder computes."""
        return _dtype(self.keeper, self.encoder)

    def with_layer(self, layer: int | None) -> Clip:
        """Return the same encoder, stopping at a layer counted from the end (-1 … -24)."""
        return replace(self, layer=layer, digest=self.digest and f"{self.digest} layer {layer}")

    def encode(self, text: str) -> Cond:
        """Return a prompt's embedding (1, 77 * chunks, width), float32, on the CPU; DiffusionError if it is none."""
        encoded = kept(self.keeper, "encode text", (1,), lambda: self._encode(text))
        advice = "The checkpoint or an embedding of the prompt may be damaged; get it again."
        return Cond(require_finite(encoded.embedding, "The text encoder gave", advice), encoded.pooled)

    def _encode(self, text: str) -> Encoded:
        return encode_prompt(self.encoder, self.tokenizer, text, layer=self.layer, embeddings=self.embeddings)


@dataclass(frozen=True)
class Vae:
    """An autoencoder (diffusers' AutoencoderKL) between pictures and latents; see diffusion.vae."""

    autoencoder: nn.Module
    latent_format: LatentFormat
    digest: str = ""
    keeper: Keeper | None = None

    @property
    def device(self) -> torch.device:
        """Where the autoencoder computes."""
        return _device(self.keeper, self.autoencoder)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the autoencoder computes."""
        return _dtype(self.keeper, self.autoencoder)


def _device(keeper: Keeper | None, module: nn.Module) -> torch.device:
    return next(module.parameters()).device if keeper is None else keeper.device


def _dtype(keeper: Keeper | None, module: nn.Module) -> torch.dtype:
    return next(module.parameters()).dtype if keeper is None else keeper.dtype
