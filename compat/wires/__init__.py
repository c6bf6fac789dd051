"""Values on the wires in the shapes that packs for ComfyUI expect, and back.

    to_pack("LATENT", latent)      # {"samples": …}, what a pack's function gets
    from_pack("LATENT", {"samples": …})  # diffusion.latents.Latent, what the engine's own nodes get

| socket | here | in packs |
|---|---|---|
| LATENT | Latent | a dictionary with samples, noise_mask, batch_index and what packs add |
| CONDITIONING | a tuple of Conds | a list of pairs: a tensor, a dictionary |
| MODEL, CLIP, VAE | Model, Clip, Vae | ModelPatcher, CLIP, VAE (compat.wires.patcher, clip, vae) |
| NOISE, SAMPLER | SeedNoise, EmptyNoise, SamplerChoice | RandomNoise, EmptyNoise, KSAMPLER |
| GUIDER | Guider | CFGGuider |
| CLIP_VISION, CLIP_VISION_OUTPUT | ClipVision, VisionOutput | ClipVisionModel, Output |

Numbers, texts, pictures as tensors have one shape on both sides. Handles know by their class what they are, dictionaries and
lists by the type of their socket; at sockets that take anything (and within lists there) by their content. What a pack made
itself goes through as it is, and a ModelPatcher comes back to packs as the object that it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

ANYTHING, PROMPTS = "*", "CONDITIONING"
Change = Callable[[Any], Any]


def to_pack(type_name: str, value: Any) -> Any:
    """Return a value as a pack expects it at a socket of that type (`*` at one that takes anything)."""
    if type_name == PROMPTS and type(value) is tuple and not value:
        return []
    changes = _outwards()
    change = next((changes[cls] for cls in type(value).__mro__ if cls in changes), None)
    if change is not None:
        return change(value)
    if _is_open(type_name) and type(value) in (list, tuple):
        return _each(value, lambda item: to_pack(ANYTHING, item))
    return value


def from_pack(type_name: str, value: Any) -> Any:
    """Return a value that a pack gave at an output of that type as the engine's own nodes expect it."""
    table = _inwards()
    if not _is_open(type_name):
        return table[type_name](value) if type_name in table else value
    for change in table.values() if not _is_empty(value) else ():
        changed = change(value)
        if changed is not value:
            return changed
    if type(value) in (list, tuple):
        return _each(value, lambda item: from_pack(ANYTHING, item))
    return value


def _is_open(type_name: str) -> bool:
    """Return whether a type says nothing of a value's shape: anything, or one of several."""
    return type_name == ANYTHING or "," in type_name


def _is_empty(value: Any) -> bool:
    return type(value) in (list, tuple, dict) and not value


def _each(items: Any, change: Change) -> Any:
    """Change the items of a list or tuple; the same one if none of them changed."""
    changed = [change(item) for item in items]
    is_same = all(new is old for new, old in zip(changed, items, strict=True))
    return items if is_same else type(items)(changed)


@cache
def _outwards() -> Mapping[type, Change]:
    from compat.wires import clip, clip_vision, conditioning, control, guiding, latent, noise, patcher, sampler, vae
    from diffusion.clip import Clip
    from diffusion.clip_vision import ClipVision, VisionOutput
    from diffusion.control.net import ControlNet
    from diffusion.forward import EmptyNoise, SeedNoise
    from diffusion.guiders import Guider
    from diffusion.latents import Latent
    from diffusion.models import Model, Vae
    from diffusion.sampling import SamplerChoice

    table: dict[type, Change] = {
        Latent: latent.to_pack,
        tuple: conditioning.to_pack,
        Model: patcher.to_pack,
        Clip: clip.to_pack,
        Vae: vae.to_pack,
        SeedNoise: noise.to_pack,
        EmptyNoise: noise.to_pack,
        noise.PackNoise: noise.to_pack,
        SamplerChoice: sampler.to_pack,
        Guider: guiding.to_pack,
        ControlNet: control.to_pack,
        ClipVision: clip_vision.to_pack,
        VisionOutput: clip_vision.output_to_pack,
    }
    return MappingProxyType(table)


@cache
def _inwards() -> Mapping[str, Change]:
    from compat.wires import clip, clip_vision, conditioning, control, guiding, latent, noise, patcher, sampler, vae

    table = {
        "LATENT": latent.from_pack,
        PROMPTS: conditioning.from_pack,
        "MODEL": patcher.from_pack,
        "CLIP": clip.from_pack,
        "VAE": vae.from_pack,
        "NOISE": noise.from_pack,
        "SAMPLER": sampler.from_pack,
        "GUIDER": guiding.from_pack,
        "CONTROL_NET": control.from_pack,
        "CLIP_VISION": clip_vision.from_pack,
        "CLIP_VISION_OUTPUT": clip_vision.output_from_pack,
    }
    return MappingProxyType(table)
