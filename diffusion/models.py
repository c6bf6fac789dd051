"""Handles of loaded networks: small frozen values that point to modules and say how these are to be used.

    output = model.apply(x, timestep, context)
    cond = clip.with_layer(-2).encode("a photo of a (red:1.3) cat")

The modules are diffusers' and transformers'; their weights are not changed through a handle, so many may share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.adapters import NOTHING, Adapter, Given, UNetAdapter
from diffusion.conditioning import Cond
from diffusion.finite import require_finite
from diffusion.latents import LatentFormat
from diffusion.overlay import Overlay, WeightPatch
from diffusion.parameterization import Parameterization
from diffusion.patches import Guidance, Hook, MaskPatch, Refinement, Usage, hooked
from diffusion.streaming import Keeper, kept
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.encoders import Encoded, encode_prompt
from diffusion.text.tokenizer import ClipTokenizer


@dataclass(frozen=True)
class Model:
    """A diffusion network (diffusers' UNet2DConditionModel), how its output is read, and the scale of its latents.

    digest: tells the weights and all that was done to them; "" if unknown. adapter: how the network is called. patches:
    what is done to the weights, in this order; the backbone itself is not changed, so that handles may share it. overlay:
    made from the patches, and kept by handles that are made from this one and have the same. usage: patches of guidance
    and of what goes through the network. computed: the precision in which the network computes, None if it is that of the
    weights. keeper: brings the weights where they are used; None if they lie there.
    """

    backbone: nn.Module
    parameterization: Parameterization
    latent_format: LatentFormat
    family: str = "sd1"
    digest: str = ""
    patches: tuple[WeightPatch, ...] = ()
    adapter: Adapter = field(default_factory=UNetAdapter)
    usage: Usage = field(default_factory=Usage)
    computed: torch.dtype | None = None
    keeper: Keeper | None = None
    overlay: Overlay = field(default=None, repr=False, compare=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Make the overlay, unless the given one is of these patches."""
        if not _belongs(self.overlay, self.backbone, self.patches):
            object.__setattr__(
                self, "overlay", Overlay(self.backbone, self.patches, self.dtype if self.patches else None)
            )

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return _device(self.keeper, self.backbone)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return self.computed or _dtype(self.keeper, self.backbone)

    def apply(
        self, x: Tensor, timestep: Tensor, context: Tensor, sides: Sequence[int] = (), given: Given = NOTHING
    ) -> Tensor:
        """Return the network's output (batch, channels, rows, columns) for scaled x.

        timestep: (batch,), may lie between whole steps. context: (batch, tokens, width). sides: see diffusion.patches.Hook.
        given: what the family's adapter prepared of the prompts.
        """
        work = partial(self._apply, x, timestep, context, sides, given)
        return kept(self.keeper, "denoise", x.shape, work, self.overlay)

    def _apply(self, x: Tensor, timestep: Tensor, context: Tensor, sides: Sequence[int], given: Given) -> Tensor:
        dtype = self.dtype
        with hooked(self.backbone, self.usage.hooks, sides):
            return self.adapter.call(self.backbone, x.to(dtype), timestep, context.to(dtype), given)

    def with_patch(self, patch: WeightPatch) -> Model:
        """Return a handle of the same network with one more patch on its weights."""
        return replace(self, patches=(*self.patches, patch), digest=_joined(self.digest, patch.full_digest))

    def with_parameterization(self, parameterization: Parameterization) -> Model:
        """Return a handle whose network's output is read differently."""
        return replace(self, parameterization=parameterization, digest=_joined(self.digest, repr(parameterization)))

    def with_guidance(self, guidance: Guidance) -> Model:
        """Return a handle that is guided differently, in place of any earlier guidance."""
        return self._with_usage(replace(self.usage, guidance=guidance), guidance)

    def with_refinement(self, refinement: Refinement) -> Model:
        """Return a handle with one more change of what guidance gives."""
        return self._with_usage(replace(self.usage, refinements=(*self.usage.refinements, refinement)), refinement)

    def with_hooks(self, *hooks: Hook) -> Model:
        """Return a handle with more hooks in its network."""
        return self._with_usage(replace(self.usage, hooks=(*self.usage.hooks, *hooks)), hooks)

    def with_mask(self, mask: MaskPatch) -> Model:
        """Return a handle that changes inpainting masks, in place of any earlier change."""
        return self._with_usage(replace(self.usage, mask=mask), mask)

    def _with_usage(self, usage: Usage, change: Any) -> Model:
        return replace(self, usage=usage, digest=_joined(self.digest, repr(change) if _is_plain(change) else ""))


@dataclass(frozen=True)
class Clip:
    """A CLIP text encoder (transformers' CLIPTextModel) with its tokenizer.

    layer: which layer's output is taken: None or -1 the last, -2 the one before it, … (CLIP skip).
    embeddings: finds the file of a textual inversion by its name. patches, overlay, computed, keeper: as a Model
    has them.
    """

    tokenizer: ClipTokenizer
    encoder: nn.Module
    layer: int | None = None
    embeddings: EmbeddingLookup = field(default=no_embeddings)
    digest: str = ""
    patches: tuple[WeightPatch, ...] = ()
    computed: torch.dtype | None = None
    keeper: Keeper | None = None
    overlay: Overlay = field(default=None, repr=False, compare=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Make the overlay, unless the given one is of these patches."""
        if not _belongs(self.overlay, self.encoder, self.patches):
            object.__setattr__(
                self, "overlay", Overlay(self.encoder, self.patches, self.dtype if self.patches else None)
            )

    @property
    def device(self) -> torch.device:
        """Where the encoder computes."""
        return _device(self.keeper, self.encoder)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the encoder computes."""
        return self.computed or _dtype(self.keeper, self.encoder)

    def with_layer(self, layer: int | None) -> Clip:
        """Return the same encoder, stopping at a layer counted from the end (-1 … -24)."""
        return replace(self, layer=layer, digest=_joined(self.digest, f"layer {layer}"))

    def with_patch(self, patch: WeightPatch) -> Clip:
        """Return a handle of the same encoder with one more patch on its weights."""
        return replace(self, patches=(*self.patches, patch), digest=_joined(self.digest, patch.full_digest))

    def encode(self, text: str) -> Cond:
        """Return a prompt's embedding (1, 77 * chunks, width), float32, on the CPU; DiffusionError if it is none."""
        encoded = kept(self.keeper, "encode text", (1,), lambda: self._encode(text), self.overlay)
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


def _belongs(overlay: Overlay | None, module: nn.Module, patches: tuple[WeightPatch, ...]) -> bool:
    return overlay is not None and overlay.module is module and overlay.patches == patches


def _is_plain(value: Any) -> bool:
    """Return whether a value is told by its repr: a dataclass of numbers and texts."""
    if is_dataclass(value):
        return all(_is_plain(getattr(value, part.name)) for part in fields(value))
    return isinstance(value, bool | int | float | str) or (isinstance(value, tuple) and all(map(_is_plain, value)))


def _joined(digest: str, change: str) -> str:
    """Return the digest of something changed; "" if either is unknown."""
    return f"{digest} {change}" if digest and change else ""


def _device(keeper: Keeper | None, module: nn.Module) -> torch.device:
    return next(module.parameters()).device if keeper is None else keeper.device


def _dtype(keeper: Keeper | None, module: nn.Module) -> torch.dtype:
    return next(module.parameters()).dtype if keeper is None else keeper.dtype
