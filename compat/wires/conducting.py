"""Samplings of Weft's nodes with what packs put in: a patched model, a pack's own sampler, a pack's own guider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from compat.wires import conditioning, patcher
from compat.wires import sampler as samplers
from compat.wires.guider import CFGGuider
from diffusion.denoiser import Step
from diffusion.guiders import Guider
from diffusion.sampling import Sampling


@dataclass(frozen=True)
class PackConductor:
    """Implements diffusion.patches.Conductor by compat.wires.guider."""

    def sample(self, sampling: Sampling) -> Tensor:
        """Return the samples at the last level, in the VAE's scale."""
        return sample_with(
            guider_of(Guider(sampling.model, sampling.positive, sampling.negative, sampling.cfg)), sampling
        )


CONDUCTOR = PackConductor()


def guider_of(guider: Guider) -> CFGGuider:
    """Return a guider in packs' shape."""
    made = CFGGuider(patcher.to_pack(guider.model))
    made.set_conds(conditioning.to_pack(guider.positive), conditioning.to_pack(guider.negative))
    made.set_cfg(guider.cfg)
    return made


def sample_with(guider: Any, sampling: Sampling) -> Tensor:
    """Return what a guider in packs' shape makes of a sampling's latent."""

    def told(index: int, denoised: Tensor, x: Tensor, total: int) -> None:
        if sampling.callback is not None:
            sampling.callback(Step(index, total, x, denoised, float(sampling.sigmas[min(index, total)])))

    latent = sampling.latent
    chosen = samplers.to_pack(sampling.sampler)
    samples: Tensor = guider.sample(
        sampling.noise,
        latent.samples,
        chosen,
        sampling.sigmas,
        denoise_mask=latent.noise_mask,
        callback=told,
        seed=sampling.seed,
    )
    return samples
