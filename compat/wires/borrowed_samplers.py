"""Weft's samplers as functions that packs call, with ComfyUI's parameters.

    sample = BorrowedSampler.of("euler_ancestral")
    x = sample(model, x, sigmas, extra_args={"seed": 1}, callback=told, eta=0.5, s_noise=1.0, noise_sampler=None)

A parameter that Weft's sampler does not have is taken where it says nothing (`s_churn=0`), else refused by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from torch import Tensor

from compat.wires.model_options import create_model_options_clone, set_model_options_post_cfg_function
from compat.wires.sampling_view import parameterization_of
from diffusion.denoiser import Denoiser, Guided, Step
from diffusion.noise import NoiseSource, brownian_noise, gaussian_noise
from diffusion.parameterization import Parameterization
from diffusion.samplers import find_sampler

Options = dict[str, Any]
RENAMED: Mapping[str, str] = MappingProxyType({"ge_gamma": "gamma"})
SILENT: Mapping[str, tuple[Any, ...]] = MappingProxyType(  # values of parameters that change nothing here
    {
        "s_churn": (0, 0.0),
        "s_tmin": (0, 0.0),
        "s_tmax": (float("inf"),),
        "deis_mode": ("tab",),
        "noise_clip_std": (0, 0.0),
        "s_noise_end": (None, 1.0),
        "noise_scaler": (None,),
        "max_stage": (3,),
        "tau_func": (None,),
        "predictor_order": (3,),
        "corrector_order": (4,),
        "simple_order_2": (False,),
    }
)
ORDERS: Mapping[str, int] = MappingProxyType({"lms": 4, "dpm_adaptive": 3, "ipndm": 4, "ipndm_v": 4, "deis": 3})
SOLVERS: Mapping[str, tuple[str, bool]] = MappingProxyType(  # parameter and value here, by `solver_type`
    {"midpoint": ("heun", False), "heun": ("heun", True), "phi_1": ("exact", False), "phi_2": ("exact", True)}
)
SDE = "sde"  # in the names of samplers whose noise is a Brownian path
OTHER_SDE = frozenset({"er_sde", "exp_heun_2_x0_sde"})


@dataclass(frozen=True)
class PackDenoiser:
    """What packs call `model` and `extra_args`, as Weft's samplers take it (diffusion.denoiser.Denoiser)."""

    model: Any
    extra: Options

    @property
    def parameterization(self) -> Parameterization:
        """How the network's output is read."""
        inner = getattr(getattr(self.model, "inner_model", None), "inner_model", None)
        return Parameterization() if inner is None else parameterization_of(inner.model_sampling)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the denoised latent."""
        denoised: Tensor = self.model(x, sigma, **self.extra)
        return denoised

    def guided(self, x: Tensor, sigma: Tensor) -> Guided:
        """Return it with the negative side's, which a function behind guidance sees."""
        seen: list[Tensor] = []

        def look(args: Options) -> Any:
            seen.append(args["uncond_denoised"])
            return args["denoised"]

        options = create_model_options_clone(self.extra.get("model_options", {}))
        set_model_options_post_cfg_function(options, look, disable_cfg1_optimization=True)
        denoised = replace(self, extra={**self.extra, "model_options": options})(x, sigma)
        return Guided(denoised, seen[-1] if seen else denoised)


@dataclass(frozen=True)
class BorrowedSampler:
    """One of Weft's samplers."""

    name: str

    @staticmethod
    @cache
    def of(name: str) -> BorrowedSampler:
        """Return the sampler of a name, always the same object; an error offers the nearest name."""
        find_sampler(name)
        return BorrowedSampler(name)

    @property
    def __name__(self) -> str:
        """What functions are called."""
        return f"sample_{self.name}"

    def __call__(
        self,
        model: Any,
        x: Tensor,
        sigmas: Tensor,
        extra_args: Options | None = None,
        callback: Callable[[Options], None] | None = None,
        disable: bool | None = None,
        **options: Any,
    ) -> Tensor:
        """Return x at the last level."""
        extra = extra_args or {}
        sampler = find_sampler(self.name)
        seed = extra.get("seed") or 0
        noise = self._noise(x, sigmas, seed, options.pop("noise_sampler", None), options.pop("s_noise", 1.0))
        denoise: Denoiser = PackDenoiser(model, extra)
        told = None if callback is None else partial(_tell, callback)
        more = self._known(options, sampler)
        return sampler(denoise, x, sigmas, seed=seed if noise is None else noise, callback=told, **more)

    def _noise(self, x: Tensor, sigmas: Tensor, seed: int, given: Any, strength: float) -> NoiseSource | None:
        """Return the source of noise, None for the sampler's own."""
        if given is None and strength == 1.0:
            return None
        own = self._own_noise(x, sigmas, seed) if given is None else None

        def noise(sigma: float, sigma_next: float) -> Tensor:
            if own is not None:
                return own(sigma, sigma_next) * strength
            drawn: Tensor = given(x.new_tensor(sigma), x.new_tensor(sigma_next))
            return drawn * strength

        return noise

    def _own_noise(self, x: Tensor, sigmas: Tensor, seed: int) -> NoiseSource:
        if SDE in self.name.split("_") and self.name not in OTHER_SDE:
            return brownian_noise(x, sigmas, seed, on_cpu="gpu" not in self.name)
        return gaussian_noise(x, seed)

    def _known(self, options: Options, sampler: Callable[..., Any]) -> Options:
        """Return the parameters that the sampler has; ValueError for one that it lacks and that says something."""
        has = inspect.signature(sampler).parameters
        found: Options = {}
        for name, value in options.items():
            here, meant = (
                SOLVERS.get(value, (name, value)) if name == "solver_type" else (RENAMED.get(name, name), value)
            )
            if here in has:
                found[here] = meant
            elif not self._is_silent(name, value):
                raise ValueError(
                    f"The sampler {self.name} of Weft has no parameter {name}={value!r}, which a node pack gives; "
                    "leave it at its default."
                )
        return found

    def _is_silent(self, name: str, value: Any) -> bool:
        """Return whether a value is the sampler's own way."""
        if name in ("order", "max_order"):
            return bool(value == ORDERS.get(self.name))
        if name == "solver_type":
            return value in self.name or (value == "phi_2" and "heun" in self.name)
        return value in SILENT.get(name, ())


def _tell(callback: Callable[[Options], None], step: Step) -> None:
    sigma = step.x.new_tensor(step.sigma)
    callback({"x": step.x, "i": step.index, "sigma": sigma, "sigma_hat": sigma, "denoised": step.denoised})
