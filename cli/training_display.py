"""Show a training in the terminal: a bar for each stage, and Ctrl-C turned into a wish to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.progress import TaskID, TextColumn, TimeRemainingColumn

from cli.bars import Bars
from cli.report import CANCELLED, FAILED, error_console

if TYPE_CHECKING:
    from diffusion.training.config import TrainingProgress


class TrainingDisplay(Bars):
    """A bar for each stage; Ctrl-C asks to stop, a second one ends at once."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, TimeRemainingColumn(), TextColumn("{task.fields[loss]}"))
        self._tasks: dict[str, TaskID] = {}
        self._is_interrupted = False

    def __enter__(self) -> Self:
        self._previous = signal.signal(signal.SIGINT, self._interrupt)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        signal.signal(signal.SIGINT, self._previous)

    def show(self, progress: TrainingProgress) -> None:
        """Draw where the training is."""
        if progress.stage not in self._tasks:
            self.console.print(f"{progress.stage}: at step {progress.step} of {progress.total}")
            self._tasks[progress.stage] = self.bars.add_task(progress.stage, total=progress.total, loss="")
        loss = f"loss {progress.loss:.4f}" if progress.loss else ""
        self.bars.update(self._tasks[progress.stage], completed=progress.step, loss=loss)

    def was_interrupted(self) -> bool:
        """Return whether the user wants the training to stop."""
        return self._is_interrupted

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._is_interrupted:
            raise KeyboardInterrupt
        self._is_interrupted = True


def carry_out(work: Callable[[TrainingDisplay], Path]) -> None:
    """Train with a display and print the file; end with a sentence and an exit code if that does not come to its end."""
    from diffusion.errors import DiffusionError
    from diffusion.training.config import TrainingStopped
    from runtime.devices import DeviceError

    console = error_console()
    try:
        with TrainingDisplay(console) as display:
            path = work(display)
    except TrainingStopped as stopped:
        console.print(str(stopped), markup=False)
        raise typer.Exit(CANCELLED) from stopped
    except (DiffusionError, DeviceError) as error:
        console.print(str(error), markup=False)
        raise typer.Exit(FAILED) from error
    typer.echo(path)
