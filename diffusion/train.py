"""Diffusion, as the textbook has it: how the built-in model learns, and how it makes a picture.

A diffusion model is taught one thing: to tell the noise in a noisy picture. The *forward process* adds noise, a known
amount at each of 1,000 timesteps, until nothing of the picture is left. The *reverse process* begins with noise, lets
the network tell it, takes a little of it away, and repeats. Here pictures are latents of a VAE (Rombach et al. 2022),
and a prompt says what the network should see in the noise.

    checkpoint = train(TrainingConfig(), folder=Path("train"), on_progress=print, should_stop=lambda: False)

Everything is saved as it goes; the same call goes on where the last one ended.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import torch
from torch import Generator, Tensor

from diffusion.latents import SD1_SCALE
from diffusion.training.autoencoder import train_autoencoder
from diffusion.training.config import OnProgress, ShouldStop, TrainingConfig
from diffusion.training.export import export_checkpoint
from diffusion.training.latents import CachedScenes, cache_scenes
from diffusion.training.loop import Learner
from diffusion.training.networks import Denoiser, channels_last

TIMESTEPS = 1000
CHECKPOINT_NAME = "weft-demo.safetensors"


class NoisePredictor(Protocol):
    """The network: the noise in `noisy` (batch, channels, rows, columns) at `timestep` (batch,) under a context."""

    def __call__(self, noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """Return the predicted noise, of the shape of `noisy`."""
        ...


def noise_schedule() -> Tensor:
    """Return abar_t, the part of the picture's variance that is left at timestep t: (1000,), from 0.999 down to 0.005.

    beta_t is the variance added at step t, abar_t the product of all 1 - beta (Ho et al. 2020, section 2; the square
    roots of beta are evenly spaced, as in Stable Diffusion 1).
    """
    beta = torch.linspace(0.00085**0.5, 0.012**0.5, TIMESTEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - beta, dim=0).float()


def forward_process(x0: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """Return x_t: the picture with noise added, in one go (Ho et al. 2020, eq. 4)."""
    abar = abar.view(-1, 1, 1, 1)
    return abar.sqrt() * x0 + (1 - abar).sqrt() * noise


def drop_prompts(tokens: Tensor, empty: Tensor, probability: float, generator: Generator) -> Tensor:
    """Replace some prompts by the empty one, so that the network learns both (Ho & Salimans 2022, algorithm 1)."""
    dropped = torch.rand(len(tokens), 1, generator=generator).to(tokens.device) < probability
    return torch.where(dropped, empty, tokens)


def noise_prediction_loss(
    predict: NoisePredictor, x0: Tensor, context: Tensor, abar: Tensor, min_snr: float, generator: Generator
) -> Tensor:
    """Return the mean squared error of the predicted noise at random timesteps (Ho et al. 2020, algorithm 1).

    Almost noiseless pictures teach little: their errors are weighted down (min-SNR, Hang et al. 2023, eq. 8).
    """
    timestep = torch.randint(TIMESTEPS, (len(x0),), generator=generator)
    noise = torch.randn(x0.shape, generator=generator).to(x0.device)
    left = abar[timestep].to(x0.device)
    noisy = forward_process(x0, noise, left)
    with torch.autocast(x0.device.type, torch.bfloat16):
        predicted = predict(noisy, timestep.to(x0.device), context)
    snr = left / (1 - left)
    weight = snr.clamp(max=min_snr) / snr
    return (weight * (predicted.float() - noise).square().mean(dim=(1, 2, 3))).mean()


@torch.no_grad()
def reverse_process(
    predict: NoisePredictor, prompt: Tensor, empty: Tensor, noise: Tensor, *, steps: int = 25, guidance: float = 4.0
) -> Tensor:
    """Return latents made out of `noise`: the network's guess, a small step towards it, again and again.

    Guidance goes beyond what the prompt says, away from what no prompt says (Ho & Salimans 2022, eq. 6). The step is
    that of DDIM without fresh noise (Song et al. 2021, eq. 12); the samplers of `diffusion.samplers` are better ones.
    """
    abar = noise_schedule().to(noise.device)
    timesteps = torch.linspace(TIMESTEPS - 1, 0, steps + 1).round().long().tolist()
    x = noise
    for now, then in pairwise(timesteps):
        time = torch.full((len(x),), now, device=x.device)
        with_prompt, without = predict(x, time, prompt), predict(x, time, empty)
        guess = without + guidance * (with_prompt - without)
        x0 = (x - (1 - abar[now]).sqrt() * guess) / abar[now].sqrt()
        x = forward_process(x0, guess, abar[then])
    return x


def train(config: TrainingConfig, *, folder: Path, on_progress: OnProgress, should_stop: ShouldStop) -> Path:
    """Train the whole model in `folder`, or go on with it; return the checkpoint's path.

    Raises TrainingStopped, with everything saved, soon after `should_stop` says so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    autoencoder = train_autoencoder(config, folder, on_progress, should_stop)
    scenes = cache_scenes(config, autoencoder, folder, on_progress, should_stop)
    denoiser = train_denoiser(config, scenes, folder, on_progress, should_stop)
    notes = {"seed": config.seed, "autoencoder": asdict(config.autoencoder), "denoiser": asdict(config.denoiser)}
    return export_checkpoint(autoencoder, denoiser, folder / CHECKPOINT_NAME, notes)


def train_denoiser(
    config: TrainingConfig, scenes: CachedScenes, folder: Path, on_progress: OnProgress, should_stop: ShouldStop
) -> Denoiser:
    """Train the text encoder and the U-Net together on cached latents, or go on with them."""
    torch.manual_seed(config.seed)
    denoiser = channels_last(Denoiser(config.denoiser), config.device)
    learner = Learner("denoiser", denoiser, config.denoiser.plan, folder / "denoiser.pt")
    abar = noise_schedule()
    empty = scenes.empty.to(config.device)

    def loss_of_step(step: int) -> Tensor:
        generator = Generator().manual_seed(config.seed * 1_000_003 + step)
        x0, tokens = scenes.batch(random.Random(f"batch {config.seed} {step}"), config.denoiser.plan.batch)
        tokens = drop_prompts(tokens.to(config.device), empty, config.denoiser.prompt_dropout, generator)
        x0 = x0.to(config.device) * SD1_SCALE
        return noise_prediction_loss(denoiser, x0, tokens, abar, config.denoiser.min_snr, generator)

    learner.run(loss_of_step, on_progress, should_stop)
    return learner.averaged()


@torch.no_grad()
def draw_samples(
    autoencoder: torch.nn.Module, denoiser: Denoiser, tokens: Tensor, empty: Tensor, seeds: Sequence[int]
) -> Tensor:
    """Return pictures (batch, 3, 128, 128) in -1..1 of tokenized prompts: what the model makes at this moment."""
    noise = torch.stack([torch.randn(4, 16, 16, generator=Generator().manual_seed(seed)) for seed in seeds])
    prompt, nothing = denoiser.encode(tokens), denoiser.encode(empty).expand(len(tokens), -1, -1)
    latents = reverse_process(denoiser.predict, prompt, nothing, noise)
    pictures: Tensor = autoencoder.decode(latents / SD1_SCALE).sample  # type: ignore[operator]
    return pictures.clamp(-1, 1)
