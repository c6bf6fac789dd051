"""How the transformers of Stable Diffusion 3 are called: the prompt's tokens, its pooled vector, sides of any length.

SD3Adapter(patch=2, largest=192)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from diffusion.adapters import BLOCKS, Given, blocks_of
from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.tokens import whole_patches

POOLED = "pooled"
STEERED = "sd3"  # what it is steered by


@dataclass(frozen=True)
class SD3Adapter:
    """Calls diffusers' SD3Transformer2DModel. largest: patches on a side for which it has positions."""

    patch: int
    largest: int
    repeats_contexts: bool = False
    planes: frozenset[str] = frozenset()
    steered_by: ClassVar[str] = STEERED

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return the pooled prompt; DiffusionError if there is none, or if the latent is larger than the positions."""
        most = self.largest * self.patch
        if max(shape[-2:]) > most:
            raise DiffusionError(
                f"The latent has {shape[-1]} x {shape[-2]} cells; this model knows positions for {most} x {most}. "
                "Make it smaller, and enlarge the finished picture."
            )
        if cond.pooled is None:
            raise DiffusionError(
                "This model wants a pooled prompt, and the conditioning has none; encode the prompt with text encoders of "
                "Stable Diffusion 3."
            )
        return {POOLED: cond.pooled}

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        rows, columns = x.shape[-2:]
        output: Tensor = backbone(
            whole_patches(x, self.patch),
            timestep=timestep.float(),
            encoder_hidden_states=context,
            pooled_projections=given[POOLED],
            block_controlnet_hidden_states=blocks_of(given, BLOCKS),
            return_dict=False,
        )[0]
        return output[..., :rows, :columns]
