"""LoRA files: small changes to the weights of a model and its text encoder.

lora = open_lora(Path("models/loras/detail.safetensors"))
model, clip = apply_lora(lora, model, clip, strength_model=0.8, strength_clip=1.0)
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from diffusion.lora.read import LoraFile, open_lora, read_changes
from diffusion.models import Clip, Model
from diffusion.overlay import WeightPatch

__all__ = ["LoraFile", "Patched", "apply_lora", "open_lora"]

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
    changes = read_changes(lora, model if strength_model != 0.0 else None, clip if strength_clip != 0.0 else None)
    if changes.unknown:
        examples = ", ".join(changes.unknown[:SHOWN_KEYS])
        logger.warning("%s: %d keys are not known and left out: %s.", lora.name, len(changes.unknown), examples)
    if model is not None and changes.model:
        model = model.with_patch(WeightPatch(changes.model, strength_model, digest=f"lora {lora.digest}"))
    if clip is not None and changes.clip:
        clip = clip.with_patch(WeightPatch(changes.clip, strength_clip, digest=f"lora {lora.digest}"))
    return Patched(model, clip)
