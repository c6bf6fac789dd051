"""The data set of the denoiser: scenes as latents, encoded once and kept in a file; prompts are said anew each time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from diffusion.scenes import Scene, describe, draw, random_scene
from diffusion.text.tokenizer import ClipTokenizer
from diffusion.training.autoencoder import encode, to_tensor
from diffusion.training.config import OnProgress, ShouldStop, TrainingConfig, TrainingProgress, TrainingStopped

BATCH = 50


@dataclass(frozen=True)
class CachedScenes:
    """Latents (scenes, 4, 16, 16), fp16, unscaled, and how to get tokens (1, 77) for a scene's prompt."""

    seed: int
    latents: Tensor
    tokenize: Callable[[str], Tensor]

    @property
    def empty(self) -> Tensor:
        """The tokens of the empty prompt: (1, 77)."""
        return self.tokenize("")

    def batch(self, rng: random.Random, size: int) -> tuple[Tensor, Tensor]:
        """Return latents (size, 4, 16, 16) in float32 and tokens (size, 77) of scenes chosen at random."""
        chosen = [rng.randrange(len(self.latents)) for _ in range(size)]
        tokens = [self.tokenize(describe(nth_scene(self.seed, index), rng)) for index in chosen]
        latents = self.latents[chosen].float().contiguous(memory_format=torch.channels_last)
        return latents, torch.cat(tokens)


def nth_scene(seed: int, index: int) -> Scene:
    """Return one scene of the data set; only its latent is worth keeping."""
    return random_scene(random.Random(f"scene {seed} {index}"))


def cache_scenes(
    config: TrainingConfig, autoencoder: Any, folder: Path, on_progress: OnProgress, should_stop: ShouldStop
) -> CachedScenes:
    """Encode the data set, or read it if that was done."""
    path = folder / "latents.safetensors"
    if not path.exists():
        partial = path.with_suffix(".partial")
        save_file({"latents": _encode_all(config, autoencoder, on_progress, should_stop)}, partial)
        partial.replace(path)
    return CachedScenes(config.seed, load_file(path)["latents"], tokenizer())


def tokenizer() -> Callable[[str], Tensor]:
    """Return a function from a prompt to its tokens (1, 77)."""
    clip = ClipTokenizer()

    def tokenize(prompt: str) -> Tensor:
        return torch.tensor([clip.pad(clip.encode(prompt))])

    return tokenize


def _encode_all(config: TrainingConfig, autoencoder: Any, on_progress: OnProgress, should_stop: ShouldStop) -> Tensor:
    count = config.denoiser.scenes
    latents = []
    for start in range(0, count, BATCH):
        if should_stop():
            raise TrainingStopped(f"latents: stopped after {start} of {count} scenes; they are encoded anew next time.")
        scenes = [nth_scene(config.seed, index) for index in range(start, min(start + BATCH, count))]
        pictures = to_tensor(np.stack([draw(scene) for scene in scenes]))
        latents.append(encode(autoencoder, pictures).to("cpu", torch.float16))
        on_progress(TrainingProgress("latents", start + len(scenes), count, 0.0))
    return torch.cat(latents).contiguous()
