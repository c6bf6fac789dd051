"""`weft train-lora`: make a LoRA for the built-in model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cli.training_display import TrainingDisplay, carry_out


def train_lora(
    change: Annotated[str, typer.Argument(help="What it does to every picture: night or winter.")],
    folder: Annotated[Path | None, typer.Option(help="Where everything is kept; user/CHANGE if left out.")] = None,
    base: Annotated[Path | None, typer.Option(help="The checkpoint; the built-in model if left out.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of the training.")] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="Rank of each layer's change.")] = None,
    scenes: Annotated[int | None, typer.Option(min=1, help="Pictures to learn from.")] = None,
    seed: Annotated[int, typer.Option(help="Decides the data and all noise.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps; the best one if left out.")] = None,
) -> None:
    """Train a LoRA on scenes that are drawn on the way; minutes on one core.

    Ctrl-C saves and ends with 130; the same command goes on. Copy the file to models/loras.
    """
    from diffusion.training.lora import LoraConfig
    from diffusion.training.lora import train_lora as train
    from runtime.devices import open_device
    from runtime.settings import default_base

    root = default_base()

    def work(display: TrainingDisplay) -> Path:
        checkpoint = base or root / "models" / "checkpoints" / "weft-demo.safetensors"
        config = LoraConfig(checkpoint, change, seed=seed, device=str(open_device(device).torch_device))
        chosen = {name: value for name, value in (("rank", rank), ("scenes", scenes)) if value is not None}
        config = replace(config, **chosen)  # type: ignore[arg-type]
        if steps is not None:
            config = replace(config, plan=replace(config.plan, steps=steps))
        where = folder or root / "user" / change
        return train(config, folder=where, on_progress=display.show, should_stop=display.was_interrupted)

    carry_out(work)
