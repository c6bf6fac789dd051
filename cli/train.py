"""`weft train`: make the built-in model, or go on with one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.training_display import TrainingDisplay, carry_out

if TYPE_CHECKING:
    from diffusion.training.config import TrainingConfig


def train(
    folder: Annotated[Path | None, typer.Option(help="Where everything is kept; user/training if left out.")] = None,
    start: Annotated[Path | None, typer.Option(help="A checkpoint to go on from instead of from nothing.")] = None,
    steps: Annotated[int | None, typer.Option(min=0, help="Steps of the denoiser.")] = None,
    decoder_steps: Annotated[int | None, typer.Option(min=0, help="Steps of the VAE's decoder alone.")] = None,
    autoencoder_steps: Annotated[int | None, typer.Option(min=1, help="Steps of the whole VAE.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Latents in a step of the denoiser.")] = None,
    scenes: Annotated[int | None, typer.Option(min=1, help="Pictures in the data set.")] = None,
    seed: Annotated[int, typer.Option(help="Decides the data and all noise.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps; the best one if left out.")] = None,
) -> None:
    """Train the built-in model on scenes that are drawn on the way.

    Ctrl-C saves and ends with 130; the same command goes on. samples.png in the folder shows how far it is.
    """
    from diffusion.training.config import TrainingConfig
    from diffusion.training.session import train as train_all
    from runtime.devices import open_device
    from runtime.settings import default_base

    where = folder or default_base() / "user" / "training"

    def work(display: TrainingDisplay) -> Path:
        place = str(open_device(device).torch_device)
        config = TrainingConfig(seed=seed, device=place, start=start and start.resolve())
        config = _planned(config, steps, decoder_steps, autoencoder_steps, batch, scenes)
        return train_all(config, folder=where, on_progress=display.show, should_stop=display.was_interrupted)

    carry_out(work)


def _planned(
    config: TrainingConfig,
    steps: int | None,
    decoder_steps: int | None,
    autoencoder_steps: int | None,
    batch: int | None,
    scenes: int | None,
) -> TrainingConfig:
    """Return the settings with what the user asked for; None keeps what is there."""
    autoencoder, denoiser = config.autoencoder, config.denoiser
    autoencoder = replace(
        autoencoder,
        plan=_changed(autoencoder.plan, steps=autoencoder_steps),
        decoder_plan=_changed(autoencoder.decoder_plan, steps=decoder_steps),
    )
    denoiser = _changed(replace(denoiser, plan=_changed(denoiser.plan, steps=steps, batch=batch)), scenes=scenes)
    return replace(config, autoencoder=autoencoder, denoiser=denoiser)


def _changed(value: Any, **changes: int | None) -> Any:
    return replace(value, **{name: change for name, change in changes.items() if change is not None})
