"""A hook that lets layers attend to pictures too: what that gives is added to what attention to the prompt gives.

    model.with_timed_hook(TimedHook(PictureAttention(layers, weights, both, "V only"), 0.0, 0.8))

The sum is taken before the layer's last projection, with the queries that the layer has made (Ye et al. 2023, eq. 5). So
whatever else is done to attention or to weights acts too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from diffusion.attention import attend
from diffusion.ip_adapter.layers import Layer
from diffusion.ip_adapter.network import KeysValues
from diffusion.patches import Remove
from diffusion.resize import repeat_to_batch

FULL_WIDTH = 1280  # of the layers in which a weight with "C penalty" counts whole
POSITIVE, NEGATIVE = 0, 1  # rows; whatever is not for the negative side sees what the positive one sees
SCALINGS: Mapping[str, Callable[[KeysValues, float, int], KeysValues]] = {  # by weight and width of a layer
    "V only": lambda both, weight, width: KeysValues(both.keys, both.values * weight),
    "K+V": lambda both, weight, width: KeysValues(both.keys * weight, both.values * weight),
    "K+V w/ C penalty": lambda both, weight, width: SCALINGS["K+V"](both, weight * width / FULL_WIDTH, width),
    "K+mean(V) w/ C penalty": lambda both, weight, width: _mean_scaled(both, weight * width / FULL_WIDTH),
}


def _mean_scaled(both: KeysValues, weight: float) -> KeysValues:
    """Weigh keys, and of values what they have in common."""
    mean = both.values.mean(dim=1, keepdim=True)
    return KeysValues(both.keys * weight, both.values - mean + mean * weight)


@dataclass(frozen=True, eq=False)
class PictureAttention:
    """The hook. weights: of each layer; 0 leaves it alone.

    both: of pictures for the positive side and for the negative one, (2, tokens, sum of widths). scaling: what the weights
    scale, by the names of SCALINGS. mask: where the pictures count, (1 or batch, rows, columns) of any size.
    """

    layers: tuple[Layer, ...]
    widths: tuple[int, ...]
    weights: tuple[float, ...]
    both: KeysValues
    scaling: str
    mask: Tensor | None = None

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Let the layers attend to the pictures."""
        call = _Call(self, tuple(sides) or (POSITIVE,))
        return list(call.hooks(backbone))


@dataclass
class _Call:
    """One call of the network: keys and values for its sides, on its device, and how large the picture is in each place."""

    hook: PictureAttention
    sides: tuple[int, ...]
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    queries: dict[int, Tensor] = field(default_factory=dict)
    brought: KeysValues | None = None

    def hooks(self, backbone: nn.Module) -> Iterator[Remove]:
        for index, (layer, weight) in enumerate(zip(self.hook.layers, self.hook.weights, strict=True)):
            if weight == 0:
                continue
            attention: Any = backbone.get_submodule(layer.name)
            yield attention.to_q.register_forward_hook(self._keep_query(index)).remove
            yield attention.to_out[0].register_forward_pre_hook(self._add(index, attention.heads)).remove
            if self.hook.mask is not None:
                around = backbone.get_submodule(layer.transformer)
                yield around.register_forward_pre_hook(self._keep_size(layer.transformer)).remove

    def _keep_query(self, index: int) -> Callable[..., None]:
        def keep(module: nn.Module, args: Any, output: Tensor) -> None:
            self.queries[index] = output

        return keep

    def _keep_size(self, transformer: str) -> Callable[..., None]:
        def keep(module: nn.Module, args: tuple[Tensor, ...]) -> None:
            rows, columns = args[0].shape[-2:]
            self.sizes[transformer] = (rows, columns)

        return keep

    def _add(self, index: int, heads: int) -> Callable[..., tuple[Tensor, ...]]:
        def add(module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            query = self.queries.pop(index)
            return (args[0] + self._seen(index, query, heads).to(args[0]), *args[1:])

        return add

    def _seen(self, index: int, query: Tensor, heads: int) -> Tensor:
        """Return what the pictures add in a layer for queries (batch, places, width)."""
        scaled = SCALINGS[self.hook.scaling](self._of_layer(index, query), self.hook.weights[index], query.shape[-1])
        each = query.shape[0] // len(self.sides)
        keys, values = (part.repeat_interleave(each, dim=0) for part in scaled)
        seen = attend(query, keys, values, heads)
        return seen if self.hook.mask is None else seen * self._mask(self.hook.mask, index, query, each)

    def _of_layer(self, index: int, query: Tensor) -> KeysValues:
        if self.brought is None:
            rows = [NEGATIVE if side == NEGATIVE else POSITIVE for side in self.sides]
            self.brought = KeysValues(*(part[rows].to(query) for part in self.hook.both))
        start, width = sum(self.hook.widths[:index]), self.hook.widths[index]
        return KeysValues(*(part[..., start : start + width] for part in self.brought))

    def _mask(self, mask: Tensor, index: int, query: Tensor, each: int) -> Tensor:
        """Return the mask for a layer's places, (batch, places, 1)."""
        size = self.sizes[self.hook.layers[index].transformer]
        planes = functional.interpolate(mask.unsqueeze(1).float(), size=size, mode="bilinear")
        fitted = repeat_to_batch(planes.to(query), each).reshape(each, math.prod(size), 1)
        return fitted.repeat(len(self.sides), 1, 1)
