"""The first stage: a VAE that folds pictures into latents and back (Rombach et al. 2022, section 3.1).

Without a critic network: flat art has no texture to invent, so the error of pixels is enough.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from diffusion.latents import SD1_SCALE
from diffusion.scenes import draw, random_scene
from diffusion.training.config import PICTURE_SIDE, OnProgress, ShouldStop, TrainingConfig
from diffusion.training.loop import Learner
from diffusion.training.networks import channels_last, fast_precision, new_autoencoder

NORMALISING_SCENES = 512
WHOLE_FROM = 0.7  # GroupNorm sees other statistics in whole pictures: the last part of the training is for these


def train_autoencoder(
    config: TrainingConfig, folder: Path, on_progress: OnProgress, should_stop: ShouldStop
) -> nn.Module:
    """Train the VAE, or go on with it, and return it with normalised latents."""
    torch.manual_seed(config.seed)
    autoencoder = channels_last(new_autoencoder(config.autoencoder), config.device)
    learner = Learner("autoencoder", autoencoder, config.autoencoder.plan, folder / "autoencoder.pt")

    def loss_of_step(step: int) -> Tensor:
        pictures = crops(config, step).to(config.device)
        generator = Generator().manual_seed(step)
        return autoencoder_loss(autoencoder, pictures, config.autoencoder.kl_weight, generator)

    learner.run(loss_of_step, on_progress, should_stop)
    return normalise_latents(learner.averaged(), config)


def crops(config: TrainingConfig, step: int) -> Tensor:
    """Return the pictures of a step: (batch, 3, side, side) in -1..1; at the end whole ones, a quarter as many."""
    rng = random.Random(f"crops {config.seed} {step}")
    side, batch = config.autoencoder.crop, config.autoencoder.plan.batch
    if step >= WHOLE_FROM * config.autoencoder.plan.steps:
        side, batch = PICTURE_SIDE, batch * side**2 // PICTURE_SIDE**2
    pictures = []
    for _ in range(batch):
        picture = draw(random_scene(rng))
        top, left = (rng.randrange(0, picture.shape[0] - side + 1) for _ in range(2))
        pictures.append(picture[top : top + side, left : left + side])
    return to_tensor(np.stack(pictures))


def to_tensor(pictures: Any) -> Tensor:
    """Turn (batch, rows, columns, 3) uint8 into (batch, 3, rows, columns) in -1..1."""
    tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    return tensor.contiguous(memory_format=torch.channels_last)


def autoencoder_loss(autoencoder: Any, pictures: Tensor, kl_weight: float, generator: Generator) -> Tensor:
    """Return how far the decoded latents are from the pictures, plus a little pull towards a standard normal latent."""
    with fast_precision(pictures.device):
        moments = autoencoder.quant_conv(autoencoder.encoder(pictures)).float()
        mean, log_variance = moments.chunk(2, dim=1)
        log_variance = log_variance.clamp(-20.0, 10.0)
        noise = torch.randn(mean.shape, generator=generator).to(mean.device)
        latents = mean + noise * (log_variance / 2).exp()
        decoded = autoencoder.decoder(autoencoder.post_quant_conv(latents)).float()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    error = decoded - pictures
    loss: Tensor = error.abs().mean() + error.square().mean() + kl_weight * kl
    return loss


@torch.no_grad()
def normalise_latents(autoencoder: nn.Module, config: TrainingConfig) -> nn.Module:
    """Fold a whitening into the 1x1 convolutions around the latent; pictures stay as they were.

    Afterwards the four channels have mean 0, are uncorrelated, and have a deviation of 1 / SD1_SCALE.
    """
    rng = random.Random(f"normalise {config.seed}")
    pictures = to_tensor(np.stack([draw(random_scene(rng)) for _ in range(NORMALISING_SCENES)]))
    means = torch.cat([encode(autoencoder, batch) for batch in torch.split(pictures, 32)])
    flat = means.transpose(0, 1).flatten(1).double()  # (4, cells)
    centre = flat.mean(dim=1)
    variances, axes = torch.linalg.eigh(torch.cov(flat))
    whiten = (axes / variances.sqrt()).T / SD1_SCALE
    _fold(autoencoder, centre, whiten)
    return autoencoder


def _fold(autoencoder: Any, centre: Tensor, whiten: Tensor) -> None:
    """Let the encoder give `whiten @ (latent - centre)`, and the decoder undo it."""
    quant, post = autoencoder.quant_conv, autoencoder.post_quant_conv
    inverse = torch.linalg.inv(whiten)
    weight, bias = quant.weight[:4, :, 0, 0].double(), quant.bias[:4].double()
    quant.weight[:4, :, 0, 0] = (whiten @ weight).to(quant.weight)
    quant.bias[:4] = (whiten @ (bias - centre)).to(quant.bias)
    quant.weight[4:], quant.bias[4:] = 0.0, -30.0  # no noise is wanted any more
    weight, bias = post.weight[:, :, 0, 0].double(), post.bias.double()
    post.weight[:, :, 0, 0] = (weight @ inverse).to(post.weight)
    post.bias[:] = (bias + weight @ centre).to(post.bias)


@torch.no_grad()
def encode(autoencoder: Any, pictures: Tensor) -> Tensor:
    """Return the mean latents of pictures, unscaled: (batch, 4, rows / 8, columns / 8)."""
    device = next(autoencoder.parameters()).device
    with fast_precision(device):
        hidden = autoencoder.encoder(pictures.to(device))
    mean: Tensor = autoencoder.quant_conv(hidden.float())[:, :4]
    return mean
