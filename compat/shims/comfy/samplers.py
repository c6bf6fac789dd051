"""ComfyUI's `comfy.samplers`: sampling, its parts and its names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from comfy.k_diffusion.sampling import get_sigmas_exponential, get_sigmas_karras
from torch import Tensor

from compat.wires.guider import CFGGuider, cfg_function, sampling_function
from compat.wires.prepared import calc_cond_batch
from compat.wires.sampler import KSAMPLER, KSamplerX0Inpaint, Sampler, ksampler, sampler_object
from compat.wires.sampling_view import parameterization_of
from diffusion import schedules
from diffusion.names import known_entry
from diffusion.samplers import SAMPLERS
from diffusion.sampling import NO_PENULTIMATE, choose_steps, part_of_schedule

__all__ = [
    "KSAMPLER",
    "KSAMPLER_NAMES",
    "SAMPLER_NAMES",
    "SCHEDULER_HANDLERS",
    "SCHEDULER_NAMES",
    "CFGGuider",
    "KSampler",
    "KSamplerX0Inpaint",
    "Sampler",
    "SchedulerHandler",
    "beta_scheduler",
    "calc_cond_batch",
    "calculate_sigmas",
    "cfg_function",
    "ddim_scheduler",
    "kl_optimal_scheduler",
    "ksampler",
    "linear_quadratic_schedule",
    "normal_scheduler",
    "sample",
    "sampler_object",
    "sampling_function",
    "simple_scheduler",
]

OWN_OBJECTS = ("ddim", "uni_pc", "uni_pc_bh2")  # named behind the others, and not by `ksampler` in ComfyUI
KSAMPLER_NAMES = [name for name in SAMPLERS if name not in OWN_OBJECTS]
SAMPLER_NAMES = [*KSAMPLER_NAMES, *OWN_OBJECTS]
Options = dict[str, Any]


class SchedulerHandler(NamedTuple):
    """A schedule: of model_sampling and steps, or of steps and the lowest and highest level. Packs add theirs."""

    handler: Callable[..., Tensor]
    use_ms: bool = True


def simple_scheduler(model_sampling: Any, steps: int) -> Tensor:
    """Pick levels of the table at equal distances."""
    return schedules.simple(parameterization_of(model_sampling), steps)


def ddim_scheduler(model_sampling: Any, steps: int) -> Tensor:
    """Pick levels of the table at equal whole distances."""
    return schedules.ddim_uniform(parameterization_of(model_sampling), steps)


def normal_scheduler(model_sampling: Any, steps: int, sgm: bool = False, floor: bool = False) -> Tensor:
    """Space timesteps equally."""
    return schedules.normal(parameterization_of(model_sampling), steps, with_end=not sgm)


def beta_scheduler(model_sampling: Any, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Take timesteps as quantiles of a beta distribution."""
    return schedules.beta(parameterization_of(model_sampling), steps, alpha=alpha, beta=beta)


def linear_quadratic_schedule(
    model_sampling: Any, steps: int, threshold_noise: float = 0.025, linear_steps: int | None = None
) -> Tensor:
    """Remove little noise linearly, the rest quadratically."""
    if (threshold_noise, linear_steps) not in ((0.025, None), (0.025, steps // 2)):
        raise ValueError("linear_quadratic_schedule: Weft knows threshold_noise 0.025 and half of the steps only.")
    return schedules.linear_quadratic(parameterization_of(model_sampling), steps)


def kl_optimal_scheduler(n: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Space arctan sigma equally."""
    return schedules.between_angles(sigma_min, sigma_max, n)


SCHEDULER_HANDLERS: dict[str, SchedulerHandler] = {
    "simple": SchedulerHandler(simple_scheduler),
    "sgm_uniform": SchedulerHandler(partial(normal_scheduler, sgm=True)),
    "karras": SchedulerHandler(get_sigmas_karras, use_ms=False),
    "exponential": SchedulerHandler(get_sigmas_exponential, use_ms=False),
    "ddim_uniform": SchedulerHandler(ddim_scheduler),
    "beta": SchedulerHandler(beta_scheduler),
    "normal": SchedulerHandler(normal_scheduler),
    "linear_quadratic": SchedulerHandler(linear_quadratic_schedule),
    "kl_optimal": SchedulerHandler(kl_optimal_scheduler, use_ms=False),
}
SCHEDULER_NAMES = list(SCHEDULER_HANDLERS)


def calculate_sigmas(model_sampling: Any, scheduler_name: str, steps: int) -> Tensor:
    """Return the levels of a schedule; an error offers the nearest name."""
    entry = known_entry("scheduler", scheduler_name, SCHEDULER_HANDLERS)
    if entry.use_ms:
        return entry.handler(model_sampling, steps)
    ends = {"sigma_min": float(model_sampling.sigma_min), "sigma_max": float(model_sampling.sigma_max)}
    return entry.handler(n=steps, **ends)


def sample(
    model: Any,
    noise: Tensor,
    positive: Any,
    negative: Any,
    cfg: float,
    device: Any,
    sampler: Any,
    sigmas: Tensor,
    model_options: Options | None = None,
    latent_image: Tensor | None = None,
    denoise_mask: Tensor | None = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """Return the samples at the last level."""
    guider = CFGGuider(model)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    latent = torch.zeros_like(noise) if latent_image is None else latent_image
    return guider.sample(noise, latent, sampler, sigmas, denoise_mask, callback, disable_pbar, seed)


class KSampler:
    """A model with a sampler and a schedule."""

    SCHEDULERS = SCHEDULER_NAMES
    SAMPLERS = SAMPLER_NAMES
    DISCARD_PENULTIMATE_SIGMA_SAMPLERS = NO_PENULTIMATE

    def __init__(
        self,
        model: Any,
        steps: int,
        device: Any,
        sampler: str | None = None,
        scheduler: str | None = None,
        denoise: float | None = None,
        model_options: Options | None = None,
    ) -> None:
        self.model, self.device = model, device
        self.scheduler = scheduler if scheduler in self.SCHEDULERS else self.SCHEDULERS[0]
        self.sampler = sampler if sampler in self.SAMPLERS else self.SAMPLERS[0]
        self.set_steps(steps, denoise)
        self.denoise = denoise
        self.model_options = model_options or {}

    def calculate_sigmas(self, steps: int) -> Tensor:
        """Return the levels of the whole schedule."""
        is_shorter = self.sampler in self.DISCARD_PENULTIMATE_SIGMA_SAMPLERS
        sampling = self.model.get_model_object("model_sampling")
        sigmas = calculate_sigmas(sampling, self.scheduler, steps + is_shorter)
        return torch.cat([sigmas[:-2], sigmas[-1:]]) if is_shorter else sigmas

    def set_steps(self, steps: int, denoise: float | None = None) -> None:
        """Choose the levels to go through."""
        self.steps = steps
        levels = part_of_schedule(self.calculate_sigmas, steps, 1.0 if denoise is None else denoise)
        self.sigmas = levels.to(self.device)

    def sample(
        self,
        noise: Tensor,
        positive: Any,
        negative: Any,
        cfg: float,
        latent_image: Tensor | None = None,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
        denoise_mask: Tensor | None = None,
        sigmas: Tensor | None = None,
        callback: Any = None,
        disable_pbar: bool = False,
        seed: int | None = None,
    ) -> Tensor:
        """Return the samples after some of the steps."""
        levels = self.sigmas if sigmas is None else sigmas
        levels = choose_steps(levels, start_step, last_step, force_full_denoise=force_full_denoise)
        latent = torch.zeros_like(noise) if latent_image is None else latent_image
        if len(levels) == 0:
            return latent
        chosen = sampler_object(self.sampler)
        ends = (
            cfg,
            self.device,
            chosen,
            levels,
            self.model_options,
            latent,
            denoise_mask,
            callback,
            disable_pbar,
            seed,
        )
        return sample(self.model, noise, positive, negative, *ends)
