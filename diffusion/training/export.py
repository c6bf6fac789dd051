"""From trained networks to a checkpoint file in SD1's layout, in half precision."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from diffusion.checkpoints.families.sd1 import to_original_keys
from diffusion.scenes import describe, random_scene
from diffusion.text.tokenizer import ClipTokenizer
from diffusion.training.networks import Denoiser

TITLE = "Weft demo: flat-art landscapes, 128x128"
LICENCE = "Apache-2.0"
TRAINING_KEY = "weft.training"
PROMPTS = 3_000  # the rarest word of the grammar is in every 30th


def export_checkpoint(autoencoder: Any, denoiser: Denoiser, path: Path, notes: Mapping[str, object]) -> Path:
    """Write the checkpoint and return its path. `notes` (steps, seed …) go into its metadata."""
    text = denoiser.text.state_dict()
    name = next(name for name in text if name.endswith("token_embedding.weight"))
    text[name] = keep_trained(text[name])
    state = to_original_keys(denoiser.unet.state_dict(), autoencoder.state_dict(), text)
    half = {key: tensor.to("cpu", torch.float16).contiguous() for key, tensor in state.items() if tensor.ndim}
    metadata = {
        "modelspec.title": TITLE,
        "modelspec.license": LICENCE,
        "modelspec.prediction_type": "epsilon",
        "modelspec.resolution": "128x128",
        TRAINING_KEY: json.dumps(notes),
    }
    partial = path.with_suffix(".partial")
    save_file(half, partial, metadata)
    partial.replace(path)
    return path


def keep_trained(embedding: Tensor) -> Tensor:
    """Zero the rows (vocabulary, width) of tokens that no prompt of the grammar holds: they learned nothing."""
    trained = torch.zeros(len(embedding), 1, dtype=torch.bool, device=embedding.device)
    trained[sorted(trained_tokens())] = True
    return torch.where(trained, embedding, torch.zeros_like(embedding))


def trained_tokens() -> set[int]:
    """Return the ids of all tokens that prompts of the grammar have."""
    rng = random.Random("vocabulary")
    tokenizer = ClipTokenizer()
    prompts = {describe(random_scene(rng), rng) for _ in range(PROMPTS)}
    words = {word for prompt in prompts for word in prompt.replace(",", " , ").split()}
    return {token for text in ("", *words) for token in tokenizer.pad(tokenizer.encode(text))}
