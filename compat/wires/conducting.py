"""Samplings of Weft's nodes with what packs put in: a patched model, or a pack's own sampler."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from compat.wires import conditioning, patcher
from compat.wires import sampler as samplers
from compat.wires.guider import CFGGuider
from diffusion.denoiser import Step
from diffusion.sampling import Sampling


@dataclass(frozen=True)
class PackConductor:
    """Implements diffusion.patches.Conductor by compat.wires.guider."""

    def sample(self, sampling: Sampling) -> Tensor:
        """Return the samples at the last level, in the VAE's scale."""
        guider = CFGGuider(patcher.to_pack(sampling.model))
        guider.set_conds(conditioning.to_pack(sampling.positive), conditioning.to_pack(sampling.negative))
        guider.set_cfg(sampling.cfg)

        def told(index: int, denoised: Tensor, x: Tensor, total: int) -> None:
            if sampling.callback is not None:
                sampling.callback(Step(index, total, x, denoised, float(sampling.sigmas[min(index, total)])))

        latent = sampling.latent
        chosen = samplers.to_pack(sampling.sampler)
        return guider.sample(
            sampling.noise, latent.samples, chosen, sampling.sigmas, latent.noise_mask, told, seed=sampling.seed
        )


CONDUCTOR = PackConductor()
