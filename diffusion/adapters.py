"""How the network of a family is called: what it takes besides the noisy latent, the time and the prompt.

    given = adapter.prepare(cond, x.shape)                # once for each prompt of a sampling
    output = adapter.call(backbone, x, timestep, context, given)

Samplers and guidance know networks only through this seam; a family that needs no more than cross-attention is a UNet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from diffusion.conditioning import Cond

Given = Mapping[str, "Tensor | tuple[Tensor, ...]"]
"""By name: tensors (batch, …), or several of them (reference pictures), as the adapter's `call` wants them."""

NOTHING: Given = {}


class Adapter(Protocol):
    """Calls the networks of one family. Adapters are frozen values, so that handles can be compared."""

    @property
    def repeats_contexts(self) -> bool:
        """Whether the prompt's tokens may be repeated to the length of another's: plain cross-attention does not notice."""
        ...

    @property
    def planes(self) -> frozenset[str]:
        """The names of what lies in the picture's plane, to be cut where a prompt acts in a rectangle only."""
        ...

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return what a prompt gives the network for latents of `shape`, on the CPU or wherever the prompt has it.

        A first dimension of 1 or of the batch; DiffusionError says what a prompt lacks.
        """
        ...

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output, of the shape of x; all arguments in the network's precision but the timestep."""
        ...


@dataclass(frozen=True)
class UNetAdapter:
    """SD1's: diffusers' UNet2DConditionModel with the prompt in its cross-attention and nothing else."""

    repeats_contexts: bool = True
    planes: frozenset[str] = frozenset()

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return nothing."""
        return NOTHING

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        output: Tensor = backbone(x, timestep.float(), encoder_hidden_states=context, return_dict=False)[0]
        return output
