"""The samplers: KSampler and KSamplerAdvanced."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from diffusion.denoiser import Step
from diffusion.samplers import SAMPLERS
from diffusion.sampling import sample
from diffusion.schedules import SCHEDULERS
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, Range, Seed
from nodes.previews import previewer
from nodes.sockets import Conditioning, Latent, Model

Steps = Annotated[int, Range(1, 10_000)]
StepIndex = Annotated[int, Range(0, 10_000)]
Cfg = Annotated[float, Range(0.0, 100.0, step=0.1, round=0.01)]
SamplerName = Annotated[str, Choice(tuple(SAMPLERS))]
SchedulerName = Annotated[str, Choice(tuple(SCHEDULERS))]
Switch = Annotated[str, Choice(("enable", "disable"))]
OffSwitch = Annotated[str, Choice(("disable", "enable"))]
NoiseSeed = Annotated[int, Seed()]


@node(category="model/sampling", display_name="KSampler")
def KSampler(
    *,
    model: Model,
    seed: NoiseSeed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0,
    run: Run,
) -> Latent:
    """Denoise a latent under a prompt and its opposite.

    model: the network that predicts the noise.
    seed: the same seed gives the same picture.
    steps: more is slower and finer; 20 to 30 suit most models.
    cfg: how strictly the prompt is followed; 1 leaves the negative prompt out.
    sampler_name: the method that goes from one noise level to the next.
    scheduler: how the noise levels are spread over the steps.
    positive: what the picture should show.
    negative: what it should not show.
    latent_image: what to begin with; empty for text to image.
    denoise: how much of it is made new; less keeps more of what was there.
    """
    return sample(
        model,
        positive,
        negative,
        latent_image,
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler_name=sampler_name,
        scheduler=scheduler,
        denoise=denoise,
        callback=show_steps(run, model),
    )


@node(category="model/sampling", display_name="KSampler (Advanced)")
def KSamplerAdvanced(
    *,
    model: Model,
    add_noise: Switch = "enable",
    noise_seed: NoiseSeed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: StepIndex = 0,
    end_at_step: StepIndex = 10_000,
    return_with_leftover_noise: OffSwitch = "disable",
    run: Run,
) -> Latent:
    """Run some of the steps of a schedule, so that several samplers can share it.

    add_noise: disable it where the latent already holds the noise of an earlier sampler.
    start_at_step: steps before this one are left out.
    end_at_step: steps from this one on are left out.
    return_with_leftover_noise: disable makes the last step remove all noise; enable leaves it for the next sampler.
    """
    return sample(
        model,
        positive,
        negative,
        latent_image,
        seed=noise_seed,
        steps=steps,
        cfg=cfg,
        sampler_name=sampler_name,
        scheduler=scheduler,
        disable_noise=add_noise == "disable",
        start_step=start_at_step,
        last_step=end_at_step,
        force_full_denoise=return_with_leftover_noise == "disable",
        callback=show_steps(run, model),
    )


def show_steps(run: Run, model: Model) -> Callable[[Step], None]:
    """Return a callback that tells progress, shows a preview and ends a cancelled run."""

    picture = previewer(run, model.latent_format)

    def show(step: Step) -> None:
        run.preview(partial(picture, step.denoised))
        run.progress(step.index + 1, step.total)

    return show
