"""Network: the keeper of one network's weights, block by block; what a handle knows of the memory of its device.

network = memory.keep(module, "digest model", Resolved(torch.float32, torch.float32))
network.run("denoise", x.shape, lambda: module(x), overlay=None)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

import torch
from torch import nn

from diffusion.overlay import Overlay, swapped
from diffusion.packed import packed_in
from diffusion.quantize import Resolved
from diffusion.streaming import Cut, look_up_below, tables
from graph.memory import Block
from runtime.places import Layout, patched_layout, plain_layout
from runtime.workspace import Need, need_of

T = TypeVar("T")

PATCHED = "+"  # stands before what tells patches in the names of blocks


class Memory(Protocol):
    """What a network asks of the memory that it lies in: runtime.residency.DeviceMemory."""

    device: torch.device

    def run(self, network: Network, layout: Layout, need: Need, work: Callable[[], T]) -> T:
        """Call a function with a network in place, laid out in that way."""
        ...

    def enter(self, network: Network, block: Block) -> None:
        """Bring a block that is about to be used."""
        ...

    def leave(self, block: Block) -> None:
        """Be told that a block was used."""
        ...


class Network:
    """A network whose weights lie in `memory`. Implements diffusion.streaming.Keeper."""

    def __init__(
        self, memory: Memory, module: nn.Module, name: str, precision: Resolved, *, tables_on_device: bool = False
    ) -> None:
        self.name = name
        self.precision = precision
        self.last: str | None = None  # the streamed block that was used last
        self._memory = memory
        self._architecture = architecture_of(module)
        self.plain = plain_layout(module, name, precision.stored, tables_on_device=tables_on_device)
        self.layout = self.plain  # the one that is used now
        self._patched: WeakKeyDictionary[Overlay, Layout] = WeakKeyDictionary()
        self._by_name: WeakValueDictionary[str, Layout] = WeakValueDictionary()
        self._numbers = count(1)
        for place in self.plain.places:
            self._watch(place.cut)
        for table in () if tables_on_device else tables(module):
            look_up_below(table, memory.device, precision)

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self._memory.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        return self.precision.computed

    @property
    def stored(self) -> torch.dtype:
        """The precision in which its weights are kept."""
        return self.precision.stored

    @property
    def nbytes(self) -> int:
        """The bytes of all blocks on the device, without patches."""
        return sum(place.block.nbytes for place in self.plain.places)

    def run(self, operation: str, shape: Sequence[int], work: Callable[[], T], overlay: Overlay | None = None) -> T:
        """Call `work` with the weights in place, again after an eviction if the memory was short."""
        layout = self.plain if overlay is None else self.layout_of(overlay)
        need = need_of(self._architecture, operation, words_of(self.precision), shape)
        return self._memory.run(self, layout, need, work)

    def layout_of(self, overlay: Overlay) -> Layout:
        """Return the blocks with patches; overlays of equal patches have the same."""
        layout = self._patched.get(overlay)
        if layout is None:
            name = patched_name(self.name, overlay.digest or f"number {next(self._numbers)}")
            layout = self._by_name.get(name)
            if layout is None:
                layout = patched_layout(overlay.module, self.plain, overlay, name, self.precision)
                self._by_name[name] = layout
            self._patched[overlay] = layout
        return layout

    @contextmanager
    def laid_out(self, layout: Layout) -> Iterator[None]:
        """Let the network consist of these blocks for a while."""
        before, self.layout = self.layout, layout
        try:
            with swapped(layout.swaps):
                yield
        finally:
            self.layout = before

    def _watch(self, cut: Cut) -> None:
        if cut.module is None:
            return

        def enter(module: nn.Module, args: Any) -> None:
            for block in self.layout.blocks_of(cut):
                self._memory.enter(self, block)

        def leave(module: nn.Module, args: Any, output: Any) -> None:
            for block in self.layout.blocks_of(cut):
                self._memory.leave(block)

        cut.module.register_forward_pre_hook(enter, prepend=True)  # before packed weights are unpacked
        cut.module.register_forward_hook(leave, always_call=True)


def words_of(precision: Resolved) -> str:
    """Return the words by which workspaces in a precision are remembered."""
    stored, computed = (str(dtype).removeprefix("torch.") for dtype in precision)
    return f"{computed} from {stored}" if precision.is_packed else computed


def patched_name(name: str, digest: str) -> str:
    """Return the name of a network with patches that have a digest."""
    return f"{name}{PATCHED}{hashlib.blake2b(digest.encode(), digest_size=4).hexdigest()}"


def architecture_of(module: nn.Module) -> str:
    """Return a name for networks of one kind and size, whose weights are packed alike."""
    packings = sorted({weight.packing.name.replace(" ", "-") for _, _, weight in packed_in(module)})
    return "-".join([type(module).__name__, str(sum(each.numel() for each in module.parameters())), *packings])
