"""A model prompted with pictures: what a CLIP vision network sees in them, as keys and values in the model's layers.

    model = apply_ip_adapter(model, adapter, vision, image, How(weight=0.8, end_percent=0.6))

For the negative side it is what is seen in other pictures, or in none: zeros for adapters that take one vector of a picture,
a black picture for others. Names of the ways to weigh and to combine are those of ComfyUI_IPAdapter_plus.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from diffusion.adapters import STEERED_UNET
from diffusion.clip_vision import RGB, ClipVision
from diffusion.errors import DiffusionError
from diffusion.ip_adapter.attention import PictureAttention
from diffusion.ip_adapter.layers import Layer, layer_weights, layers_of
from diffusion.ip_adapter.load import IPAdapter
from diffusion.ip_adapter.network import PLAIN, KeysValues
from diffusion.lora.told import BY_CONTEXT
from diffusion.models import Model
from diffusion.patches import TimedHook

CONCAT = "concat"
COMBINED: Mapping[str, Callable[[Tensor], Tensor]] = {  # what was seen in several pictures (pictures, …) as in one
    "add": lambda seen: seen.sum(dim=0, keepdim=True),
    "subtract": lambda seen: seen[:1] - seen[1:].mean(dim=0, keepdim=True),
    "average": lambda seen: seen.mean(dim=0, keepdim=True),
    "norm average": lambda seen: (seen / torch.linalg.vector_norm(seen, dim=0, keepdim=True)).mean(dim=0, keepdim=True),
}
COMBINATIONS = (CONCAT, *COMBINED)
XL = "sdxl"


@dataclass(frozen=True)
class How:
    """How pictures act. weight: how much; weight_type: where in the network. mask: see PictureAttention.

    combination: what becomes of several pictures; concat lets layers attend to all. scaling: what the weight scales.
    """

    weight: float = 1.0
    weight_type: str = "linear"
    combination: str = CONCAT
    scaling: str = "V only"
    start_percent: float = 0.0
    end_percent: float = 1.0
    mask: Tensor | None = None


def apply_ip_adapter(
    model: Model, adapter: IPAdapter, vision: ClipVision | None, image: Tensor, how: How, negative: Tensor | None = None
) -> Model:
    """Return a handle that is prompted with pictures (batch, height, width, channels) in 0..1 too.

    vision: what sees them, which must not be None. negative: pictures for the negative side.
    """
    layers = _fitting_layers(model, adapter)
    if vision is None:
        raise DiffusionError(
            "An IP-Adapter needs a CLIP vision network that sees the picture: connect CLIPVisionLoader to clip_vision."
        )
    if how.weight == 0:
        return model
    seen = adapter.taken(vision.encode_image(image))
    unseen = _unseen(adapter, vision, seen, negative)
    both = _both(*(_keys_values(adapter, each, how.combination) for each in (seen, unseen)))
    weights = layer_weights(layers, how.weight_type, how.weight, is_xl=model.family == XL)
    hook = PictureAttention(layers, adapter.sizes.layers, weights, both, how.scaling, how.mask)
    return model.with_timed_hook(TimedHook(hook, how.start_percent, how.end_percent))


def _unseen(adapter: IPAdapter, vision: ClipVision, seen: Tensor, negative: Tensor | None) -> Tensor:
    """Return what the negative side sees."""
    if negative is None and adapter.sizes.kind == PLAIN:
        return torch.zeros_like(seen[:1])
    black = torch.zeros(1, vision.image_size, vision.image_size, RGB)
    return adapter.taken(vision.encode_image(black if negative is None else negative))


def _keys_values(adapter: IPAdapter, seen: Tensor, combination: str) -> KeysValues:
    """Return keys and values of pictures as one row of tokens."""
    is_several = len(seen) > 1 and combination != CONCAT
    made = adapter.keys_values(COMBINED[combination](seen) if is_several else seen)
    return KeysValues(*(part.flatten(0, 1).unsqueeze(0) for part in made))


def _both(positive: KeysValues, negative: KeysValues) -> KeysValues:
    """Stack both sides; the shorter is repeated, which attention does not notice."""
    length = math.lcm(positive.keys.shape[1], negative.keys.shape[1])

    def stacked(parts: Sequence[Tensor]) -> Tensor:
        return torch.cat([part.repeat(1, length // part.shape[1], 1) for part in parts])

    return KeysValues(*(stacked(parts) for parts in zip(positive, negative, strict=True)))


def _fitting_layers(model: Model, adapter: IPAdapter) -> tuple[Layer, ...]:
    """Return the layers of a model; DiffusionError if the adapter is not made for it."""
    layers = layers_of(model.backbone) if getattr(model.adapter, "steered_by", None) == STEERED_UNET else ()
    if not layers:
        raise DiffusionError(
            f"An IP-Adapter acts in models of Stable Diffusion 1 and XL; this model is of the family {model.family}."
        )
    attentions: list[Any] = [model.backbone.get_submodule(layer.name) for layer in layers]
    context, sizes = attentions[0].cross_attention_dim, adapter.sizes
    if context != sizes.context:
        raise DiffusionError(
            f"This IP-Adapter is made for {_base(sizes.context)}, and this model is {_base(context)}; take an adapter "
            "of the model's family."
        )
    if tuple(attention.inner_dim for attention in attentions) != sizes.layers:
        raise DiffusionError(
            f"This IP-Adapter is made for a network with {len(sizes.layers)} layers that attend to the prompt, and this "
            f"model, of the family {model.family}, has {len(layers)}, or others; take an adapter made for it."
        )
    return layers


def _base(context: int) -> str:
    known = BY_CONTEXT.get(context)
    return f"{known} (prompts {context} wide)" if known else f"prompts {context} wide"
