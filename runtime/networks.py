"""Network: the keeper of one network's weights, block by block; what a handle knows of the memory of its device.

network = memory.keep(module, "digest model", torch.float32)
network.run("denoise", x.shape, lambda: module(x))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from diffusion.streaming import Cut, cut, dtype_on_device, look_up_below, tables
from graph.memory import Block
from runtime.workspace import Need, need_of

T = TypeVar("T")


class Memory(Protocol):
    """What a network asks of the memory that it lies in: runtime.residency.DeviceMemory."""

    device: torch.device

    def run(self, network: Network, need: Need, work: Callable[[], T]) -> T:
        """Call a function with the network in place."""
        ...

    def enter(self, network: Network, block: Block) -> None:
        """Bring a block that is about to be used."""
        ...

    def leave(self, network: Network, block: Block) -> None:
        """Be told that a block was used."""
        ...


@dataclass(frozen=True, eq=False)
class Place:
    """One block of a network: its weights, and the same as they lie in the file."""

    cut: Cut
    block: Block
    dtype: torch.dtype
    sources: tuple[Tensor, ...]

    @classmethod
    def of(cls, cut: Cut, name: str, dtype: torch.dtype) -> Place:
        """Return the place of a part whose weights lie in the file."""
        return cls(cut, block_of(cut, name, dtype), dtype, tuple(tensor.detach() for tensor in cut.tensors))

    def copied(self, device: torch.device) -> tuple[Tensor, ...]:
        """Return copies of the weights on a device, in the precision of the computation."""
        return tuple(source.to(device, dtype_on_device(source, self.dtype), copy=True) for source in self.sources)

    def put(self, tensors: Sequence[Tensor]) -> None:
        """Let the network compute with these."""
        for tensor, brought in zip(self.cut.tensors, tensors, strict=True):
            tensor.data = brought

    def evict(self) -> None:
        """Let the weights be those in the file; their copies on the device are freed."""
        self.put(self.sources)


class Network:
    """A network whose weights lie in `memory`. Implements diffusion.streaming.Keeper."""

    def __init__(
        self, memory: Memory, module: nn.Module, name: str, dtype: torch.dtype, *, tables_on_device: bool = False
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.passing: set[str] = set()  # blocks that are here only while they are used
        self.followers: dict[str, Block] = {}  # the streamed block that came next, the last time
        self.last: str | None = None  # the streamed block that was used last
        self._memory = memory
        self._architecture = architecture_of(module)
        cuts = parts_of(module, tables_on_device)
        self.places = {place.block.name: place for place in (Place.of(part, name, dtype) for part in cuts)}
        for place in self.places.values():
            self._watch(place)
        for table in () if tables_on_device else tables(module):
            look_up_below(table, memory.device, dtype)

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self._memory.device

    @property
    def nbytes(self) -> int:
        """The bytes of all blocks on the device."""
        return sum(place.block.nbytes for place in self.places.values())

    def run(self, operation: str, shape: Sequence[int], work: Callable[[], T]) -> T:
        """Call `work` with the weights in place, again after an eviction if the memory was short."""
        return self._memory.run(self, need_of(self._architecture, operation, self.dtype, shape), work)

    def needed_by(self, operation: str) -> list[Block]:
        """Return the blocks that an operation uses."""
        return [place.block for place in self.places.values() if place.cut.is_used_by(operation)]

    def _watch(self, place: Place) -> None:
        memory, block, module = self._memory, place.block, place.cut.module
        if module is None:
            return

        def enter(module: nn.Module, args: Any) -> None:
            memory.enter(self, block)

        def leave(module: nn.Module, args: Any, output: Any) -> None:
            memory.leave(self, block)

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave, always_call=True)


def parts_of(module: nn.Module, tables_on_device: bool = False) -> tuple[Cut, ...]:
    """Return the parts of a network that come to the device."""
    large = tables(module) if tables_on_device else ()
    return (*cut(module), *(Cut(f"table {index}", None, (table.weight,)) for index, table in enumerate(large)))


def block_of(cut: Cut, name: str, dtype: torch.dtype) -> Block:
    """Return what the planner knows of a part of the network `name`."""
    return Block(f"{name}/{cut.path}", cut.nbytes(dtype), cut.is_fixed)


def architecture_of(module: nn.Module) -> str:
    """Return a name for networks of one kind and size."""
    return f"{type(module).__name__}-{sum(parameter.numel() for parameter in module.parameters())}"
