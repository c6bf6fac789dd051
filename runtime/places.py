"""Places: where the blocks of a network lie, in its file or on the device, as they are or changed by patches.

    plain = plain_layout(module, "digest model", torch.float16)
    layout = patched_layout(module, plain, overlay, "digest model+3f0a", precision)
    place.put(place.copied(device))  # the network computes with what lies on the device
    place.evict()                    # its weights are those in the file again

A block of which most is patched takes the place of the network's own block. If less is patched, the network's own block is
needed too, and handles with other patches share it; both are streamed in one turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffusion.overlay import Overlay, Slot, WeightPatch, patched
from diffusion.packed import PackedTensor, replace_data
from diffusion.quantize import Resolved
from diffusion.streaming import Cut, brought, bytes_on_device, cut, dtype_on_device, tables
from graph.memory import Block

SCRATCH = 6 * 4  # bytes for each element of a tensor that is patched: up to six in float32 at once, with DoRA
MOSTLY = 0.5  # share of a block's elements from which on all of it is made anew


class Weight(NamedTuple):
    """One tensor of a block. `patches`: those that change it; `dtype`: its precision on the device."""

    name: str
    slot: Slot
    source: Tensor  # in the file
    stored: torch.dtype
    dtype: torch.dtype
    patches: tuple[WeightPatch, ...] = ()

    @property
    def is_packed(self) -> bool:
        """Whether it lies packed on the device too: what patches make of it does not."""
        return isinstance(self.source, PackedTensor) and not self.patches

    @property
    def nbytes(self) -> int:
        """The bytes that it takes on the device."""
        return (
            bytes_on_device(self.source, self.stored) if self.is_packed else self.source.numel() * self.dtype.itemsize
        )

    def made(self, device: torch.device) -> Tensor:
        """Return the tensor on a device."""
        base = brought(self.source, self.stored, device)
        return patched(self.name, base, self.patches).to(self.dtype) if self.patches else base

    def with_patches(self, overlay: Overlay, computed: torch.dtype) -> Weight:
        """Return what patches make of the tensor: the same if they do not name it."""
        patches = tuple(patch for patch in overlay.patches if self.name in patch.changes)
        return self._replace(dtype=overlay.dtype or computed, patches=patches) if patches else self


@dataclass(frozen=True, eq=False)
class Place:
    """One block of a network, or of a network with patches.

    targets: the tensors that the network computes with. at_rest: what they are when the block is not on the device.
    """

    cut: Cut
    block: Block
    weights: tuple[Weight, ...]
    targets: tuple[Tensor, ...]
    at_rest: tuple[Tensor, ...]

    @property
    def scratch_bytes(self) -> int:
        """What making the copies takes beside them."""
        return SCRATCH * max((each.source.numel() for each in self.weights if each.patches), default=0)

    def copied(self, device: torch.device) -> tuple[Tensor, ...]:
        """Return the weights on a device, made from those in the file."""
        return tuple(weight.made(device) for weight in self.weights)

    def put(self, tensors: Sequence[Tensor]) -> None:
        """Let the network compute with these."""
        for target, tensor in zip(self.targets, tensors, strict=True):
            replace_data(target, tensor)

    def tensors(self) -> tuple[Tensor, ...]:
        """Return what the network computes with."""
        return tuple(target.detach() for target in self.targets)

    def evict(self) -> None:
        """Let go of what lies on the device."""
        self.put(self.at_rest)


@dataclass(frozen=True, eq=False)
class Layout:
    """The blocks of a network, or of a network with patches, in the order of its parts.

    swaps: what takes the places of the network's own tensors while it is used. followers: the streamed block that came
    after another one, the last time.
    """

    places: tuple[Place, ...]
    swaps: Mapping[Slot, Tensor]
    followers: dict[str, Block] = field(default_factory=dict, init=False, repr=False)
    _needed: dict[str, tuple[Block, ...]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all blocks."""
        return frozenset(place.block.name for place in self.places)

    @cached_property
    def scratch_bytes(self) -> int:
        """The most that making one of the blocks takes beside it."""
        return max((place.scratch_bytes for place in self.places), default=0)

    def needed_by(self, operation: str) -> tuple[Block, ...]:
        """Return the blocks that an operation uses."""
        if operation not in self._needed:
            self._needed[operation] = tuple(place.block for place in self.places if place.cut.is_used_by(operation))
        return self._needed[operation]

    def blocks_of(self, cut: Cut) -> tuple[Block, ...]:
        """Return the blocks of one part."""
        return self._by_cut.get(cut, ())

    @cached_property
    def _by_cut(self) -> Mapping[Cut, tuple[Block, ...]]:
        found: dict[Cut, tuple[Block, ...]] = {}
        for place in self.places:
            found[place.cut] = (*found.get(place.cut, ()), place.block)
        return found


def plain_layout(module: nn.Module, name: str, stored: torch.dtype, *, tables_on_device: bool = False) -> Layout:
    """Return the blocks of a network as they are in its file."""
    names = _names(module)
    cuts = (*cut(module), *(_table_cuts(module) if tables_on_device else ()))
    return Layout(tuple(_own_place(module, part, name, stored, names) for part in cuts), {})


def patched_layout(module: nn.Module, plain: Layout, overlay: Overlay, name: str, precision: Resolved) -> Layout:
    """Return the blocks of a network with patches: shared ones, and under `name` those that are its own."""
    places: list[Place] = []
    in_blocks = {id(tensor) for place in plain.places for tensor in place.cut.tensors}
    for place in plain.places:
        places += _patched_part(place, overlay, name, precision.computed)
    for part in _table_cuts(module):  # a table stays in the file, but what is made of it does not
        if id(part.tensors[0]) not in in_blocks:
            table = _own_place(module, part, name, precision.stored, _names(module))
            places += [each for each in _patched_part(table, overlay, name, precision.computed) if each is not table]
    shared = {place.block.name for place in plain.places}
    own = [place for place in places if place.block.name not in shared]
    pairs = [pair for place in own for pair in zip(place.weights, place.targets, strict=True)]
    return Layout(tuple(places), {weight.slot: target for weight, target in pairs})


_Names = Mapping[int, Sequence[str]]
"""The names of tensors in a network, by their ids."""


def _names(module: nn.Module) -> _Names:
    names: dict[int, list[str]] = defaultdict(list)
    named = chain(module.named_parameters(remove_duplicate=False), module.named_buffers(remove_duplicate=False))
    for name, tensor in named:
        names[id(tensor)].append(name)
    return names


def _own_place(module: nn.Module, part: Cut, name: str, stored: torch.dtype, names: _Names) -> Place:
    """Return the place of a part whose weights lie in the file."""
    pairs = [(each, tensor) for tensor in part.tensors for each in names[id(tensor)]]
    weights = tuple(
        Weight(each, Slot.of(module, each), tensor.detach(), stored, dtype_on_device(tensor, stored))
        for each, tensor in pairs
    )
    block = Block(f"{name}/{part.path}", part.nbytes(stored), part.is_fixed)
    return Place(part, block, weights, tuple(tensor for _, tensor in pairs), tuple(each.source for each in weights))


def _patched_part(place: Place, overlay: Overlay, name: str, computed: torch.dtype) -> list[Place]:
    """Return the places of one part with patches: its own, one in its place, or both."""
    weights = [weight.with_patches(overlay, computed) for weight in place.weights]
    changed = [weight for weight in weights if weight.patches]
    if not changed:
        return [place]
    if _elements(changed) >= MOSTLY * _elements(weights):
        return [_made_place(place, weights, name, beside="")]
    return [place, _made_place(place, changed, name, beside=place.block.name)]


def _made_place(place: Place, weights: Sequence[Weight], name: str, beside: str) -> Place:
    """Return a place whose tensors exist while they are on the device."""
    at_rest = tuple(weight.source if weight.is_packed else torch.empty(0, dtype=weight.dtype) for weight in weights)
    targets = tuple(nn.Parameter(tensor, requires_grad=False) for tensor in at_rest)
    nbytes = sum(weight.nbytes for weight in weights)
    block = Block(f"{name}/{place.cut.path}", nbytes, place.block.is_fixed, beside)
    return Place(place.cut, block, tuple(weights), targets, at_rest)


def _elements(weights: Iterable[Weight]) -> int:
    return sum(weight.source.numel() for weight in weights)


def _table_cuts(module: nn.Module) -> list[Cut]:
    return [Cut(f"table {index}", None, (table.weight,)) for index, table in enumerate(tables(module))]
