"""A LoRA for the built-in model: small changes of its U-Net, learned while the network itself stays as it is.

    path = train_lora(LoraConfig(base, change="night"), folder=Path("night"), on_progress=print, should_stop=lambda: False)

The scenes are drawn changed and described as they were: so the LoRA learns to make the change whatever the prompt says.
Each layer gets two factors of low rank beside its weight (Hu et al. 2021, eq. 3), convolutions too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Generator, Tensor, nn
from torch.utils.hooks import RemovableHandle

from diffusion.checkpoints.load import load_checkpoint
from diffusion.latents import SD1_SCALE
from diffusion.scenes import Scene, draw
from diffusion.train import drop_prompts, noise_prediction_loss, noise_schedule
from diffusion.training.autoencoder import encode, to_tensor
from diffusion.training.config import OnProgress, Plan, ShouldStop, TrainingError, TrainingProgress
from diffusion.training.export import LICENCE, TRAINING_KEY
from diffusion.training.latents import BATCH, CachedScenes, nth_scene, tokenizer
from diffusion.training.loop import Learner
from diffusion.training.networks import Denoiser, channels_last
from diffusion.training.session import open_folder

CHANGES: Mapping[str, Callable[[Scene], Scene]] = MappingProxyType(
    {
        "night": lambda scene: replace(scene, sky="night"),
        "winter": lambda scene: replace(scene, ground="snow"),
    }
)
"""What a LoRA may learn to do to every scene."""


@dataclass(frozen=True)
class LoraConfig:
    """Everything that decides the outcome. `base`: the checkpoint that the LoRA is for; `change`: a name in CHANGES."""

    base: Path
    change: str
    seed: int = 0
    device: str = "cpu"
    rank: int = 2
    scenes: int = 600
    prompt_dropout: float = 0.1
    min_snr: float = 5.0
    plan: Plan = field(
        default_factory=lambda: Plan(
            steps=400, batch=12, learning_rate=3e-3, warmup=30, decay=0.6, ema=0.98, save_every=100
        )
    )


class Factors(nn.Module):
    """The two factors of each layer, by the layer's name with underscores; at the start they change nothing."""

    def __init__(self, network: nn.Module, rank: int) -> None:
        super().__init__()
        self._rank = rank
        self.down, self.up = nn.ModuleDict(), nn.ModuleDict()
        for name, layer in _layers(network):
            self.down[name], self.up[name] = _factors_of(layer, rank)
            nn.init.zeros_(self.up[name].weight)  # type: ignore[arg-type]

    def attach(self, network: nn.Module) -> list[RemovableHandle]:
        """Let the network's layers add what the factors give."""
        return [layer.register_forward_hook(self._adder(name)) for name, layer in _layers(network)]

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of a LoRA file, with the keys of kohya's scripts."""
        found: dict[str, Any] = {}
        for name, down in self.down.items():
            found[f"lora_unet_{name}.lora_down.weight"] = down.weight
            found[f"lora_unet_{name}.lora_up.weight"] = self.up[name].weight
            found[f"lora_unet_{name}.alpha"] = torch.tensor(float(self._rank))
        return {key: tensor.detach().to("cpu", torch.float16).contiguous() for key, tensor in found.items()}

    def _adder(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def add(layer: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
            change: Tensor = self.up[name](self.down[name](given[0]))
            return output + change

        return add


def train_lora(config: LoraConfig, *, folder: Path, on_progress: OnProgress, should_stop: ShouldStop) -> Path:
    """Train a LoRA in `folder`, or go on with it; return the file's path. TrainingStopped if `should_stop` says so."""
    if config.change not in CHANGES:
        raise TrainingError(f"{config.change} is no change that a LoRA may learn; there are {', '.join(CHANGES)}.")
    open_folder(folder, config)
    checkpoint = load_checkpoint(config.base, dtype=torch.float32, device=config.device)
    scenes = _changed_scenes(config, checkpoint.vae.autoencoder, on_progress)
    denoiser = Denoiser(checkpoint.clip.encoder, checkpoint.model.backbone).eval().requires_grad_(False)
    denoiser = channels_last(denoiser, config.device)
    torch.manual_seed(config.seed)
    factors = Factors(denoiser.unet, config.rank).to(config.device)
    factors.attach(denoiser.unet)
    learner = Learner("lora", factors, config.plan, folder / "lora.pt")
    learner.run(_loss(config, denoiser, scenes), on_progress, should_stop)
    return _export(learner.averaged(), config, folder / f"weft-{config.change}.safetensors")


def _loss(config: LoraConfig, denoiser: Denoiser, scenes: CachedScenes) -> Callable[[int], Tensor]:
    abar, empty = noise_schedule(), scenes.empty.to(config.device)

    def loss_of_step(step: int) -> Tensor:
        generator = Generator().manual_seed(config.seed * 1_000_003 + step)
        x0, tokens = scenes.batch(random.Random(f"batch {config.seed} {step}"), config.plan.batch)
        tokens = drop_prompts(tokens.to(config.device), empty, config.prompt_dropout, generator)
        x0 = x0.to(config.device) * SD1_SCALE
        return noise_prediction_loss(denoiser, x0, tokens, abar, config.min_snr, generator)

    return loss_of_step


def _changed_scenes(config: LoraConfig, autoencoder: Any, on_progress: OnProgress) -> CachedScenes:
    """Return the latents of changed scenes; prompts say them as they were before."""
    latents = []
    for start in range(0, config.scenes, BATCH):
        numbers = range(start, min(start + BATCH, config.scenes))
        changed = [CHANGES[config.change](nth_scene(config.seed, number)) for number in numbers]
        latents.append(encode(autoencoder, to_tensor(np.stack([draw(scene) for scene in changed]))).cpu())
        on_progress(TrainingProgress("latents", numbers.stop, config.scenes, 0.0))
    return CachedScenes(config.seed, torch.cat(latents), tokenizer())


def _layers(network: nn.Module) -> list[tuple[str, nn.Linear | nn.Conv2d]]:
    return [
        (name.replace(".", "_"), layer)
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    ]


def _factors_of(layer: nn.Linear | nn.Conv2d, rank: int) -> tuple[nn.Module, nn.Module]:
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, rank, bias=False), nn.Linear(rank, layer.out_features, bias=False)
    down = nn.Conv2d(layer.in_channels, rank, layer.kernel_size, layer.stride, layer.padding, bias=False)  # type: ignore[arg-type]
    return down, nn.Conv2d(rank, layer.out_channels, 1, bias=False)


def _export(factors: Factors, config: LoraConfig, path: Path) -> Path:
    made = {name: value for name, value in asdict(config).items() if name not in ("base", "device")}
    metadata = {
        "modelspec.title": f"Weft demo: {config.change}, whatever the prompt says",
        "modelspec.license": LICENCE,
        "ss_base_model_version": "sd_v1",
        "ss_network_dim": str(config.rank),
        "ss_network_alpha": str(float(config.rank)),
        TRAINING_KEY: json.dumps({**made, "base": config.base.name}),
    }
    partial = path.with_suffix(".partial")
    save_file(factors.tensors(), partial, metadata)
    partial.replace(path)
    return path
