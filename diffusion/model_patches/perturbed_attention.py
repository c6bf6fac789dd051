"""Perturbed-attention guidance: away from what the network gives if it cannot compare places (Ahn et al. 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from diffusion.patches import Guess, Hook, Remove

MIDDLE_SELF_ATTENTION = "mid_block.attentions.0.transformer_blocks.0.attn1"


@dataclass(frozen=True)
class PerturbedAttention:
    """Adds scale times the difference that self-attention at the bottom makes to the positive prediction."""

    scale: float
    needs_uncond: bool = False

    def watch(self) -> Hook | None:
        """Return nothing: the main call is left alone."""
        return None

    def refine(self, guess: Guess, denoised: Tensor, watched: Any) -> Tensor:
        """Return the guided latent, pushed away from the perturbed prediction."""
        if self.scale == 0.0:
            return denoised
        perturbed = guess.predict(0, hooks=(IdentityAttention(MIDDLE_SELF_ATTENTION),))
        return denoised + (guess.cond - perturbed) * self.scale


@dataclass(frozen=True)
class IdentityAttention:
    """Lets every place attend to itself alone."""

    place: str  # name of a diffusers Attention module

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Replace the output of the attention by its values, projected."""

        def values(module: Any, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
            projected: Tensor = module.to_out[0](module.to_v(args[0]))
            return projected

        return (backbone.get_submodule(self.place).register_forward_hook(values).remove,)
