"""LoRA files: small changes to the weights of a model and its text encoder.

lora = open_lora(Path("models/loras/detail.safetensors"))
model, clip = apply_lora(lora, model, clip, strength_model=0.8, strength_clip=1.0)
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from torch import nn

from diffusion.clip import Clip, TextEncoder
from diffusion.lora.read import Changes, LoraFile, Targets, open_lora, read_changes
from diffusion.models import Model
from diffusion.overlay import WeightPatch

__all__ = ["LoraFile", "Patched", "Targets", "apply_lora", "lora_patch", "open_lora", "targets_of"]

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
    encoders = () if clip is None or strength_clip == 0.0 else clip.encoders
    family = "" if model is None else model.family
    changes = read_changes(lora, Targets(family, backbone, {each.kind: each.module for each in encoders}))
    if changes.unknown:
        examples = ", ".join(changes.unknown[:SHOWN_KEYS])
        logger.warning("%s: %d keys are not known and left out: %s.", lora.name, len(changes.unknown), examples)
    if model is not None and changes.model:
        model = model.with_patch(_patch(lora, changes.model, strength_model))
    if clip is not None and any(changes.text.values()):
        clip = clip.with_each(
            lambda encoder: _patched(encoder, lora, changes.text.get(encoder.kind, {}), strength_clip)
        )
    return Patched(model, clip)


def targets_of(family: str, kind: str, network: nn.Module) -> Targets:
    """Return one network of a family as what a file may change: a text encoder if it has a kind, else the backbone."""
    return Targets(family, None, {kind: network}) if kind else Targets(family, network, {})


def lora_patch(lora: LoraFile, targets: Targets, strength: float) -> WeightPatch | None:
    """Return the patch that the handle of one network would get; the network may be without weights."""
    changes = read_changes(lora, targets)
    changed = changes.model or next(iter(changes.text.values()), {})
    return _patch(lora, changed, strength) if changed and strength != 0.0 else None


def _patched(encoder: TextEncoder, lora: LoraFile, changes: Changes, strength: float) -> TextEncoder:
    return encoder.with_patch(_patch(lora, changes, strength)) if changes else encoder


def _patch(lora: LoraFile, changes: Changes, strength: float) -> WeightPatch:
    return WeightPatch(changes, strength, digest=f"lora {lora.digest}")
