"""Sampling from parts: noise levels, sampler and noise as values on wires."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from diffusion import custom_sampling
from diffusion.custom_sampling import sample_custom, sample_guided
from diffusion.forward import EmptyNoise, SeedNoise
from diffusion.sampling import SamplerChoice, sampling_sigmas
from graph.run import Run
from graph.spec import node
from graph.widgets import Range
from nodes.sampling import Cfg, NoiseSeed, SamplerName, SchedulerName, StepIndex, Steps, show_steps
from nodes.sockets import Conditioning, Guider, Latent, Model, Noise, Sampler, Sigmas

Ratio = Annotated[float, Range(0.0, 1.0, step=0.01)]


class SigmaParts(NamedTuple):
    """The two parts of a schedule."""

    high_sigmas: Sigmas
    low_sigmas: Sigmas


class SampledLatents(NamedTuple):
    """The latent after the last level, and the last prediction of the finished one."""

    output: Latent
    denoised_output: Latent


@node(category="model/sampling/schedulers")
def BasicScheduler(
    model: Model, scheduler: SchedulerName = "simple", steps: Steps = 20, denoise: Ratio = 1.0
) -> Sigmas:
    """Spread noise levels over some steps.

    denoise: below 1 only the last part of a longer schedule is kept.
    """
    return sampling_sigmas(model.parameterization, None, scheduler, steps, denoise)[-(steps + 1) :]


@node(category="model/sampling/sigmas")
def SplitSigmas(sigmas: Sigmas, step: StepIndex = 0) -> SigmaParts:
    """Split noise levels after a number of steps."""
    return SigmaParts(*custom_sampling.split_at(sigmas, step))


@node(category="model/sampling/sigmas")
def SplitSigmasDenoise(sigmas: Sigmas, denoise: Ratio = 1.0) -> SigmaParts:
    """Split noise levels by the share of the steps that the low part gets."""
    return SigmaParts(*custom_sampling.split_by_denoise(sigmas, denoise))


@node(category="model/sampling/sigmas")
def FlipSigmas(sigmas: Sigmas) -> Sigmas:
    """Turn noise levels round, so that a sampler adds noise instead of removing it."""
    return custom_sampling.flip(sigmas)


@node(category="model/sampling/samplers")
def KSamplerSelect(sampler_name: SamplerName = "euler") -> Sampler:
    """Choose a sampler by name."""
    return SamplerChoice(sampler_name)


@node(category="model/sampling/custom")
def SamplerCustom(
    *,
    model: Model,
    add_noise: bool = True,
    noise_seed: NoiseSeed = 0,
    cfg: Cfg = 8.0,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    run: Run,
) -> SampledLatents:
    """Denoise a latent along given noise levels.

    sigmas: noise levels from high to low; BasicScheduler makes them.
    """
    result = sample_custom(
        model,
        positive,
        negative,
        latent_image,
        noise=SeedNoise(noise_seed) if add_noise else EmptyNoise(noise_seed),
        sampler=sampler,
        sigmas=sigmas,
        cfg=cfg,
        callback=show_steps(run, model),
    )
    return SampledLatents(*result)


@node(category="model/sampling/custom")
def SamplerCustomAdvanced(
    noise: Noise, guider: Guider, sampler: Sampler, sigmas: Sigmas, latent_image: Latent, *, run: Run
) -> SampledLatents:
    """Denoise a latent with noise, guidance, sampler and noise levels that are chosen apart.

    guider: a model and its prompts; CFGGuider and BasicGuider make it.
    sigmas: noise levels from high to low; BasicScheduler makes them.
    """
    callback = show_steps(run, guider.model)
    result = sample_guided(guider, latent_image, noise=noise, sampler=sampler, sigmas=sigmas, callback=callback)
    return SampledLatents(*result)
