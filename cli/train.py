"""`weft train`: make the built-in model, or go on with one."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cli.report import CANCELLED, FAILED, error_console

if TYPE_CHECKING:
    from diffusion.training.config import TrainingConfig, TrainingProgress


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
    from diffusion.errors import DiffusionError
    from diffusion.training.config import TrainingConfig, TrainingStopped
    from diffusion.training.session import train as carry_out
    from runtime.devices import DeviceError, open_device
    from runtime.settings import default_base

    console = error_console()
    where = folder or default_base() / "user" / "training"
    try:
        config = TrainingConfig(
            seed=seed, device=str(open_device(device).torch_device), start=start and start.resolve()
        )
        config = _planned(config, steps, decoder_steps, autoencoder_steps, batch, scenes)
        with Display(console) as display:
            path = carry_out(config, folder=where, on_progress=display.show, should_stop=display.was_interrupted)
    except TrainingStopped as stopped:
        console.print(str(stopped), markup=False)
        raise typer.Exit(CANCELLED) from stopped
    except (DiffusionError, DeviceError) as error:
        console.print(str(error), markup=False)
        raise typer.Exit(FAILED) from error
    typer.echo(path)


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


class Display:
    """A bar for each stage, and Ctrl-C turned into a wish to stop; a second Ctrl-C ends at once."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, TextColumn("{task.fields[loss]}"), console=console)
        self._tasks: dict[str, TaskID] = {}
        self._is_interrupted = False

    def __enter__(self) -> Display:
        self._previous = signal.signal(signal.SIGINT, self._interrupt)
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        signal.signal(signal.SIGINT, self._previous)

    def show(self, progress: TrainingProgress) -> None:
        """Draw where the training is."""
        if progress.stage not in self._tasks:
            self._bars.console.print(f"{progress.stage}: at step {progress.step} of {progress.total}")
            self._tasks[progress.stage] = self._bars.add_task(progress.stage, total=progress.total, loss="")
        loss = f"loss {progress.loss:.4f}" if progress.loss else ""
        self._bars.update(self._tasks[progress.stage], completed=progress.step, loss=loss)

    def was_interrupted(self) -> bool:
        """Return whether the user wants the training to stop."""
        return self._is_interrupted

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._is_interrupted:
            raise KeyboardInterrupt
        self._is_interrupted = True
