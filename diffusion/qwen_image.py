"""How Qwen-Image's transformer is called: the latent and reference pictures as tokens with places, the prompt and its mask.

QwenImageAdapter(WAN)

A prompt may bring, in Cond.extras: `attention_mask`, and `reference_latents` with `reference_latents_method`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from diffusion.adapters import BLOCKS, Given, blocks_of
from diffusion.conditioning import Cond
from diffusion.flux import REFERENCES, exact_time, method_of
from diffusion.latents import LatentFormat
from diffusion.levels import TIMESTEPS
from diffusion.qwen_places import PATCH, Piece, Shape
from diffusion.text.readers import ATTENTION_MASK
from diffusion.tokens import INDEX, INDEX_CLEAN, OFFSET, Origin, latent_of, origins, size_in_patches, tokens_of

BACKWARDS = "negative_index"
LAYERED_NDIM = 5  # of latents of several layers
STEERED = "qwen_image"  # what it is steered by


@dataclass(frozen=True)
class QwenImageAdapter:
    """Qwen-Image's. method: how references are placed where a prompt does not say; see `placed`.

    is_layered: latents have as many frames as there are layers, and one for the whole (Qwen-Image Layered).
    """

    latent_format: LatentFormat
    method: str = INDEX
    is_layered: bool = False
    repeats_contexts: bool = False
    planes: frozenset[str] = frozenset()
    steered_by: ClassVar[str] = STEERED

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return the mask of the prompt's tokens, and references in the model's scale."""
        given: dict[str, Tensor | tuple[Tensor, ...]] = {}
        mask = cond.extras.get(ATTENTION_MASK)
        if mask is not None:
            given[ATTENTION_MASK] = mask.bool()
        references = cond.extras.get("reference_latents", ())
        if references:
            method = cond.extras.get("reference_latents_method") or self.method
            given[REFERENCES + method] = tuple(self._scaled(latent) for latent in references)
        return given

    def _scaled(self, latent: Tensor) -> Tensor:
        """Return the first frame of a picture in the model's scale."""
        return self.latent_format.process_in(latent[:, :, 0].float() if latent.ndim == 5 else latent.float())

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        network: Any = backbone
        method = method_of(given)
        references: Any = given.get(REFERENCES + method, ())
        tokens = torch.cat([_tokens(x), *map(_tokens, references)], dim=1)
        time = timestep.float() / TIMESTEPS
        with ExitStack() as stack:
            if method == INDEX_CLEAN:
                stack.enter_context(_clean_references(network))
                time = torch.cat((time, torch.zeros_like(time)))
            stack.enter_context(exact_time(network.time_text_embed, time))
            output: Tensor = network(
                tokens,
                encoder_hidden_states=context,
                encoder_hidden_states_mask=given.get(ATTENTION_MASK),
                timestep=timestep / TIMESTEPS,
                img_shapes=[_shapes(x, references, method)] * len(x),
                additional_t_cond=time.new_zeros(len(time), dtype=torch.long) if self.is_layered else None,
                controlnet_block_samples=blocks_of(given, BLOCKS, tokens.shape[1]),
                return_dict=False,
            )[0]
        return _latent(output, x)


def _layers(x: Tensor) -> Tensor:
    """Return the layers of latents one after the other, (batch * layers, channels, rows, columns)."""
    return x.movedim(2, 1).flatten(0, 1) if x.ndim == LAYERED_NDIM else x


def _tokens(x: Tensor) -> Tensor:
    tokens = tokens_of(_layers(x), PATCH)
    return tokens.reshape(len(x), -1, tokens.shape[-1])


def _latent(tokens: Tensor, x: Tensor) -> Tensor:
    """Return the latent of the shape of x that the first tokens make."""
    layers, patches = _layers(x), size_in_patches(x, PATCH)
    own = tokens[:, : len(layers) // len(x) * patches.rows * patches.columns]
    latents = latent_of(own.reshape(len(layers), -1, own.shape[-1]), layers.shape, PATCH)
    return latents.reshape(len(x), -1, *latents.shape[1:]).movedim(1, 2) if x.ndim == LAYERED_NDIM else latents


def _shapes(x: Tensor, references: Sequence[Tensor], method: str) -> list[Shape]:
    own = Piece(*size_in_patches(x, PATCH), frames=len(_layers(x)) // len(x))
    pairs = zip(references, placed(method, x, references), strict=True)
    return [Shape(own), *(Shape(Piece(*size_in_patches(picture, PATCH), origin)) for picture, origin in pairs)]


def placed(method: str, x: Tensor, references: Sequence[Tensor]) -> list[Origin]:
    """Return where references lie, by a method of ComfyUI.

    index, index_timestep_zero: pictures of their own behind the latent's; negative_index: before it; others: in one
    picture beside each other.
    """
    if method == BACKWARDS:
        return [Origin(-number) for number in range(1, len(references) + 1)]
    return origins(method if method in (INDEX, INDEX_CLEAN) else OFFSET, x, references, patch=PATCH)


@contextmanager
def _clean_references(network: Any) -> Iterator[None]:
    """Let the network tell references a time of their own, at which they are free of noise."""
    parts = (network, *network.transformer_blocks)
    for part in parts:
        part.zero_cond_t = True
    try:
        yield
    finally:
        for part in parts:
            part.zero_cond_t = False
