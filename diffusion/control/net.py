"""ControlNet: the handle of a network that steers another, and what it gives for one call.

added = net.apply(x, timestep, context, hint, given)  # Residuals
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from diffusion.adapters import STEERED_UNET
from diffusion.checkpoints.part import Part
from diffusion.control.lightness import Lightness
from diffusion.errors import DiffusionError
from diffusion.handles import device_of, dtype_of, joined_digest
from diffusion.latents import LatentFormat
from diffusion.models import Model
from diffusion.overlay import Overlay
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
    """What is added to a U-Net: to its skip connections and its middle, or (adapters) to each level on the way down.

    blocks, singles: what is added to a transformer, behind each of its blocks (Flux's double ones) and each of its single ones.
    """

    down: tuple[Tensor, ...] = ()
    middle: Tensor | None = None
    levels: tuple[Tensor, ...] = ()
    blocks: tuple[Tensor, ...] = ()
    singles: tuple[Tensor, ...] = ()

    def __add__(self, other: Residuals) -> Residuals:  # type: ignore[override]  # no concatenation
        """Return the sum; what only one of them has counts alone."""
        parts = [part for part in (self.middle, other.middle) if part is not None]
        middle = sum(parts[1:], parts[0]) if parts else None
        return Residuals(
            _sum(self.down, other.down),
            middle,
            _sum(self.levels, other.levels),
            _sum(self.blocks, other.blocks),
            _sum(self.singles, other.singles),
        )

    def times(self, strength: float) -> Residuals:
        """Return all of it times a number."""

        def scaled(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return tuple(each * strength for each in tensors)

        middle = None if self.middle is None else self.middle * strength
        return Residuals(scaled(self.down), middle, scaled(self.levels), scaled(self.blocks), scaled(self.singles))

    def spread(self, caller: Caller, depths: Depths) -> Residuals:
        """Return what a network with fewer blocks than the one that it steers gives, a tensor for each of its blocks."""

        def behind_each(samples: tuple[Tensor, ...], layers: int) -> tuple[Tensor, ...]:
            count = len(samples)
            return tuple(samples[caller.source(block, layers, count)] for block in range(layers)) if count else ()

        return self._replace(
            blocks=behind_each(self.blocks, depths.blocks), singles=behind_each(self.singles, depths.singles)
        )


class Depths(NamedTuple):
    """How many blocks a transformer has, and how many single ones behind them."""

    blocks: int = 0
    singles: int = 0


def depths_of(backbone: Any) -> Depths:
    """Return the depths of a network; none of a U-Net."""
    return Depths(*(len(getattr(backbone, name, ())) for name in ("transformer_blocks", "single_transformer_blocks")))


class Caller(Protocol):
    """How networks that steer the transformers of a family are called. Frozen values."""

    def call(
        self,
        network: Any,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        hint: Tensor,
        given: Mapping[str, Any],
        type: int | None,
    ) -> Residuals:
        """Return what a network gives, a tensor for each of its own blocks; see ControlNet.apply."""
        ...

    def source(self, block: int, layers: int, samples: int) -> int:
        """Return which of its samples is added behind a block of a network that has so many layers."""
        ...


def nearest_before(block: int, layers: int, samples: int) -> int:
    """Return the sample for a block where each serves as many blocks, one after the other (see Caller.source)."""
    return block // math.ceil(layers / samples)


def _sum(first: Sequence[Tensor], second: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if not first or not second:
        return (*first, *second)
    return tuple(a + b for a, b in zip(first, second, strict=True))


class Traits(NamedTuple):
    """What is to be known of a network that steers.

    kind: "net" (diffusers' ControlNetModel), "union" (ControlNetUnionModel), "adapter" (T2IAdapter). hint_channels: of the
    picture. multiple: pixels that its sides are a multiple of. types: how many kinds of pictures a union knows. channels,
    context_width, takes_size: of the U-Net that it belongs to; None where it does not matter. base: what it steers, as
    adapters call it (`steered_by`). caller: of networks for transformers. latent_format: of those that take the picture as a
    latent, in that scale. has_mask: a mask lies beside the latent. lightness: of the picture before it becomes one.
    """

    kind: str
    hint_channels: int
    multiple: int = 8
    types: int = 0
    channels: int | None = None
    context_width: int | None = None
    takes_size: bool = False
    base: str = STEERED_UNET
    caller: Caller | None = None
    latent_format: LatentFormat | None = None
    has_mask: bool = False
    lightness: Lightness | None = None


class Ends(Protocol):
    """What a network that is made of the model's layers has of its own: before them, and behind them."""

    def embedded(self, hint: Tensor) -> Tensor:
        """Return what is added to the model's input for pictures."""
        ...

    def finished(self, features: Residuals) -> Residuals:
        """Return what is added to the model for what its layers gave."""
        ...


class Borrower(Protocol):
    """Makes networks of weights in a file and of some of the model that they steer."""

    def bound(self, net: ControlNet, model: Model) -> ControlNet:
        """Return a handle with the network for a model; DiffusionError if it was made for another kind."""
        ...


class Found(NamedTuple):
    """A network of a file, what is to be known of it, and what it needs of the model that it steers."""

    part: Part
    traits: Traits
    borrows: Borrower | None = None


@dataclass(frozen=True)
class ControlNet:
    """A network that steers another.

    is_pooled: its outputs are averaged over the picture. type: of a union's picture. borrows: of networks that need weights
    of the model, which `bound_to` brings; until then there is none. overlay, ends: of those that are the model's own layers,
    with patches.
    """

    network: nn.Module
    traits: Traits
    digest: str = ""
    computed: torch.dtype | None = None
    keeper: Keeper | None = None
    is_pooled: bool = False
    type: int | None = None
    borrows: Borrower | None = None
    overlay: Overlay | None = field(default=None, repr=False)
    ends: Ends | None = field(default=None, repr=False)

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

    def bound_to(self, model: Model | None) -> ControlNet:
        """Return a handle that has what it needs of the model that it steers."""
        if self.borrows is None:
            return self
        if model is None:
            raise DiffusionError("This ControlNet needs weights of the model that it steers, and no model is given.")
        return self.borrows.bound(self, model)

    def features(self, hint: Tensor) -> Residuals:
        """Return what an adapter gives for pictures (batch, channels, height, width)."""
        network: Any = self.network
        levels = kept(self.keeper, "control", hint.shape, lambda: network(hint.to(self.device, self.dtype)))
        return Residuals(levels=tuple(levels))

    def apply(self, x: Tensor, timestep: Tensor, context: Tensor, hint: Tensor, given: Mapping[str, Any]) -> Residuals:
        """Return what the network gives for scaled x (batch, channels, rows, columns) and pictures (1 or batch, …)."""

        def work() -> Residuals:
            dtype, caller = self.dtype, self.traits.caller
            if caller is not None:
                own = x.to(dtype), timestep.float(), context.to(dtype), picture.to(x.device, dtype)
                return caller.call(self.network, *own, given, self.type)
            added = {name: given[name].to(dtype) for name in TAKEN if name in given} if self.traits.takes_size else None
            return self._apply(x.to(dtype), timestep.float(), context.to(dtype), picture.to(x.device, dtype), added)

        picture = hint if self.ends is None else self.ends.embedded(hint.to(x.device, self.dtype))
        found = kept(self.keeper, "control", x.shape, work, self.overlay)
        return found if self.ends is None else self.ends.finished(found)

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
