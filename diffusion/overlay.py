"""Patches of weights, and the tensors they give: laid over a network for the time of a call, the network itself unchanged.

    patch = WeightPatch({"conv_in.weight": Difference(tensor)}, strength=0.5, digest="half a difference")
    overlay = Overlay(module, (patch,))
    with overlay.installed(x.device):
        module(x)  # computes with the patched weights

Patched tensors exist for the layers that a patch names and for no others. They are computed when first needed, in float32,
and kept as long as the overlay lives; a keeper (diffusion.streaming) makes its own and lets them come and go. Handles that
share a network have an overlay each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from diffusion.packed import unpacked


class Change(Protocol):
    """What one patch does to one tensor."""

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        """Return the changed weight (float32, of the same shape); the one given stays as it is."""
        ...


@dataclass(frozen=True, eq=False)
class WeightPatch:
    """Changes to some tensors of a network, by the network's names.

    strength: multiplies the changes. base_strength: multiplies the weights before them, 1 but for merged models.
    digest: tells the changes, not the strengths.
    """

    changes: Mapping[str, Change]
    strength: float = 1.0
    base_strength: float = 1.0
    digest: str = ""

    @property
    def full_digest(self) -> str:
        """Tell the changes and the strengths; "" if the changes are not known by a digest."""
        return self.digest and f"{self.digest} x {self.strength!r} on {self.base_strength!r}"

    def apply(self, name: str, weight: Tensor) -> Tensor:
        """Return a tensor of the network after this patch."""
        change = self.changes.get(name)
        if change is None:
            return weight
        base = weight if self.base_strength == 1.0 else weight * self.base_strength
        return change.apply(base, self.strength)


class Slot(NamedTuple):
    """A place of a parameter or buffer in a network."""

    owner: nn.Module
    leaf: str

    @classmethod
    def of(cls, module: nn.Module, name: str) -> Slot:
        """Return the place of a name."""
        path, _, leaf = name.rpartition(".")
        return cls(module.get_submodule(path), leaf)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors of the owner of which this is one, by their last names."""
        owner = self.owner
        found: dict[str, Any] = owner._parameters if self.leaf in owner._parameters else owner._buffers
        return found

    def get(self) -> Tensor:
        """Return the tensor that is there now."""
        tensor = self.tensors.get(self.leaf)
        if tensor is None:
            raise LookupError(f"{type(self.owner).__name__} has no {self.leaf}")
        return tensor


class Overlay:
    """The tensors of a network that patches change.

    dtype: the precision in which the network computes, in which they are kept (8 bits would lose a small change); None is
    that of each weight.
    """

    def __init__(self, module: nn.Module, patches: Sequence[WeightPatch], dtype: torch.dtype | None = None) -> None:
        self.module = module
        self.patches = tuple(patches)
        self.dtype = dtype
        self._slots = {name: Slot.of(module, name) for patch in self.patches for name in patch.changes}
        self._tensors: dict[str, nn.Parameter] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors that are changed."""
        return tuple(self._slots)

    @property
    def digest(self) -> str:
        """Tell all patches and their order; "" if one of them is not known by a digest."""
        digests = [patch.full_digest for patch in self.patches]
        return "\n".join(digests) if all(digests) else ""

    @property
    def nbytes(self) -> int:
        """The bytes that the changed tensors take once they are computed."""
        bases = [slot.get() for slot in self._slots.values()]
        return sum(base.numel() * (self.dtype or base.dtype).itemsize for base in bases)

    def tensors(self, device: torch.device | None = None) -> Mapping[str, nn.Parameter]:
        """Return the changed tensors by name, computing those that are missing; None leaves each where its weight lies."""
        for name, slot in self._slots.items():
            tensor = self._tensors.get(name)
            if tensor is None:
                base = slot.get()
                merged = patched(name, base.to(device), self.patches).to(self.dtype or base.dtype)
                self._tensors[name] = nn.Parameter(merged, requires_grad=False)
            elif device is not None and tensor.device != device:
                tensor.data = tensor.data.to(device)
        return self._tensors

    def release(self) -> None:
        """Forget the tensors; they are computed again when needed."""
        self._tensors.clear()

    @contextmanager
    def installed(self, device: torch.device | None = None) -> Iterator[None]:
        """Let the network compute with the changed tensors on a device for a while; not for two threads at once."""
        tensors = self.tensors(device)
        with swapped({self._slots[name]: tensor for name, tensor in tensors.items()}):
            yield


@contextmanager
def swapped(tensors: Mapping[Slot, Tensor]) -> Iterator[None]:
    """Let other tensors be in their places for a while."""
    others = [(slot.tensors, slot.leaf, tensor) for slot, tensor in tensors.items()]
    before = [(there, leaf, there[leaf]) for there, leaf, _ in others]
    try:
        for there, leaf, tensor in others:
            there[leaf] = tensor
        yield
    finally:
        for there, leaf, tensor in before:
            there[leaf] = tensor


@torch.no_grad()
def patched(name: str, weight: Tensor, patches: Sequence[WeightPatch]) -> Tensor:
    """Return a tensor after all patches, in float32."""
    result = unpacked(weight.detach(), torch.float32)
    for patch in patches:
        result = patch.apply(name, result)
    return result
