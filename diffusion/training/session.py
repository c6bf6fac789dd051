"""A whole training: every stage in its order, in one folder, which the same settings go on with.

    checkpoint = train(TrainingConfig(), folder=Path("training"), on_progress=print, should_stop=lambda: False)

The VAE learns first, then its latents of the data set are kept, then its decoder learns on alone, then the denoiser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import load_checkpoint
from diffusion.training.autoencoder import train_autoencoder
from diffusion.training.config import OnProgress, ShouldStop, TrainingConfig, TrainingError
from diffusion.training.decoder import train_decoder
from diffusion.training.denoiser import train_denoiser
from diffusion.training.export import TRAINING_KEY, export_checkpoint
from diffusion.training.latents import cache_scenes
from diffusion.training.networks import Denoiser, channels_last, new_denoiser

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CHECKPOINT_NAME = "weft-demo.safetensors"
SETTINGS_NAME = "settings.json"


def train(config: TrainingConfig, *, folder: Path, on_progress: OnProgress, should_stop: ShouldStop) -> Path:
    """Train the whole model in `folder`, or go on with it; return the checkpoint's path.

    Raises TrainingStopped, with everything saved, soon after `should_stop` says so, and TrainingError if the folder
    holds a training with other settings.
    """
    open_folder(folder, config)
    autoencoder, denoiser = first_networks(config, folder, on_progress, should_stop)
    scenes = cache_scenes(config, autoencoder, folder, on_progress, should_stop)
    train_decoder(config, autoencoder, scenes, folder, on_progress, should_stop)
    denoiser = train_denoiser(config, autoencoder, denoiser, scenes, folder, on_progress, should_stop)
    return export_checkpoint(autoencoder, denoiser, folder / CHECKPOINT_NAME, notes_of(config))


def open_folder(folder: Path, config: DataclassInstance) -> None:
    """Make the folder of a training and write its settings there, or see that they are the same."""
    settings = json.loads(json.dumps(asdict(config), default=str))
    del settings["device"]  # another one may go on
    path = folder / SETTINGS_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(json.dumps(settings, indent=2), encoding="utf-8")
        begun = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: the settings cannot be kept there ({error}); choose another folder.") from error
    other = [f"{name} was {was}, now {now}" for name, was, now in _differences(begun, settings)]
    if other:
        raise TrainingError(
            f"{folder}: this training was begun with other settings: {'; '.join(other)}. "
            "Give the same ones to go on with it, or another folder."
        )


def first_networks(
    config: TrainingConfig, folder: Path, on_progress: OnProgress, should_stop: ShouldStop
) -> tuple[nn.Module, Denoiser]:
    """Return a VAE that is trained and a denoiser that is not, or both as the checkpoint to start from has them."""
    if config.start is None:
        autoencoder = train_autoencoder(config, folder, on_progress, should_stop)
        torch.manual_seed(config.seed)
        return autoencoder, new_denoiser(config.denoiser)
    checkpoint = load_checkpoint(config.start, dtype=torch.float32, device=config.device)
    denoiser = Denoiser(checkpoint.clip.encoder, checkpoint.model.backbone)
    return channels_last(checkpoint.vae.autoencoder, config.device), denoiser.train().requires_grad_(True)


def notes_of(config: TrainingConfig) -> dict[str, object]:
    """Return what a checkpoint tells of its making: the settings, and those of the checkpoint it started from."""
    notes: dict[str, object] = {"seed": config.seed, "denoiser": asdict(config.denoiser)}
    if config.start is None:
        return notes | {"autoencoder": asdict(config.autoencoder)}
    earlier = read_header(config.start).metadata.get(TRAINING_KEY, "{}")
    return notes | {"decoder": asdict(config.autoencoder.decoder_plan), "start": json.loads(earlier)}


def _differences(was: Any, now: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield what two settings differ in: its name, and both values."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in {**was, **now}:
            yield from _differences(was.get(key), now.get(key), f"{name}.{key}" if name else key)
    elif was != now:
        yield name, was, now
