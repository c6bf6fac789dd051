"""LoRA files: small changes to the weights of a model and its text encoder.

lora = open_lora(Path("models/loras/detail.safetensors"))
model, clip = apply_lora(lora, model, clip, strength_model=0.8, strength_clip=1.0)
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from torch import nn

from diffusion.lora.read import Changes, LoraFile, Targets, open_lora, read_changes
from diffusion.models import Clip, Model
from diffusion.overlay import WeightPatch

__all__ = ["LoraFile", "Patched", "apply_lora", "lora_patch", "open_lora"]

logger = logging.getLogger(__name__)

SHOWN_KEYS = 3


class Patched(NamedTuple):
    """The handles with a LoRA, None where none was given."""

    model: Model | None
    clip: Clip | None


def apply_lora(
    lora: LoraFile, model: Model | None, clip: Clip | None, strength_model: float = 1.0, strength_clip: float = 1.0
) -> Patched:
    """Return handles that compute with a LoRA; those given and their networks stay as they are.

    Strength 0 gives the same handle back. CheckpointError if the file does not fit the model.
    """
    backbone = None if model is None or strength_model == 0.0 else model.backbone
    encoder = None if clip is None or strength_clip == 0.0 else clip.encoder
    changes = read_changes(lora, Targets("" if model is None else model.family, backbone, encoder))
    if changes.unknown:
        examples = ", ".join(changes.unknown[:SHOWN_KEYS])
        logger.warning("%s: %d keys are not known and left out: %s.", lora.name, len(changes.unknown), examples)
    if model is not None and changes.model:
        model = model.with_patch(_patch(lora, changes.model, strength_model))
    if clip is not None and changes.clip:
        clip = clip.with_patch(_patch(lora, changes.clip, strength_clip))
    return Patched(model, clip)


def lora_patch(lora: LoraFile, kind: str, family: str, network: nn.Module, strength: float) -> WeightPatch | None:
    """Return the patch that a handle of a network ("model" or "clip") would get; the network may be without weights."""
    is_model = kind == "model"
    changes = read_changes(lora, Targets(family, network if is_model else None, None if is_model else network))
    changed = changes.model if is_model else changes.clip
    return _patch(lora, changed, strength) if changed and strength != 0.0 else None


def _patch(lora: LoraFile, changes: Changes, strength: float) -> WeightPatch:
    return WeightPatch(changes, strength, digest=f"lora {lora.digest}")
