"""Models made of two: weights added, subtracted or mixed, as patches on the first that read the second when needed.

    mixed = merge_models(first, second, mix=Mix(0.3, 0.7))  # 0.3 of the first, 0.7 of the second
    mixed = merge_blocks(first, second, {"input": 0.5, "middle": 1.0, "out": 0.0})  # shares of the first

Each weight is 0.3 a + 0.7 b, computed in float32 (Wortsman et al. 2022, "Model soups", for the idea).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from torch import Tensor, nn

from diffusion.checkpoints.original import ORIGINAL, original_sources
from diffusion.checkpoints.views import as_view
from diffusion.clip import Clip, TextEncoder
from diffusion.errors import DiffusionError
from diffusion.models import Model
from diffusion.overlay import WeightPatch, patched
from diffusion.streaming import Keeper, as_kept

SHOWN_MISFITS = 3

Handle = TypeVar("Handle", Model, TextEncoder)


class Mix(NamedTuple):
    """How much of the first and of the second model a merged weight is made of."""

    first: float
    second: float

    @classmethod
    def of(cls, ratio: float) -> Mix:
        """Return the mix of which the first model has a share, as ComfyUI's `ratio` means it."""
        return cls(ratio, 1.0 - ratio)


@dataclass(frozen=True)
class OtherWeight:
    """Adds the weight that another model has in the same place, with that model's own patches."""

    module: nn.Module
    patches: tuple[WeightPatch, ...]
    name: str
    keeper: Keeper | None = None

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        """Return the weight with the other added."""
        other = as_kept(self.keeper, self.module.get_parameter(self.name))
        return weight + strength * patched(self.name, other.to(weight.device), self.patches)


def merge_models(first: Model, second: Model, mix: Mix) -> Model:
    """Return a model of which every weight is mixed alike; prediction type and patches of guidance are the first's."""
    return _merge(first, second, first.backbone, second.backbone, dict.fromkeys(_names(first.backbone), mix))


def merge_clips(first: Clip, second: Clip, mix: Mix) -> Clip:
    """Return a text encoder of which every weight is mixed alike; the layer that is taken is the first's."""
    others = {encoder.kind: encoder for encoder in second.encoders}
    if others.keys() != {encoder.kind for encoder in first.encoders}:
        kinds = [" and ".join(encoder.kind for encoder in clip.encoders) for clip in (first, second)]
        raise DiffusionError(f"These text encoders cannot be merged: one has {kinds[0]}, the other {kinds[1]}.")

    def merged(own: TextEncoder) -> TextEncoder:
        other = others[own.kind]
        return _merge(own, other, own.module, other.module, dict.fromkeys(_names(own.module), mix))

    return first.with_each(merged)


def merge_blocks(first: Model, second: Model, ratios: Mapping[str, float]) -> Model:
    """Mix weights by the beginning of their names in the family's original layout (the longest that fits counts).

    ratios: the first model's share; the first entry counts for weights under no name. DiffusionError if the family's names
    are not known.
    """
    sources = original_sources(first.family, first.backbone)
    if sources is None:
        raise DiffusionError(
            f"Models of the family {first.family} cannot be merged block by block: their blocks' names are not known, only "
            f"those of {', '.join(ORIGINAL)}. Merge all weights alike."
        )
    default = next(iter(ratios.values()))

    def mix_of(original: str) -> Mix:
        fitting = [beginning for beginning in ratios if original.startswith(beginning)]
        return Mix.of(ratios[max(fitting, key=len)] if fitting else default)

    mixes = {name: mix_of(as_view(sources[name]).key) for name in _names(first.backbone)}
    return _merge(first, second, first.backbone, second.backbone, mixes)


def _merge(first: Handle, second: Handle, own: nn.Module, other: nn.Module, mixes: Mapping[str, Mix]) -> Handle:
    _check_alike(own, other)
    groups: dict[Mix, dict[str, OtherWeight]] = defaultdict(dict)
    for name, mix in mixes.items():
        groups[mix][name] = OtherWeight(other, second.patches, name, second.keeper)
    for mix, changes in groups.items():
        if mix != Mix(1.0, 0.0):  # nothing of the second model: the weights stay as they are
            first = first.with_patch(WeightPatch(changes, mix.second, mix.first, _digest(second, changes)))
    return first


def _digest(second: Handle, names: Iterable[str]) -> str:
    place = hashlib.blake2b(" ".join(sorted(names)).encode(), digest_size=8).hexdigest()
    return second.digest and f"merge [{second.digest}] at {place}"


def _names(module: nn.Module) -> list[str]:
    return [name for name, _ in module.named_parameters()]


def _check_alike(own: nn.Module, other: nn.Module) -> None:
    shapes = [{name: tuple(tensor.shape) for name, tensor in module.named_parameters()} for module in (own, other)]
    differing = sorted(
        name for name in shapes[0].keys() | shapes[1].keys() if shapes[0].get(name) != shapes[1].get(name)
    )
    if differing:
        examples = "; ".join(
            f"{name} is {shapes[0].get(name, 'missing')} and {shapes[1].get(name, 'missing')}"
            for name in differing[:SHOWN_MISFITS]
        )
        raise DiffusionError(
            f"These models cannot be merged: {len(differing)} of their tensors differ in shape ({examples}). "
            "Take two models of the same family and size."
        )
