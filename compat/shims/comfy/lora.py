"""ComfyUI's `comfy.lora`: from the keys of a LoRA file to patches of weights.

loaded = load_lora(state_dict, model_lora_keys_unet(patcher.model, {}))
patcher.add_patches(loaded, 0.8)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from compat.wires.base_model import BaseModel
from compat.wires.text_model import CLIP_PREFIX, TextModel
from compat.wires.weight_patches import calculate_weight
from diffusion.lora.entry import Entry
from diffusion.lora.read import FORMS, SUFFIXES
from diffusion.lora.targets import text_aliases, unet_aliases

__all__ = ["calculate_weight", "load_lora", "model_lora_keys_clip", "model_lora_keys_unet"]

logger = logging.getLogger(__name__)
Keys = dict[str, str]


def model_lora_keys_unet(model: BaseModel, key_map: Keys | None = None) -> Keys:
    """Add the names that LoRA files have for the layers of a network, each with the weight's name."""
    found = {} if key_map is None else key_map
    ours = {name: key for key, name in model.weight_names().items()}
    aliases = unet_aliases(model.handle.family, model.handle.backbone)
    found.update({alias: ours[name] for alias, name in aliases.items()})
    return found


def model_lora_keys_clip(model: TextModel, key_map: Keys | None = None) -> Keys:
    """Add the names that LoRA files have for the layers of text encoders."""
    found = {} if key_map is None else key_map
    names = model.weight_names()
    for encoder in model.handle.encoders:
        ours = {name: key for key, name in names.items() if key.startswith(f"{CLIP_PREFIX}{encoder.kind}.")}
        aliases = text_aliases(encoder.kind, encoder.module, is_alone=len(model.handle.encoders) == 1)
        found.update({alias: ours[name] for alias, name in aliases.items()})
    return found


def load_lora(lora: Mapping[str, Tensor], to_load: Mapping[str, str], log_missing: bool = True) -> dict[str, Any]:
    """Return patches by the names of weights; keys that mean none are told."""
    entries: dict[str, dict[str, Tensor]] = {}
    unknown = []
    for key, tensor in lora.items():
        suffix = next((each for each in SUFFIXES if key.endswith(each)), "")
        layer = key.removesuffix(suffix)
        if layer in to_load and suffix:
            entries.setdefault(layer, {})[suffix] = tensor
        else:
            unknown.append(key)
    if unknown and log_missing:
        logger.warning("%d keys of a LoRA are not known and left out: %s.", len(unknown), ", ".join(unknown[:3]))
    made = {to_load[layer]: _change(Entry(tensors)) for layer, tensors in entries.items()}
    return {key: change for key, change in made.items() if change is not None}


def _change(entry: Entry) -> Any:
    return next((change for change in (read(entry) for read in FORMS) if change is not None), None)
