"""ControlNet: the handle of a network that steers another, and what it gives for one call.

added = net.apply(x, timestep, context, hint, given)  # Residuals
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.errors import DiffusionError
from diffusion.handles import device_of, dtype_of, joined_digest
from diffusion.streaming import Keeper, kept

UNION_TYPES = (  # the pictures that union networks know, by their numbers (xinsir/controlnet-union-sdxl-1.0)
    "openpose",
    "depth",
    "hed/pidi/scribble/ted",
    "canny/lineart/anime_lineart/mlsd",
    "normal",
    "segment",
    "tile",
    "repaint",
)
TAKEN = ("text_embeds", "time_ids")  # what a ControlNet of SDXL takes of what its U-Net takes


class Residuals(NamedTuple):
    """What is added to a U-Net: to its skip connections and its middle, or (adapters) to each level on the way down."""

    down: tuple[Tensor, ...] = ()
    middle: Tensor | None = None
    levels: tuple[Tensor, ...] = ()

    def __add__(self, other: Residuals) -> Residuals:  # type: ignore[override]  # no concatenation
        """Return the sum; what only one of them has counts alone."""
        parts = [part for part in (self.middle, other.middle) if part is not None]
        middle = sum(parts[1:], parts[0]) if parts else None
        return Residuals(_sum(self.down, other.down), middle, _sum(self.levels, other.levels))

    def times(self, strength: float) -> Residuals:
        """Return all of it times a number."""
        middle = None if self.middle is None else self.middle * strength
        return Residuals(
            tuple(each * strength for each in self.down), middle, tuple(each * strength for each in self.levels)
        )


def _sum(first: Sequence[Tensor], second: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if not first or not second:
        return (*first, *second)
    return tuple(a + b for a, b in zip(first, second, strict=True))


class Traits(NamedTuple):
    """What is to be known of a network that steers.

    kind: "net" (diffusers' ControlNetModel), "union" (ControlNetUnionModel), "adapter" (T2IAdapter). hint_channels: of the
    picture. multiple: pixels that its sides are a multiple of. types: how many kinds of pictures a union knows. channels,
    context_width, takes_size: of the U-Net that it belongs to; None where it does not matter.
    """

    kind: str
    hint_channels: int
    multiple: int = 8
    types: int = 0
    channels: int | None = None
    context_width: int | None = None
    takes_size: bool = False


@dataclass(frozen=True)
class ControlNet:
    """A network that steers a U-Net. is_pooled: its outputs are averaged over the picture. type: of a union's picture."""

    network: nn.Module
    traits: Traits
    digest: str = ""
    computed: torch.dtype | None = None
    keeper: Keeper | None = None
    is_pooled: bool = False
    type: int | None = None

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return device_of(self.keeper, self.network)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return self.computed or dtype_of(self.keeper, self.network)

    @property
    def is_adapter(self) -> bool:
        """Whether what it gives depends on the picture alone."""
        return self.traits.kind == "adapter"

    def with_type(self, name: str) -> ControlNet:
        """Return a handle that is told the kind of picture; any other name than those of UNION_TYPES leaves it open."""
        number = UNION_TYPES.index(name) if name in UNION_TYPES else None
        if number is not None and self.traits.kind == "union" and number >= self.traits.types:
            raise DiffusionError(
                f'This union ControlNet knows {self.traits.types} types of pictures, and "{name}" is number {number + 1}; '
                "take a newer one (ProMax)."
            )
        return replace(self, type=number, digest=joined_digest(self.digest, f"type {number}"))

    def features(self, hint: Tensor) -> Residuals:
        """Return what an adapter gives for pictures (batch, channels, height, width)."""
        network: Any = self.network
        levels = kept(self.keeper, "control", hint.shape, lambda: network(hint.to(self.device, self.dtype)))
        return Residuals(levels=tuple(levels))

    def apply(self, x: Tensor, timestep: Tensor, context: Tensor, hint: Tensor, given: Mapping[str, Any]) -> Residuals:
        """Return what the network gives for scaled x (batch, channels, rows, columns) and pictures (1 or batch, …)."""

        def work() -> Residuals:
            dtype = self.dtype
            added = {name: given[name].to(dtype) for name in TAKEN if name in given} if self.traits.takes_size else None
            return self._apply(x.to(dtype), timestep.float(), context.to(dtype), hint.to(x.device, dtype), added)

        return kept(self.keeper, "control", x.shape, work)

    def _apply(self, x: Tensor, timestep: Tensor, context: Tensor, hint: Tensor, added: Any) -> Residuals:
        network: Any = self.network
        if self.traits.kind == "union":
            down, middle = self._apply_union(x, timestep, context, hint, added)
        else:
            down, middle = network(x, timestep, context, hint, added_cond_kwargs=added, return_dict=False)
        if self.is_pooled:
            down, middle = [_mean(each) for each in down], _mean(middle)
        return Residuals(tuple(down), middle)

    def _apply_union(self, x: Tensor, timestep: Tensor, context: Tensor, hint: Tensor, added: Any) -> Any:
        network: Any = self.network
        types = torch.zeros(x.shape[0], self.traits.types, device=x.device)
        pictures, chosen = [], []
        if self.type is not None:
            types[:, self.type] = 1.0
            pictures, chosen = [hint.expand(x.shape[0], -1, -1, -1)], [self.type]
        with _added_to_input(network, None if pictures else hint):
            return network(x, timestep, context, pictures, types, chosen, added_cond_kwargs=added, return_dict=False)


@contextmanager
def _added_to_input(network: Any, hint: Tensor | None) -> Iterator[None]:
    """Let a union network take a picture of no type, as networks of one type take theirs."""
    if hint is None:
        yield
        return

    def add(module: nn.Module, args: Any, output: Tensor) -> Tensor:
        embedded: Tensor = network.controlnet_cond_embedding(hint)
        return output + embedded

    handle = network.conv_in.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def _mean(x: Tensor) -> Tensor:
    return x.mean(dim=(2, 3), keepdim=True)
