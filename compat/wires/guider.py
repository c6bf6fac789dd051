"""Sampling as packs know it: CFGGuider, which they subclass, and the stages within it.

    guider = CFGGuider(patcher)
    guider.set_conds(positive, negative)
    guider.set_cfg(8.0)
    samples = guider.sample(noise, latent_image, sampler_object("euler"), sigmas, seed=1)

Each stage may be gone around (compat.wires.extension). What Weft's own nodes sample without packs does not come this way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from compat.wires.extension import TRANSFORMER, WrappersMP, copy_nested_dicts, through
from compat.wires.prepared import calc_cond_batch, converted, prepared_entries
from diffusion.inpaint import fit_noise_mask

Options = dict[str, Any]
Callback = Callable[[int, Tensor, Tensor, int], None]


def cfg_function(
    model: Any,
    cond_pred: Tensor,
    uncond_pred: Tensor,
    cond_scale: float,
    x: Tensor,
    timestep: Tensor,
    model_options: Options | None = None,
    cond: Any = None,
    uncond: Any = None,
) -> Tensor:
    """Return the guided latent: by a pack's function or as usual, and through the functions behind."""
    options = model_options or {}
    known = {
        "cond_scale": cond_scale,
        "input": x,
        "sigma": timestep,
        "model": model,
        "model_options": options,
        "cond_denoised": cond_pred,
        "uncond_denoised": uncond_pred,
    }
    result: Tensor
    if "sampler_cfg_function" in options:
        differences = {"cond": x - cond_pred, "uncond": x - uncond_pred, "timestep": timestep}
        prompts = {"input_cond": cond, "input_uncond": uncond}
        result = x - options["sampler_cfg_function"]({**known, **differences, **prompts})
    else:
        result = uncond_pred + (cond_pred - uncond_pred) * cond_scale
    for function in options.get("sampler_post_cfg_function", ()):
        result = function({**known, "denoised": result, "cond": cond, "uncond": uncond})
    return result


def sampling_function(
    model: Any,
    x: Tensor,
    timestep: Tensor,
    uncond: Any,
    cond: Any,
    cond_scale: float,
    model_options: Options | None = None,
    seed: int | None = None,
) -> Tensor:
    """Return the denoised latent of a step; without the negative side where cfg is 1, unless options want it."""
    options = model_options or {}
    is_plain = math.isclose(cond_scale, 1.0) and not options.get("disable_cfg1_optimization", False)
    negative = None if is_plain else uncond
    conds = [cond, negative]
    known = {"conds": conds, "input": x, "sigma": timestep, "model": model, "model_options": options}
    if "sampler_calc_cond_batch_function" in options:
        found = options["sampler_calc_cond_batch_function"](known)
    else:
        found = calc_cond_batch(model, conds, x, timestep, options)
    for function in options.get("sampler_pre_cfg_function", ()):
        found = function({**known, "conds_out": found, "cond_scale": cond_scale, "timestep": timestep})
    return cfg_function(
        model, found[0], found[1], cond_scale, x, timestep, model_options=options, cond=cond, uncond=negative
    )


class CFGGuider:
    """Guides a model between prompts; a subclass guides in its own way (`predict_noise`) or by other prompts."""

    def __init__(self, model_patcher: Any) -> None:
        self.model_patcher = model_patcher
        self.model_options: Options = model_patcher.model_options
        self.original_conds: dict[str, Any] = {}
        self.conds: dict[str, Any] = {}
        self.inner_model: Any = None
        self.cfg = 1.0

    def set_conds(self, positive: Any, negative: Any) -> None:
        """Take prompts."""
        self.inner_set_conds({"positive": positive, "negative": negative})

    def set_cfg(self, cfg: float) -> None:
        """Take the scale of guidance."""
        self.cfg = cfg

    def inner_set_conds(self, conds: dict[str, Any]) -> None:
        """Take prompts by the names of sides."""
        for name, pairs in conds.items():
            self.original_conds[name] = converted(pairs)

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the denoised latent for a noisy one."""
        return self.outer_predict_noise(*args, **kwargs)

    def outer_predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: Options | None = None, seed: int | None = None
    ) -> Tensor:
        """Return it through the wrappers."""
        work = through(WrappersMP.PREDICT_NOISE, self.model_options, self.predict_noise, self, is_model_options=True)
        denoised: Tensor = work(x, timestep, model_options or {}, seed)
        return denoised

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: Options | None = None, seed: int | None = None
    ) -> Tensor:
        """Return it by classifier-free guidance."""
        sides = (self.conds.get("negative"), self.conds.get("positive"))
        return sampling_function(
            self.inner_model, x, timestep, *sides, self.cfg, model_options=model_options or {}, seed=seed
        )

    def inner_sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        device: torch.device,
        sampler: Any,
        sigmas: Tensor,
        denoise_mask: Tensor | None,
        callback: Callback | None,
        disable_pbar: bool,
        seed: int | None,
        latent_shapes: Any = None,
    ) -> Tensor:
        """Sample with everything in place; an empty latent is not scaled."""
        self.inner_model.latent_shapes = latent_shapes
        if bool(latent_image.any()):
            latent_image = self.inner_model.process_latent_in(latent_image)
        seen = {"latent_image": latent_image, "seed": seed}
        if denoise_mask is not None:
            seen["denoise_mask"] = denoise_mask
        self.conds = prepared_entries(self.inner_model, self.conds, noise.shape, device, seen)
        options = copy_nested_dicts(self.model_options)
        options.setdefault(TRANSFORMER, {})["sample_sigmas"] = sigmas
        extra = {"model_options": options, "seed": seed}
        work = through(WrappersMP.SAMPLER_SAMPLE, options, sampler.sample, sampler, is_model_options=True)
        samples = work(self, sigmas, extra, callback, noise, latent_image, denoise_mask, disable_pbar)
        scaled: Tensor = self.inner_model.process_latent_out(samples.to(torch.float32))
        return scaled

    def outer_sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        sampler: Any,
        sigmas: Tensor,
        denoise_mask: Tensor | None = None,
        callback: Callback | None = None,
        disable_pbar: bool = False,
        seed: int | None = None,
        latent_shapes: Any = None,
    ) -> Tensor:
        """Sample on the model's device, with its patches in place."""
        device = self.model_patcher.load_device
        with self.model_patcher.patched() as self.inner_model:
            self.model_patcher.pre_run()
            try:
                return self.inner_sample(
                    noise.to(device, torch.float32),
                    latent_image.to(device, torch.float32),
                    device,
                    sampler,
                    sigmas.to(device),
                    denoise_mask,
                    callback,
                    disable_pbar,
                    seed,
                    latent_shapes=latent_shapes,
                )
            finally:
                self._clean_up()

    def _clean_up(self) -> None:
        self.model_patcher.cleanup()
        entries = [entry for side in self.conds.values() for entry in side if "control" in entry]
        for control in {id(entry["control"]): entry["control"] for entry in entries}.values():
            control.cleanup()

    @torch.no_grad()
    def sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        sampler: Any,
        sigmas: Tensor,
        denoise_mask: Tensor | None = None,
        callback: Callback | None = None,
        disable_pbar: bool = False,
        seed: int | None = None,
    ) -> Tensor:
        """Return the samples at the last level, in the VAE's scale; without levels those that were given."""
        if sigmas.shape[-1] == 0:
            return latent_image
        if denoise_mask is not None:
            like = torch.empty(latent_image.shape, device=self.model_patcher.load_device)
            denoise_mask = fit_noise_mask(denoise_mask, like)
        self.conds = {name: [dict(entry) for entry in side] for name, side in self.original_conds.items()}
        before, self.model_options = self.model_options, self._options()
        work = through(WrappersMP.OUTER_SAMPLE, self.model_options, self.outer_sample, self, is_model_options=True)
        shapes = [latent_image.shape]
        try:
            output: Tensor = work(
                noise, latent_image, sampler, sigmas, denoise_mask, callback, disable_pbar, seed, latent_shapes=shapes
            )
        finally:
            self.model_options = before
            self.inner_model, self.conds = None, {}
        return output

    def _options(self) -> Options:
        """Return the guider's own options, with the wrappers and callbacks that the patcher has beside its own."""
        if self.model_options is self.model_patcher.model_options:
            found: Options = self.model_patcher.options_for_sampling()
            return found
        return copy_nested_dicts(self.model_options)
