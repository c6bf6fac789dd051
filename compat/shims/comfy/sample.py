"""ComfyUI's `comfy.sample`: noise and sampling as functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from comfy import samplers
from torch import Tensor

from diffusion import noise as noises
from diffusion.resize import repeat_to_batch, resize


def prepare_noise_inner(latent_image: Tensor, generator: Any, noise_inds: Sequence[int] | None = None) -> Tensor:
    """Return noise for a latent from a generator, on the CPU."""
    if noise_inds is None:
        return torch.randn(latent_image.shape, generator=generator).to(latent_image.dtype)
    shape = (1, *latent_image.shape[1:])
    drawn = [torch.randn(shape, generator=generator) for _ in range(max(map(int, noise_inds)) + 1)]
    return torch.cat([drawn[int(index)] for index in noise_inds]).to(latent_image.dtype)


def prepare_noise(latent_image: Tensor, seed: int, noise_inds: Sequence[int] | None = None) -> Tensor:
    """Return the noise of a seed for a latent, on the CPU."""
    indices = None if noise_inds is None else [int(index) for index in noise_inds]
    return noises.prepare_noise(latent_image, seed, indices)


def prepare_empty_noise(latent_image: Tensor) -> Tensor:
    """Return no noise."""
    return torch.zeros_like(latent_image, device="cpu")


def fix_empty_latent_channels(
    model: Any, latent_image: Tensor, downscale_ratio_spacial: Any = None, downscale_ratio_temporal: Any = None
) -> Tensor:
    """Give an empty latent the channels and the size that the model wants; others are left as they are."""
    latent_format = model.get_model_object("latent_format")
    if bool(latent_image.any()):
        return latent_image
    fixed = repeat_to_batch(latent_image, latent_format.latent_channels, dim=1)
    ratio = 1.0 if downscale_ratio_spacial is None else downscale_ratio_spacial / latent_format.spacial_downscale_ratio
    if ratio == 1.0:
        return fixed
    return resize(fixed, round(fixed.shape[-1] * ratio), round(fixed.shape[-2] * ratio), "nearest-exact")


def sample(
    model: Any,
    noise: Tensor,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    noise_mask: Tensor | None = None,
    sigmas: Tensor | None = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """Return the samples of a sampler and a schedule, on the CPU."""
    sampler = samplers.KSampler(
        model,
        steps=steps,
        device=model.load_device,
        sampler=sampler_name,
        scheduler=scheduler,
        denoise=denoise,
        model_options=model.model_options,
    )
    samples: Tensor = sampler.sample(
        noise,
        positive,
        negative,
        cfg=cfg,
        latent_image=latent_image,
        start_step=start_step,
        last_step=last_step,
        force_full_denoise=force_full_denoise,
        denoise_mask=noise_mask,
        sigmas=sigmas,
        callback=callback,
        disable_pbar=disable_pbar,
        seed=seed,
    )
    return samples.cpu()


def sample_custom(
    model: Any,
    noise: Tensor,
    cfg: float,
    sampler: Any,
    sigmas: Tensor,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    noise_mask: Tensor | None = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """Return the samples of a sampler object along levels, on the CPU."""
    ends = (
        model.load_device,
        sampler,
        sigmas,
        model.model_options,
        latent_image,
        noise_mask,
        callback,
        disable_pbar,
        seed,
    )
    samples: Tensor = samplers.sample(model, noise, positive, negative, cfg, *ends)
    return samples.cpu()
