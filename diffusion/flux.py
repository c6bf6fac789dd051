"""How Flux's transformers are called: latents and reference pictures as tokens with places, the prompt, guidance.

FluxAdapter(latent_format, pooled_width=768, has_guidance=True)

A prompt may bring, in Cond.extras: `guidance` (None for none at all), `reference_latents` with `reference_latents_method`
(Kontext), and for networks with more channels `concat_latent_image` and `concat_mask` (fill, depth, canny).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.adapters import BLOCKS, SINGLES, Given, blocks_of
from diffusion.conditioning import Cond
from diffusion.latents import LatentFormat
from diffusion.levels import TIMESTEPS
from diffusion.resize import resize, spread_to_batch
from diffusion.tokens import BEYOND, INDEX, OFFSET, grid, known_method, latent_of, origins, size_in_patches, tokens_of

GUIDANCE = 3.5  # where a prompt says nothing (ComfyUI)
PATCH = 2
PIXELS = 8  # on a side of a cell, of masks
STEERED = "flux"  # what it is steered by
METHODS = (OFFSET, INDEX, BEYOND)  # of placing references
REFERENCES = "references by "  # and the method: prompts with other methods do not go together


@dataclass(frozen=True)
class FluxAdapter:
    """Flux.1's; x may have more channels than the latent, which diffusion.beside puts there."""

    latent_format: LatentFormat
    pooled_width: int
    has_guidance: bool
    repeats_contexts: bool = False
    planes: frozenset[str] = frozenset()
    steered_by: ClassVar[str] = STEERED

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return the pooled prompt (zeros if it has none), guidance and references."""
        pooled = torch.zeros(1, self.pooled_width) if cond.pooled is None else cond.pooled[:, : self.pooled_width]
        given: dict[str, Tensor | tuple[Tensor, ...]] = {"pooled": pooled}
        if self.has_guidance:
            given |= guidance_of(cond)
        return given | references_of(cond, self.latent_format, OFFSET, METHODS, "Flux.1")

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        network: Any = backbone
        images, places = images_of(x, given, patch=PATCH, axes=3)
        with guided(network, timestep, given, has_guidance=self.has_guidance) as guidance:
            output: Tensor = network(
                images,
                encoder_hidden_states=context,
                pooled_projections=given["pooled"],
                timestep=timestep / TIMESTEPS,
                img_ids=places,
                txt_ids=places.new_zeros(context.shape[1], 3),
                guidance=guidance,
                controlnet_block_samples=blocks_of(given, BLOCKS, images.shape[1]),
                controlnet_single_block_samples=blocks_of(given, SINGLES, images.shape[1]),
                return_dict=False,
            )[0]
        return latent_of(output, x.shape, PATCH)


@dataclass(frozen=True)
class FluxBeside:
    """What fill, depth and canny see beside the latent: a picture in the model's scale, and for fill a mask.

    The mask has a channel for each pixel of a cell. Without a picture it is that of zeros, without a mask all is painted.
    """

    latent_format: LatentFormat
    has_mask: bool

    def planes(self, cond: Cond, shape: Sequence[int]) -> Tensor:
        """Return the picture (16 channels) and the mask (64) for latents of a shape."""
        image = cond.extras.get("concat_latent_image")
        if image is None:
            image = torch.zeros(1, *shape[1:])
        rows, columns = shape[-2:]
        resized = resize(image.float().cpu(), columns, rows, "bilinear", "center")
        picture = spread_to_batch(self.latent_format.process_in(resized), shape[0])
        return torch.cat((picture, self._cells(cond, shape)), dim=1) if self.has_mask else picture

    def _cells(self, cond: Cond, shape: Sequence[int]) -> Tensor:
        mask = cond.extras.get("concat_mask", cond.extras.get("denoise_mask"))
        if mask is None:
            mask = torch.ones(1, 1, *shape[-2:])
        plane = mask.unsqueeze(1) if mask.ndim == len(shape) - 1 else mask.mean(dim=1, keepdim=True)
        rows, columns = (side * PIXELS for side in shape[-2:])
        pixels = resize(plane.float().cpu(), columns, rows, "bilinear", "center")
        return spread_to_batch(functional.pixel_unshuffle(pixels, PIXELS), shape[0])


def guidance_of(cond: Cond) -> dict[str, Tensor]:
    """Return the guidance that a prompt asks for: (1,), or nothing if it wants none."""
    guidance = cond.extras.get("guidance", GUIDANCE)
    return {} if guidance is None else {"guidance": torch.tensor([float(guidance)])}


def references_of(
    cond: Cond, latent_format: LatentFormat, usual: str, methods: Sequence[str], title: str
) -> dict[str, tuple[Tensor, ...]]:
    """Return a prompt's reference pictures in the model's scale, under a name that tells how they are placed.

    usual: the method where the prompt says none. methods: those that the model knows. title: of its family.
    """
    references = cond.extras.get("reference_latents", ())
    if not references:
        return {}
    method = known_method(cond.extras.get("reference_latents_method") or usual, methods, title)
    return {REFERENCES + method: tuple(latent_format.process_in(latent.float()) for latent in references)}


def images_of(planes: Tensor, given: Given, *, patch: int, axes: int, step: float = 1.0) -> tuple[Tensor, Tensor]:
    """Return the tokens of a latent and then of the references, and the places of all."""
    tokens = [tokens_of(planes, patch)]
    places = [grid(size_in_patches(planes, patch), axes=axes, device=planes.device)]
    method = method_of(given)
    references: Any = given.get(REFERENCES + method, ())
    for reference, start in zip(references, origins(method, planes, references, patch=patch, step=step), strict=True):
        tokens.append(tokens_of(reference, patch))
        places.append(grid(size_in_patches(reference, patch), start, axes=axes, device=planes.device))
    return torch.cat(tokens, dim=1), torch.cat(places)


def method_of(given: Given) -> str:
    """Return how references are placed, "" if there are none."""
    return next((name.removeprefix(REFERENCES) for name in given if name.startswith(REFERENCES)), "")


@contextmanager
def guided(network: Any, timestep: Tensor, given: Given, *, has_guidance: bool) -> Iterator[Any]:
    """Give the guidance that a network of Flux is told, and let it know the time in full.

    has_guidance: whether it takes any; without one in the prompt it is then as if it took none. In 16 bits the network rounds
    guidance, as Black Forest Labs' own code, diffusers and ComfyUI do (3.5 becomes 3504 thousandths in bfloat16).
    """
    guidance = given.get("guidance") if has_guidance else None
    with exact_time(network.time_text_embed, timestep):
        if guidance is not None or not has_guidance:
            yield guidance
            return
        with silenced(network.time_text_embed.guidance_embedder):
            yield torch.zeros_like(timestep)


@contextmanager
def exact_time(embedder: Any, timestep: Tensor) -> Iterator[None]:
    """Let a network know the time in full: in 16 bits it would round it to one of few hundred."""
    waiting = [timestep.float()]  # the first call is for the time, a second one for guidance
    handle = embedder.time_proj.register_forward_pre_hook(lambda layer, args: (waiting.pop(),) if waiting else None)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def silenced(layer: nn.Module) -> Iterator[None]:
    """Let a layer give zeros."""
    handle = layer.register_forward_hook(lambda layer, args, output: torch.zeros_like(output))
    try:
        yield
    finally:
        handle.remove()
