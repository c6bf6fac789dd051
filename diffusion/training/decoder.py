"""The decoder alone learns on: sharper pictures from latents that stay what they are.

The encoder and the latents' scale are fixed, so a denoiser that was trained on them may be older or younger than the
decoder. It sees whole pictures, latents as they are cached, and a little noise, as sampled latents have it.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from diffusion.latents import SD1_SCALE
from diffusion.scenes import draw
from diffusion.training.autoencoder import to_tensor
from diffusion.training.config import OnProgress, ShouldStop, TrainingConfig
from diffusion.training.latents import CachedScenes, nth_scene
from diffusion.training.loop import Learner
from diffusion.training.networks import channels_last, fast_precision

NOISE = 0.03  # of the latents' deviation


class LatentDecoder(nn.Module):
    """The half of an autoencoder that turns latents (batch, 4, rows, columns) into pictures."""

    def __init__(self, autoencoder: Any) -> None:
        super().__init__()
        self.post_quant_conv: nn.Module = autoencoder.post_quant_conv
        self.decoder: nn.Module = autoencoder.decoder

    def forward(self, latents: Tensor) -> Tensor:
        """Return pictures (batch, 3, rows * 8, columns * 8), about -1..1."""
        pictures: Tensor = self.decoder(self.post_quant_conv(latents))
        return pictures


def train_decoder(
    config: TrainingConfig,
    autoencoder: Any,
    scenes: CachedScenes,
    folder: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> None:
    """Train the decoder of `autoencoder`, or go on with it; the autoencoder has the outcome."""
    plan = config.autoencoder.decoder_plan
    module = channels_last(LatentDecoder(autoencoder), config.device).train().requires_grad_(True)
    learner = Learner("decoder", module, plan, folder / "decoder.pt")

    def loss_of_step(step: int) -> Tensor:
        latents, pictures = _examples(scenes, f"decoder {config.seed} {step}", plan.batch)
        noise = torch.randn(latents.shape, generator=Generator().manual_seed(step))
        latents, pictures = (latents + noise * NOISE / SD1_SCALE).to(config.device), pictures.to(config.device)
        with fast_precision(latents.device):
            decoded = module(latents)
        return sharpness_loss(decoded.float(), pictures)

    learner.run(loss_of_step, on_progress, should_stop)
    averaged = learner.averaged()
    autoencoder.post_quant_conv, autoencoder.decoder = averaged.post_quant_conv, averaged.decoder


def sharpness_loss(decoded: Tensor, pictures: Tensor) -> Tensor:
    """Return the mean absolute error of pixels and of the steps between neighbours, which tell soft edges from hard ones."""
    error = decoded - pictures
    return error.abs().mean() + error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()


def _examples(scenes: CachedScenes, name: str, size: int) -> tuple[Tensor, Tensor]:
    rng = random.Random(name)
    chosen = [rng.randrange(len(scenes.latents)) for _ in range(size)]
    pictures = to_tensor(np.stack([draw(nth_scene(scenes.seed, index)) for index in chosen]))
    return scenes.latents[chosen].float().contiguous(memory_format=torch.channels_last), pictures
