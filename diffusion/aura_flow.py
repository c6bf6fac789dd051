"""How AuraFlow's transformer is called: the prompt's tokens and the time alone, sides of any length.

AuraFlowAdapter(patch=2)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from diffusion.adapters import NOTHING, Given
from diffusion.conditioning import Cond
from diffusion.levels import TIMESTEPS
from diffusion.tokens import whole_patches


@dataclass(frozen=True)
class AuraFlowAdapter:
    """Calls diffusers' AuraFlowTransformer2DModel, which is told the share of noise."""

    patch: int
    repeats_contexts: bool = False
    planes: frozenset[str] = frozenset()

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return nothing."""
        return NOTHING

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        rows, columns = x.shape[-2:]
        output: Tensor = backbone(
            whole_patches(x, self.patch),
            encoder_hidden_states=context,
            timestep=timestep.float() / TIMESTEPS,
            return_dict=False,
        )[0]
        return output[..., :rows, :columns]
