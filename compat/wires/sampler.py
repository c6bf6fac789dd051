"""SAMPLER: a SamplerChoice here, an object with `sample` in packs: KSAMPLER around a function over noise levels.

    KSAMPLER(mine, {"eta": 0.5})  # def mine(model, x, sigmas, extra_args=None, callback=None, disable=None, eta=1.0)
    sampler_object("dpmpp_2m")    # one of Weft's in that shape

A pack's sampler is taken by Weft's nodes as PackSampler, whose samplings go through compat.wires.guider.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from compat.wires.borrowed_samplers import BorrowedSampler
from diffusion.patches import Conductor
from diffusion.sampling import OWN_INPAINT_NOISE, SamplerChoice, inpaint_noise

Function = Callable[..., Tensor]
Options = dict[str, Any]
NO_OPTIONS: Options = {}
RANDOM = "random"  # of the options of inpainting: what is kept gets noise of its own
DEFAULT_SEED = 41  # of that noise, where nobody gives one (ComfyUI)


class Sampler:
    """What all samplers have."""

    def sample(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return x at the last level."""
        raise NotImplementedError(f"{type(self).__name__} has no method `sample`, which goes along the noise levels.")

    def max_denoise(self, model_wrap: Any, sigmas: Tensor) -> bool:
        """Return whether the first level is the model's highest, where nothing of the latent is to be seen."""
        highest, first = float(model_wrap.inner_model.model_sampling.sigma_max), float(sigmas[0])
        return first > highest or math.isclose(first, highest, rel_tol=1e-5)


class KSAMPLER(Sampler):
    """A function over noise levels, with options that it is called with."""

    def __init__(
        self, sampler_function: Function, extra_options: Options = NO_OPTIONS, inpaint_options: Options = NO_OPTIONS
    ) -> None:
        self.sampler_function = sampler_function
        self.extra_options = extra_options
        self.inpaint_options = inpaint_options

    def sample(
        self,
        model_wrap: Any,
        sigmas: Tensor,
        extra_args: Options,
        callback: Any,
        noise: Tensor,
        latent_image: Tensor | None = None,
        denoise_mask: Tensor | None = None,
        disable_pbar: bool = False,
    ) -> Tensor:
        """Return x at the last level, in the scale of data."""
        extra_args["denoise_mask"] = denoise_mask
        model_k = KSamplerX0Inpaint(model_wrap, sigmas)
        model_k.latent_image, model_k.noise = latent_image, noise
        if self.inpaint_options.get(RANDOM, False):
            model_k.noise = inpaint_noise(noise, extra_args.get("seed") or DEFAULT_SEED)
        sampling = model_wrap.inner_model.model_sampling
        start = torch.zeros_like(noise) if latent_image is None else latent_image
        x = sampling.noise_scaling(sigmas[0], noise, start, self.max_denoise(model_wrap, sigmas))
        total = len(sigmas) - 1

        def told(step: Options) -> None:
            if callback is not None:
                callback(step["i"], step["denoised"], step["x"], total)

        x = self.sampler_function(
            model_k, x, sigmas, extra_args=extra_args, callback=told, disable=disable_pbar, **self.extra_options
        )
        finished: Tensor = sampling.inverse_noise_scaling(sigmas[-1], x)
        return finished


class KSamplerX0Inpaint:
    """The denoiser that a sampler's function gets; keeps what a mask leaves out."""

    def __init__(self, model: Any, sigmas: Tensor) -> None:
        self.inner_model = model
        self.sigmas = sigmas
        self.latent_image: Tensor | None = None
        self.noise: Tensor | None = None

    def __call__(
        self,
        x: Tensor,
        sigma: Tensor,
        denoise_mask: Tensor | None,
        model_options: Options = NO_OPTIONS,
        seed: int | None = None,
    ) -> Tensor:
        """Return the denoised latent."""
        if denoise_mask is None:
            plain: Tensor = self.inner_model(x, sigma, model_options=model_options, seed=seed)
            return plain
        mask, change = denoise_mask, model_options.get("denoise_mask_function")
        if change is not None:
            mask = change(sigma, mask, extra_options={"model": self.inner_model, "sigmas": self.sigmas})
        known = self.inner_model.inner_model.scale_latent_inpaint(
            x=x, sigma=sigma, noise=self.noise, latent_image=self.latent_image, denoise_mask=mask
        )
        denoised = self.inner_model(x * mask + known * (1.0 - mask), sigma, model_options=model_options, seed=seed)
        kept = torch.zeros_like(x) if self.latent_image is None else self.latent_image
        restored: Tensor = denoised * mask + kept * (1.0 - mask)
        return restored


def ksampler(sampler_name: str, extra_options: Options = NO_OPTIONS, inpaint_options: Options = NO_OPTIONS) -> KSAMPLER:
    """Return one of Weft's samplers with options."""
    return KSAMPLER(BorrowedSampler.of(sampler_name), extra_options, inpaint_options)


def sampler_object(name: str) -> KSAMPLER:
    """Return one of Weft's samplers as KSampler takes it."""
    return ksampler(name, inpaint_options={RANDOM: True} if name in OWN_INPAINT_NOISE else NO_OPTIONS)


@dataclass(frozen=True, eq=False)
class PackSampler(SamplerChoice):
    """A pack's sampler, as Weft's nodes take it."""

    source: Any = field(default=None)

    @property
    def conductor(self) -> Conductor | None:
        """What carries samplings out with it."""
        from compat.wires.conducting import CONDUCTOR

        return CONDUCTOR


def to_pack(choice: SamplerChoice) -> Any:
    """Return a sampler in packs' shape; a pack's own as it was."""
    return choice.source if isinstance(choice, PackSampler) else sampler_object(choice.name)


def from_pack(value: Any) -> Any:
    """Return a sampler as Weft's nodes take it; anything that cannot sample as it is."""
    if type(value) is KSAMPLER and isinstance(value.sampler_function, BorrowedSampler) and not value.extra_options:
        return SamplerChoice("ddim" if value.inpaint_options.get(RANDOM) else value.sampler_function.name)
    if isinstance(value, Sampler) or (callable(getattr(value, "sample", None)) and hasattr(value, "max_denoise")):
        return PackSampler(type(value).__name__, value)
    return value
