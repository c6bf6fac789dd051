"""What a LoRA does to a weight: a change of few numbers, unfolded to the weight's size when it is needed.

    change = Additive(LowRank(up, down), scale=0.5)
    change.apply(weight, strength=1.0)  # weight + 0.5 * up @ down

LoRA: Hu et al. (2021). LoCon, LoHa, LoKr: Yeh et al. (2023), "Navigating Text-To-Image Customization" (LyCORIS), sections 3
and 4, with Tucker decomposition for convolutions. DoRA: Liu et al. (2024), eq. 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Size(NamedTuple):
    """The size of a weight as a matrix: outputs, and inputs times the kernel's cells."""

    rows: int
    columns: int

    @classmethod
    def of(cls, shape: torch.Size | tuple[int, ...]) -> Size:
        """Return the size of a weight; a vector is one column, a number a matrix of one."""
        return cls(shape[0] if shape else 1, torch.Size(shape[1:]).numel())


class Delta(Protocol):
    """A difference of weights in a compressed form."""

    @property
    def size(self) -> Size:
        """The size of the weight that it is made for."""
        ...

    def unfold(self, device: torch.device) -> Tensor:
        """Return all of it, float32, in any shape with as many elements."""
        ...


class Misfit(ValueError):
    """The tensors of a change do not fit together, or not to the weight; the sentence says how."""


@dataclass(frozen=True)
class LowRank:
    """up @ down, with a core in the middle for convolutions (LoCon): sum over m, n of up[o,m] mid[m,n,k,l] down[n,i]."""

    up: Tensor
    down: Tensor
    mid: Tensor | None = None

    def __post_init__(self) -> None:
        """Check that the ranks meet."""
        inner = (self.down.shape[0],) if self.mid is None else self.mid.shape[:2]
        if (self.up[:1].numel(), self.down.shape[0]) != (inner[0], inner[-1]):
            raise Misfit(f"up {tuple(self.up.shape)} and down {tuple(self.down.shape)} have different ranks")

    @property
    def rank(self) -> int:
        """The rank by which alpha is divided."""
        return self.down.shape[0]

    @property
    def size(self) -> Size:
        """The size of the product."""
        kernel = 1 if self.mid is None else self.mid[0, 0].numel()
        return Size(self.up.shape[0], self.down[0].numel() * kernel)

    def unfold(self, device: torch.device) -> Tensor:
        """Return the product."""
        up, down = (each.to(device, torch.float32).flatten(1) for each in (self.up, self.down))
        if self.mid is None:
            return up @ down
        return torch.einsum("om,mnkl,ni->oikl", up, self.mid.to(device, torch.float32), down)


@dataclass(frozen=True)
class Hadamard:
    """LoHa: the product, element by element, of two low-rank matrices (or Tucker decompositions)."""

    first: LowRank
    second: LowRank

    @property
    def size(self) -> Size:
        """The size of both."""
        return self.first.size

    def unfold(self, device: torch.device) -> Tensor:
        """Return the product."""
        return self.first.unfold(device) * self.second.unfold(device)


@dataclass(frozen=True)
class Kronecker:
    """LoKr: the Kronecker product of a small matrix with a matrix or a convolution's kernel; each may be low-rank."""

    first: Tensor | LowRank
    second: Tensor | LowRank

    @property
    def size(self) -> Size:
        """The product of both sizes."""
        sizes = [each.size if isinstance(each, LowRank) else Size.of(each.shape) for each in (self.first, self.second)]
        return Size(sizes[0].rows * sizes[1].rows, sizes[0].columns * sizes[1].columns)

    def unfold(self, device: torch.device) -> Tensor:
        """Return the product."""
        first, second = (
            each.unfold(device) if isinstance(each, LowRank) else each.to(device, torch.float32)
            for each in (self.first, self.second)
        )
        return torch.kron(first.reshape(*first.shape, *[1] * (second.ndim - first.ndim)), second.contiguous())


@dataclass(frozen=True)
class Whole:
    """A difference that is not compressed."""

    value: Tensor

    @property
    def size(self) -> Size:
        """Its own size."""
        return Size.of(self.value.shape)

    def unfold(self, device: torch.device) -> Tensor:
        """Return it."""
        return self.value.to(device, torch.float32)


@dataclass(frozen=True)
class Additive:
    """Adds a difference; with a magnitude (DoRA) the sum is then given that length along the outputs or inputs."""

    delta: Delta
    scale: float = 1.0  # alpha / rank
    magnitude: Tensor | None = None

    def misfit(self, shape: tuple[int, ...]) -> str | None:
        """Say why it cannot change a weight of a shape, None if it can."""
        if self.delta.size != Size.of(shape):
            return _sizes_differ(self.delta.size, shape)
        if self.magnitude is None or (
            self.magnitude.ndim and self.magnitude.numel() == _lengths(self.magnitude, shape)
        ):
            return None
        return f"the magnitude has the shape {tuple(self.magnitude.shape)}, for a weight of {shape}"

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        """Return the weight with the difference added."""
        delta = self.delta.unfold(weight.device).reshape(weight.shape)
        if self.magnitude is None:
            return weight + (strength * self.scale) * delta
        goal = with_magnitude(weight, weight + delta * self.scale, self.magnitude.to(weight))
        return goal if strength == 1.0 else weight + strength * (goal - weight)


@dataclass(frozen=True)
class Replacement:
    """Puts another weight in the place of a layer's, whatever the strength (ComfyUI's "set")."""

    value: Tensor

    def misfit(self, shape: tuple[int, ...]) -> str | None:
        """Say why it cannot take the place of a weight of a shape, None if it can."""
        size = Size.of(self.value.shape)
        return None if size == Size.of(shape) else _sizes_differ(size, shape)

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        """Return the other weight."""
        return self.value.to(weight).reshape(weight.shape).clone()


def _sizes_differ(size: Size, shape: tuple[int, ...]) -> str:
    here = Size.of(shape)
    return f"it is made for {size.rows} x {size.columns}, the layer has {here.rows} x {here.columns}"


def _lengths(magnitude: Tensor, shape: tuple[int, ...]) -> int:
    """Return how many lengths a magnitude must hold for a weight of a shape."""
    return shape[0] if magnitude.shape[0] == shape[0] or len(shape) < 2 else shape[1]


def with_magnitude(weight: Tensor, merged: Tensor, magnitude: Tensor) -> Tensor:
    """Return merged * magnitude / norm (DoRA, eq. 5).

    A magnitude for each output is relative to the norm of the weight before the change, one for each input to that of the
    merged weight, as ComfyUI has them.
    """
    eps = torch.finfo(weight.dtype).eps
    if magnitude.shape[0] == weight.shape[0]:
        norm = weight.flatten(1).norm(dim=1).reshape(-1, *[1] * (weight.ndim - 1))
    else:
        norm = merged.transpose(0, 1).flatten(1).norm(dim=1).reshape(1, -1, *[1] * (weight.ndim - 2))
    scale: Tensor = magnitude.reshape(norm.shape) / (norm + eps)
    return merged * scale
