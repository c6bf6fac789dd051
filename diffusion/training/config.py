"""Sizes and plans of the built-in model, as values.

TrainingConfig(denoiser=DenoiserConfig(plan=Plan(steps=20_000, batch=64)))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from diffusion.errors import DiffusionError

PICTURE_SIDE = 128


@dataclass(frozen=True)
class Plan:
    """How long and how fast one stage learns.

    The learning rate rises over `warmup` steps, stays, and falls to nothing over the last `decay` of all steps.
    """

    steps: int
    batch: int
    learning_rate: float
    warmup: int = 100
    decay: float = 0.4
    ema: float = 0.999
    save_every: int = 250

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        rise = min(1.0, (step + 1) / self.warmup)
        fall = min(1.0, (self.steps - step) / max(self.decay * self.steps, 1))
        return self.learning_rate * min(rise, fall)


@dataclass(frozen=True)
class AutoencoderConfig:
    """The VAE: 128x128 pictures to latents of 16x16 cells with 4 channels, as in SD1.

    plan: of encoder and decoder together. decoder_plan: of the decoder alone, afterwards.
    """

    channels: tuple[int, ...] = (32, 64, 96, 96)
    crop: int = 64  # learns on crops, which a convolution does not mind and which cost a quarter
    kl_weight: float = 1e-6
    plan: Plan = Plan(steps=2_000, batch=16, learning_rate=1e-3, ema=0.995)
    decoder_plan: Plan = Plan(steps=2_500, batch=4, learning_rate=6e-4, decay=0.6, ema=0.995)


@dataclass(frozen=True)
class DenoiserConfig:
    """The U-Net and the CLIP text encoder, which learn together."""

    channels: tuple[int, ...] = (64, 128, 128)
    has_attention: tuple[bool, ...] = (False, True, True)
    layers: int = 1
    text_width: int = 128
    text_layers: int = 3
    scenes: int = 30_000
    prompt_dropout: float = 0.1  # classifier-free guidance: this part of the prompts is left empty
    min_snr: float = 5.0
    plan: Plan = Plan(steps=15_000, batch=48, learning_rate=1e-3, warmup=200, ema=0.998)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides the outcome.

    start: a checkpoint of the SD1 family to go on from instead of from nothing: its sizes count, its encoder stays as
    it is, so that the latents keep their meaning, and its decoder and its denoiser learn on.
    """

    seed: int = 0
    device: str = "cpu"
    start: Path | None = None
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)


@dataclass(frozen=True)
class TrainingProgress:
    """Where the training is: `step` of `total` of a stage, and the loss (averaged over some steps)."""

    stage: str
    step: int
    total: int
    loss: float


OnProgress = Callable[[TrainingProgress], None]
ShouldStop = Callable[[], bool]


class TrainingError(DiffusionError):
    """A training cannot begin as it was asked for."""


class TrainingStopped(DiffusionError):
    """The training ended early on request; what was learned is saved."""
