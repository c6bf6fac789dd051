"""The second stage: the text encoder and the U-Net learn together to tell the noise in latents (see diffusion.train)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Generator, Tensor

from diffusion.latents import SD1_SCALE
from diffusion.train import drop_prompts, noise_prediction_loss, noise_schedule, reverse_process
from diffusion.training.config import PICTURE_SIDE, OnProgress, ShouldStop, TrainingConfig
from diffusion.training.latents import CachedScenes
from diffusion.training.loop import Learner
from diffusion.training.networks import LATENT_CHANNELS, Denoiser, channels_last

SAMPLES = (
    "a red house left of a green tree on the grass under a night sky with a moon",
    "a blue boat on the sea at sunset",
    "a big yellow flower on the right on the snow under a day sky",
    "an orange mountain on sand under a blue day sky with a cloud and a sun",
)
SAMPLES_NAME = "samples.png"


def train_denoiser(
    config: TrainingConfig,
    autoencoder: Any,
    denoiser: Denoiser,
    scenes: CachedScenes,
    folder: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> Denoiser:
    """Train the text encoder and the U-Net together on cached latents, or go on with them.

    Whenever the state is saved, pictures of a few prompts are written beside it.
    """
    denoiser = channels_last(denoiser, config.device)
    learner = Learner("denoiser", denoiser, config.denoiser.plan, folder / "denoiser.pt")
    abar = noise_schedule()
    empty = scenes.empty.to(config.device)

    def loss_of_step(step: int) -> Tensor:
        generator = Generator().manual_seed(config.seed * 1_000_003 + step)
        x0, tokens = scenes.batch(random.Random(f"batch {config.seed} {step}"), config.denoiser.plan.batch)
        tokens = drop_prompts(tokens.to(config.device), empty, config.denoiser.prompt_dropout, generator)
        x0 = x0.to(config.device) * SD1_SCALE
        return noise_prediction_loss(denoiser, x0, tokens, abar, config.denoiser.min_snr, generator)

    def on_save() -> None:
        save_samples(folder / SAMPLES_NAME, autoencoder, learner.averaged(), scenes)

    learner.run(loss_of_step, on_progress, should_stop, on_save)
    return learner.averaged()


def save_samples(path: Path, autoencoder: Any, denoiser: Denoiser, scenes: CachedScenes) -> None:
    """Write what the model makes of SAMPLES at this moment, side by side."""
    tokens = torch.cat([scenes.tokenize(prompt) for prompt in SAMPLES])
    pictures = draw_samples(autoencoder, denoiser, tokens, scenes.empty)
    pixels = ((pictures + 1) * 127.5).round().byte().permute(2, 0, 3, 1).flatten(1, 2)  # rows, pictures * columns, 3
    partial = path.with_suffix(".partial")
    Image.fromarray(pixels.cpu().numpy()).save(partial, format="png")
    partial.replace(path)


@torch.no_grad()
def draw_samples(autoencoder: Any, denoiser: Denoiser, tokens: Tensor, empty: Tensor) -> Tensor:
    """Return pictures (batch, 3, 128, 128) in -1..1 of tokenized prompts (batch, 77), the nth from the seed n."""
    device = next(denoiser.parameters()).device
    cells = PICTURE_SIDE // 8
    shape = (LATENT_CHANNELS, cells, cells)
    noise = torch.stack([torch.randn(shape, generator=Generator().manual_seed(seed)) for seed in range(len(tokens))])
    prompt, nothing = (denoiser.encode(each.to(device)) for each in (tokens, empty))
    latents = reverse_process(denoiser.predict, prompt, nothing.expand(len(tokens), -1, -1), noise.to(device))
    pictures: Tensor = autoencoder.decode(latents / SD1_SCALE).sample
    return pictures.clamp(-1, 1)
