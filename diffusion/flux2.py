"""How Flux.2's transformer is called: a token for each cell of the latent, which its VAE packs, and places in the text.

Flux2Adapter(latent_format, has_guidance=True)
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch._guards import detect_fake_mode
from torch.nn import functional

from diffusion.adapters import Given
from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.flux import REFERENCES, exact_time, guidance_of, images_of, method_of, references_of
from diffusion.flux2_references import ReferenceMemory, clean_references, recorded
from diffusion.latents import LatentFormat
from diffusion.levels import TIMESTEPS
from diffusion.models import Model
from diffusion.tokens import BEYOND, INDEX, INDEX_CLEAN, OFFSET, latent_of

AXES, INDEX_STEP = 4, 10.0  # of places; references lie so far apart (BFL's flux2)
METHODS = (INDEX, INDEX_CLEAN, OFFSET, BEYOND)  # of placing references
PROMPT = "number of the prompt"  # by which its references are remembered
LEAST_TOKENS = 512  # of the text; zeros stand before fewer (ComfyUI)


@dataclass(frozen=True)
class Flux2Adapter:
    """Flux.2's: a token for each cell, references in pictures of their own, ten apart, and places in the text.

    keeps_references: references are told that they are free of noise, and go through the network in the first step of a
    sampling only. memory: what the steps after it see of them; None outside of samplings.
    """

    latent_format: LatentFormat
    has_guidance: bool
    keeps_references: bool = False
    repeats_contexts: bool = False
    planes: frozenset[str] = frozenset()
    memory: ReferenceMemory | None = field(default=None, repr=False, compare=False)

    def begin(self) -> Flux2Adapter:
        """Return the adapter of one sampling."""
        return replace(self, memory=ReferenceMemory()) if self.keeps_references else self

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return guidance and references."""
        usual = INDEX_CLEAN if self.keeps_references else INDEX
        references = references_of(cond, self.latent_format, usual, METHODS, "Flux.2")
        number = {PROMPT: self.memory.number()} if self.memory is not None and references else {}
        return (guidance_of(cond) if self.has_guidance else {}) | references | number

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output; prompts of fewer than 512 tokens get zeros before them (ComfyUI)."""
        number = given.get(PROMPT)
        if self.memory is None or not isinstance(number, Tensor) or detect_fake_mode() is not None:  # a rehearsal
            return _called(backbone, x, timestep, context, given)
        prompts = tuple(number.tolist())
        seen = self.memory.seen.get(prompts)
        if seen is not None:
            without = {name: value for name, value in given.items() if not name.startswith(REFERENCES)}
            return _called(backbone, x, timestep, context, without, kv_cache=seen, kv_cache_mode="cached")
        references: Any = given[REFERENCES + method_of(given)]
        tokens = sum(each.shape[-2] * each.shape[-1] for each in references)
        with recorded(backbone, references=tokens) as seen:
            output = _called(backbone, x, timestep, context, given)
        self.memory.seen[prompts] = seen
        return output


def keeping_references(model: Model) -> Model:
    """Return a handle whose references go through the network once for each sampling; DiffusionError if it is no Flux.2."""
    if not isinstance(model.adapter, Flux2Adapter):
        raise DiffusionError(
            f"Only models of Flux.2 can keep what they see of references; this one is of the family {model.family}. "
            "Leave FluxKVCache out."
        )
    return model.with_adapter(replace(model.adapter, keeps_references=True), "keeps references")


def _called(network: Any, x: Tensor, timestep: Tensor, context: Tensor, given: Given, **more: Any) -> Tensor:
    images, places = images_of(x, given, patch=1, axes=AXES, step=INDEX_STEP)
    context = functional.pad(context, (0, 0, max(0, LEAST_TOKENS - context.shape[1]), 0))
    words = places.new_zeros(context.shape[1], AXES)
    words[:, -1] = torch.arange(context.shape[1], device=x.device)
    with ExitStack() as stack:
        if method_of(given) == INDEX_CLEAN:
            latent = x.shape[-2] * x.shape[-1]
            counts = {"words": context.shape[1], "latent": latent, "references": images.shape[1] - latent}
            stack.enter_context(clean_references(network, **counts))
        stack.enter_context(exact_time(network.time_guidance_embed, timestep))
        output: Tensor = network(
            images,
            encoder_hidden_states=context,
            timestep=timestep / TIMESTEPS,
            img_ids=places,
            txt_ids=words,
            guidance=given.get("guidance"),
            return_dict=False,
            **more,
        )[0]
    return latent_of(output, x.shape, 1)
