"""GUIDER: a Guider here, an object with `sample` in packs (compat.wires.guider.CFGGuider and what packs make of it).

A pack's guider is taken by Weft's nodes as PackGuider, whose samplings it carries out itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from compat.wires import patcher
from compat.wires.conducting import guider_of, sample_with
from diffusion.denoiser import Callback
from diffusion.guiders import Guider
from diffusion.latents import Latent
from diffusion.sampling import SamplerChoice, Sampling


@dataclass(frozen=True)
class GuiderConductor:
    """Implements diffusion.patches.Conductor by a pack's guider."""

    guider: Any

    def sample(self, sampling: Sampling) -> Tensor:
        """Return the samples at the last level, in the VAE's scale."""
        return sample_with(self.guider, sampling)


@dataclass(frozen=True, eq=False)
class PackGuider(Guider):
    """A pack's guider, as Weft's nodes take it."""

    source: Any = field(default=None)

    def sampling(
        self,
        latent: Latent,
        noise: Tensor,
        sigmas: Tensor,
        sampler: SamplerChoice,
        seed: int,
        callback: Callback | None = None,
    ) -> Sampling:
        """Return the sampling, which the pack's guider carries out."""
        model = self.model.with_conductor(GuiderConductor(self.source))
        return Sampling(model, (), (), latent, noise, sigmas, self.cfg, sampler, seed, callback)


def to_pack(guider: Guider) -> Any:
    """Return a guider in packs' shape; a pack's own as it was."""
    return guider.source if isinstance(guider, PackGuider) else guider_of(guider)


def from_pack(value: Any) -> Any:
    """Return a guider as Weft's nodes take it; anything that cannot sample as it is."""
    if hasattr(value, "model_patcher") and callable(getattr(value, "sample", None)):
        return PackGuider(patcher.from_pack(value.model_patcher), (), source=value)
    return value
