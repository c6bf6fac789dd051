"""From noise to latent: KSampler as a function.

    latent = sample(model, positive, negative, Latent(zeros), seed=1, steps=20, cfg=8.0,
                    sampler_name="euler", scheduler="normal")

Noise comes from the seed on the CPU; schedules, partial denoising and the steps that are run are those of ComfyUI's
KSampler and KSamplerAdvanced.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from diffusion.conditioning import Conditioning
from diffusion.denoiser import Callback, Denoiser
from diffusion.errors import DiffusionError
from diffusion.finite import require_finite
from diffusion.guidance import guide
from diffusion.inpaint import InpaintDenoiser, fit_noise_mask
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.noise import prepare_noise
from diffusion.parameterization import Parameterization
from diffusion.patches import Conductor
from diffusion.resize import repeat_to_batch
from diffusion.samplers import find_sampler
from diffusion.schedules import sigmas_for

NO_PENULTIMATE = frozenset({"dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"})  # they skip the last level but one
OWN_INPAINT_NOISE = frozenset({"ddim"})  # fills the kept part with noise of its own (seed + 1)
NOT_FINITE = (
    "The checkpoint may be damaged (get it again), the numbers too large for its precision (take one in float32), "
    "or the settings too far from the usual (lower cfg, another sampler or scheduler)."
)
FRAMES_NDIM = 5  # of latents with frames
FULL_DENOISE = 0.9999  # from here on `denoise` counts as 1 (ComfyUI)


@dataclass(frozen=True)
class SamplerChoice:
    """A sampler by its name in SAMPLERS."""

    name: str

    @property
    def conductor(self) -> Conductor | None:
        """What carries samplings out with it, for one that is not among SAMPLERS."""
        return None


@dataclass(frozen=True)
class Sampling:
    """All that samples are made of: see `sample_levels`."""

    model: Model
    positive: Conditioning
    negative: Conditioning
    latent: Latent
    noise: Tensor
    sigmas: Tensor
    cfg: float
    sampler: SamplerChoice
    seed: int
    callback: Callback | None = None

    @property
    def conductor(self) -> Conductor | None:
        """What carries it out, if the model, the sampler or a prompt needs another way than `sample_levels`."""
        prompts = (cond.conductor for cond in (*self.positive, *self.negative))
        return self.model.usage.conductor or self.sampler.conductor or next(filter(None, prompts), None)


def sample(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    *,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    callback: Callback | None = None,
    sigmas: Tensor | None = None,
) -> Latent:
    """Denoise a latent under two prompts.

    `callback` gets a Step after each step and may raise to cancel. `sigmas` replaces the schedule. `force_full_denoise`
    makes the last step that is run end without noise.
    """
    latent = replace(latent, samples=fit_latent(latent.samples, model))
    levels = (
        sampling_sigmas(model.parameterization, sampler_name, scheduler, steps, denoise) if sigmas is None else sigmas
    )
    levels = choose_steps(levels, start_step, last_step, force_full_denoise=force_full_denoise)
    if len(levels) == 0:
        return latent
    if disable_noise:
        noise = torch.zeros_like(latent.samples, device="cpu")
    else:
        noise = prepare_noise(latent.samples, seed, latent.batch_index)
    choice = SamplerChoice(sampler_name)
    samples = sample_levels(Sampling(model, positive, negative, latent, noise, levels, cfg, choice, seed, callback))
    return replace(latent, samples=samples, kinds=model.latent_format.kinds)


def sampling_sigmas(
    parameterization: Parameterization, sampler_name: str | None, scheduler: str, steps: int, denoise: float = 1.0
) -> Tensor:
    """Return the noise levels that KSampler goes through: the last `steps` of steps / denoise; none for `denoise` 0.

    Without a sampler's name the schedule is not changed for it.
    """
    return part_of_schedule(partial(_whole_schedule, parameterization, sampler_name, scheduler), steps, denoise)


def part_of_schedule(schedule: Callable[[int], Tensor], steps: int, denoise: float) -> Tensor:
    """Return the last `steps` of a schedule of steps / denoise."""
    if denoise > FULL_DENOISE:
        return schedule(steps)
    if denoise <= 0.0:
        return torch.empty(0)
    return schedule(int(steps / denoise))[-(steps + 1) :]


def _whole_schedule(parameterization: Parameterization, sampler_name: str | None, scheduler: str, steps: int) -> Tensor:
    if sampler_name not in NO_PENULTIMATE:
        return sigmas_for(scheduler, parameterization, steps)
    levels = sigmas_for(scheduler, parameterization, steps + 1)
    return torch.cat([levels[:-2], levels[-1:]])


def choose_steps(sigmas: Tensor, start: int | None, last: int | None, *, force_full_denoise: bool = False) -> Tensor:
    """Return the levels from step `start` to step `last`; none if nothing is left to run."""
    if last is not None and last < len(sigmas) - 1:
        sigmas = sigmas[: last + 1].clone()
        if force_full_denoise:
            sigmas[-1] = 0
    if start is None:
        return sigmas
    return sigmas[start:] if start < len(sigmas) - 1 else sigmas[:0]


@torch.no_grad()
def sample_levels(sampling: Sampling) -> Tensor:
    """Return the samples after a sampler went through all levels, starting from given noise.

    DiffusionError if the latent is not of the model's kind, or if what comes out is not numbers.
    """
    model, latent = sampling.model, sampling.latent
    check_channels(latent.samples, model)
    if latent.samples.ndim == FRAMES_NDIM and latent.samples.shape[2] == 1:
        return sample_levels(_of_frame(sampling)).unsqueeze(2)
    conductor = sampling.conductor
    if conductor is not None:
        samples = require_finite(conductor.sample(sampling), "After sampling, the latent has", NOT_FINITE)
        return samples.to(latent.samples.device)
    device, parameterization = model.device, model.parameterization
    noise, sigmas = sampling.noise.to(device, torch.float32), sampling.sigmas.to(device)
    start = model_scale(model, latent.samples.to(device, torch.float32))
    mask = None if latent.noise_mask is None else fit_noise_mask(latent.noise_mask, start)
    denoiser: Denoiser = guide(
        model,
        sampling.positive,
        sampling.negative,
        noise.shape,
        sampling.cfg,
        device=device,
        seen={"latent_image": start, "seed": sampling.seed, **({} if mask is None else {"denoise_mask": mask})},
    )
    if mask is not None:
        denoiser = _inpainting(denoiser, sampling, mask, start, noise)
    x = parameterization.noise_scaling(sigmas[0], noise, start, is_max_denoise(parameterization, sigmas))
    walk = find_sampler(sampling.sampler.name)
    x = walk(denoiser, x, sigmas, seed=sampling.seed, callback=sampling.callback)
    x = parameterization.inverse_noise_scaling(sigmas[-1], x)
    x = require_finite(x.float(), "After sampling, the latent has", NOT_FINITE)
    return model.latent_format.process_out(x).to(latent.samples.device)


def _inpainting(denoiser: Denoiser, sampling: Sampling, mask: Tensor, start: Tensor, noise: Tensor) -> Denoiser:
    is_own = sampling.sampler.name in OWN_INPAINT_NOISE
    kept = inpaint_noise(noise, sampling.seed) if is_own else noise
    mask_at = _mask_at(sampling.model, sampling.sigmas.to(noise.device))
    return InpaintDenoiser(denoiser, mask, start, kept, mask_at=mask_at)


def check_channels(samples: Tensor, model: Model) -> None:
    """Refuse a latent of another kind of model."""
    channels = model.latent_format.channels
    if not model.latent_format.fits(samples):
        raise DiffusionError(
            f"The latent has the shape {tuple(samples.shape)}; this model works on (batch, {channels}, height, width). "
            "Make it with an empty latent or the VAE of the same checkpoint."
        )
    if samples.ndim == FRAMES_NDIM and samples.shape[2] != 1 and not getattr(model.adapter, "is_layered", False):
        raise DiffusionError(
            f"The latent has {samples.shape[2]} frames; this model works on pictures, which are latents of one frame."
        )


def is_max_denoise(parameterization: Parameterization, sigmas: Tensor) -> bool:
    """Return whether the first level is the model's highest, where nothing of the latent is to be seen."""
    highest, first = float(parameterization.sigma_max), float(sigmas[0])
    return first > highest or math.isclose(first, highest, rel_tol=1e-5)


def model_scale(model: Model, samples: Tensor) -> Tensor:
    """Return samples in the model's scale; an empty latent stays empty, whatever the family's shift."""
    return model.latent_format.process_in(samples) if bool(samples.any()) else samples


def fit_latent(samples: Tensor, model: Model) -> Tensor:
    """Give a latent the frame that the model wants, and an empty one its channels."""
    return model.latent_format.with_frames(fit_empty(samples, model.latent_format.channels))


def _of_frame(sampling: Sampling) -> Sampling:
    """Return the sampling of the only frame, as a picture."""
    latent = replace(sampling.latent, samples=sampling.latent.samples.squeeze(2))
    return replace(sampling, latent=latent, noise=sampling.noise.squeeze(2))


def fit_empty(samples: Tensor, channels: int) -> Tensor:
    """Give an empty latent the channels that the model wants; others are left as they are."""
    if samples.shape[1] == channels or bool(samples.any()):
        return samples
    return repeat_to_batch(samples, channels, dim=1)


def _mask_at(model: Model, sigmas: Tensor) -> Callable[[Tensor, Tensor], Tensor] | None:
    """Return the model's own way with masks, if it has one."""
    patch = model.usage.mask
    return None if patch is None else lambda mask, sigma: patch.mask(mask, sigma, sigmas, model.parameterization)


def inpaint_noise(noise: Tensor, seed: int) -> Tensor:
    """Return noise of the same shape for what a mask keeps."""
    generator = torch.Generator("cpu").manual_seed(seed + 1)
    return torch.randn(noise.shape, generator=generator, dtype=noise.dtype).to(noise.device)
