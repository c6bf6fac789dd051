"""The layers of a U-Net that attend to the prompt, and how much a picture counts in each.

    layers = layers_of(backbone)
    layer_weights(layers, "ease in", 1.0, is_xl=False)  # (0.94, …)

Ways to weigh are those of ComfyUI_IPAdapter_plus, in which the layers in the middle of the network never act (2.0.0 in ComfyUI
0.33); here they do, as in diffusers. `style transfer` and `composition` are places that Wang et al. (2024),
"InstantStyle", found in SDXL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

STAGES = ("down_blocks", "mid_block", "up_blocks")  # in the order in which they are computed
ENDS = ("attn2.processor", ".transformer_blocks.")
LEAST, REST = 0.05, 0.95  # what is left where a slope ends, and what it takes away
WEAK = 0.2  # of a stage that counts little
SD1_COARSE = 0.25  # of the first of two transformers for the composition
SD1_STYLE = (0, 1, 2, 3, 9, 10, 11, 12, 13, 14, 15)


class Layer(NamedTuple):
    """A layer that attends to the prompt. transformer: the module around it; number: that one's, as they are computed."""

    name: str
    transformer: str
    stage: str
    number: int


def layers_of(backbone: Any) -> tuple[Layer, ...]:
    """Return the layers in the order of diffusers, which is that of adapters; none of other networks than U-Nets."""
    names = [name for name in getattr(backbone, "attn_processors", ()) if name.endswith(ENDS[0]) and ENDS[1] in name]
    around = [name.partition(ENDS[1])[0] for name in names]
    computed = sorted(dict.fromkeys(around), key=lambda name: STAGES.index(_stage(name)))
    numbers = {name: number for number, name in enumerate(computed)}
    return tuple(
        Layer(name.removesuffix(".processor"), outer, _stage(name), numbers[outer])
        for name, outer in zip(names, around, strict=True)
    )


def _stage(name: str) -> str:
    return name.partition(".")[0]


def layer_weights(layers: Sequence[Layer], weight_type: str, weight: float, *, is_xl: bool) -> tuple[float, ...]:
    """Return how much a picture counts in each layer. is_xl: the model is SDXL, in which other places make the style."""
    count = 1 + max(layer.number for layer in layers)
    if weight_type in SLOPES:
        slope = SLOPES[weight_type]
        return tuple(weight * (LEAST + REST * slope(layer.number / count)) for layer in layers)
    if weight_type in WEAK_STAGES:
        weak = WEAK_STAGES[weight_type]
        return tuple(weight * WEAK if layer.stage in weak else weight for layer in layers)
    if weight_type in PLACES:
        sd1, xl = PLACES[weight_type]
        shares = xl if is_xl else sd1
        return tuple(weight * shares.get(layer.number, 0.0) for layer in layers)
    return (weight,) * len(layers)


SLOPES: Mapping[str, Callable[[float], float]] = {  # from 0 at the first transformer towards 1
    "ease in": lambda at: 1 - at,
    "ease out": lambda at: at,
    "ease in-out": lambda at: 1 - abs(2 * at - 1),
    "reverse in-out": lambda at: abs(2 * at - 1),
}
WEAK_STAGES: Mapping[str, frozenset[str]] = {
    "weak input": frozenset({"down_blocks"}),
    "weak output": frozenset({"up_blocks"}),
    "weak middle": frozenset({"mid_block"}),
    "strong middle": frozenset({"down_blocks", "up_blocks"}),
}
Shares = Mapping[int, float]
PLACES: Mapping[str, tuple[Shares, Shares]] = {  # numbers of transformers with shares: of Stable Diffusion 1, of XL
    "style transfer": (dict.fromkeys(SD1_STYLE, 1.0), {6: 1.0}),
    "composition": ({4: SD1_COARSE, 5: 1.0}, {3: 1.0}),
    "strong style transfer": (
        dict.fromkeys((*SD1_STYLE, 6, 7, 8), 1.0),
        dict.fromkeys((0, 1, 2, 4, 5, 6, 7, 8, 9, 10), 1.0),
    ),
}
WEIGHT_TYPES = ("linear", *SLOPES, *WEAK_STAGES, *PLACES)
