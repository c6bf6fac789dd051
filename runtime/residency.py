"""DeviceMemory: keeps the weights of all loaded networks on one device, within a budget of bytes.

    memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", budget_bytes=600_000_000), Workspaces(path))
    checkpoint = load_checkpoint(path, keep=memory.keep)  # weights stay in the file …
    checkpoint.clip.encode("a cat")                       # … until they are used

What to move is decided by graph.memory; here it is done. Blocks come to the device before a network is used, or, if it
does not fit, one after the other while it is used. A block that is not on the device lies in the memory-mapped file.
Networks are used by one thread at a time.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count
from typing import TypeVar

import torch
from torch import nn

from diffusion.streaming import ShortOfMemoryError
from graph.errors import BudgetError
from graph.horizon import Outlook, Use
from graph.ledger import Ledger, carry_out
from graph.memory import Block, Stream, plan_residency, show_bytes, total_bytes
from runtime.memory_settings import Residence
from runtime.networks import Network, Place
from runtime.transfer import Arrival, PlainTransfer, Transfer
from runtime.workspace import Need, PeakMeter, Workspaces

T = TypeVar("T")
logger = logging.getLogger(__name__)

GUESS_SHARE = 4  # a workspace that was never measured counts as at most this part of the budget


_State = tuple[tuple[Block, ...], int, int, frozenset[str]]
"""What a plan was made for: blocks, workspace, budget, and the names of what lies there."""


class DeviceMemory:
    """The memory of one device.

    On a processor too a block that is there is a copy: results must not depend on the budget, and kernels round otherwise
    where weights lie unaligned, as they do in files (PyTorch 2.13, 2026-11).
    """

    def __init__(
        self,
        device: torch.device,
        ledger: Ledger,
        workspaces: Workspaces | None = None,
        *,
        residence: Residence = Residence.NORMAL,
        tables_on_device: bool = False,
        transfer: Transfer | None = None,
    ) -> None:
        self.device = device
        self.ledger = ledger
        self.workspaces = workspaces or Workspaces()
        self.transfer = transfer or PlainTransfer(device)
        self.residence = residence
        self.tables_on_device = tables_on_device
        self._places: dict[str, Place] = {}
        self.outlook = Outlook()
        self._in_use: list[Network] = []
        self._arriving: dict[str, Arrival] = {}  # blocks in the books that are still on their way
        self._meter: PeakMeter | None = None
        self._settled: _State | None = None  # after which nothing needs to be moved

    def keep(self, module: nn.Module, name: str, dtype: torch.dtype) -> Network:
        """Take over the weights of a network that lie in its file (diffusion.checkpoints.load.Keep)."""
        taken = {place.split("/")[0] for place in self._places}
        free = next(each for each in chain([name], (f"{name} ({number})" for number in count(2))) if each not in taken)
        network = Network(self, module, free, dtype, tables_on_device=self.tables_on_device)
        self._places |= network.places
        weakref.finalize(module, self._forget, tuple(network.places)).atexit = False
        return network

    def expect(self, uses: Sequence[Use]) -> None:
        """Be told which networks will be used, in order."""
        self.outlook.expect(uses)

    def run(self, network: Network, need: Need, work: Callable[[], T]) -> T:
        """Call a function with a network in place; if the memory is short, evict and call it once more."""
        try:
            return self._attempt(network, need, work)
        except (torch.OutOfMemoryError, BudgetError) as error:
            if isinstance(error, ShortOfMemoryError):
                raise  # of a network that is used within this one
            logger.info("%s: %s Evicting what is not in use, and trying once more.", need.kind, error)
            if isinstance(error, torch.OutOfMemoryError):
                self.workspaces.raise_record(need)
        self.evict_all()  # outside of `except`, whose traceback holds on to tensors
        try:
            return self._attempt(network, need, work)
        except (torch.OutOfMemoryError, BudgetError) as error:
            raise ShortOfMemoryError(self._sentence(network, need, error)) from error

    def evict_all(self, but: Iterable[str] = ()) -> None:
        """Take everything off the device that is not in use."""
        pinned = {*self._pinned(), *but}
        free = [block for block in self.ledger.blocks if block.name not in pinned]
        for block in free:
            self.evict(block)
            self.ledger.evict(block.name)
        if free and self.device.type == "cuda":
            torch.cuda.empty_cache()

    def load(self, block: Block) -> None:
        """Bring a block to the device (graph.ledger.Mover)."""
        place = self._places[block.name]
        with self._unmeasured():
            place.put(place.copied(self.device))

    def evict(self, block: Block) -> None:
        """Let a block lie in the file only."""
        self._arriving.pop(block.name, None)
        self._places[block.name].evict()

    def enter(self, network: Network, block: Block) -> None:
        """Bring a streamed block that is about to be used."""
        arrival = self._arriving.pop(block.name, None)
        if arrival is not None:
            with self._unmeasured():
                self._places[block.name].put(arrival.tensors())
        elif block.name in self.ledger:
            return
        else:
            self._bring(network, block)
        if network.last is not None:
            network.followers[network.last] = block
        network.last = block.name
        if self.transfer.is_ahead:
            self._send_next(network, block)

    def _bring(self, network: Network, block: Block) -> None:
        if block.nbytes > self.ledger.free_bytes:  # perhaps because another block was expected to come next
            for name in tuple(self._arriving):
                self.leave(network, self._places[name].block)
        budget = self.ledger.budget_bytes - self._reserved_bytes()
        moves = plan_residency(budget, self.ledger.blocks, (block,), 0, self.outlook.next_use(), self._pinned())
        if any(isinstance(move, Stream) for move in moves):
            raise BudgetError(
                f"There is no room for {block.name}.", wanted_bytes=block.nbytes, budget_bytes=self.ledger.free_bytes
            )
        carry_out(moves, self.ledger, self)
        network.passing.add(block.name)

    def _send_next(self, network: Network, block: Block) -> None:
        """Send the block that came after this one the last time, if there is room for a second one."""
        follower = network.followers.get(block.name)
        if follower is None or follower.name in self.ledger or follower.nbytes > self.ledger.free_bytes:
            return
        self.ledger.load(follower)
        network.passing.add(follower.name)
        with self._unmeasured():
            self._arriving[follower.name] = self.transfer.start(self._places[follower.name])

    def leave(self, network: Network, block: Block) -> None:
        """Let go of a streamed block that was used."""
        if block.name in network.passing:
            network.passing.discard(block.name)
            self.evict(block)
            self.ledger.evict(block.name)

    def _attempt(self, network: Network, need: Need, work: Callable[[], T]) -> T:
        known = self.workspaces.is_known(need)
        workspace = self.workspaces.estimate(need)
        if not known:
            workspace = min(workspace, self.ledger.budget_bytes // GUESS_SHARE)
        with self._lease(network, need.operation, workspace):
            if known or self._meter is not None:
                return work()
            with self._measured(need):
                result = work()
        taken = self.workspaces.estimate(need)
        if taken > workspace + self.ledger.free_bytes:
            logger.warning(
                "%s took %s, for which the budget of %s had no room: it was not measured before. The next time it has.",
                need.kind,
                show_bytes(taken),
                show_bytes(self.ledger.budget_bytes),
            )
        return result

    @contextmanager
    def _lease(self, network: Network, operation: str, workspace: int) -> Iterator[None]:
        self.outlook.advance(network.places)
        blocks = network.needed_by(operation)
        here = all(block.name in self.ledger for block in blocks)
        if self.residence is Residence.LOW:
            self.evict_all(but=network.places)
        if not here or workspace > self.ledger.free_bytes:
            self._make_room(blocks, workspace)
        self._in_use.append(network)
        try:
            with self.ledger.reserved(f"workspace of {network.name}", workspace):
                yield
        finally:
            self._in_use.pop()
            network.last = None
            for block in blocks:
                self.leave(network, block)

    def _make_room(self, blocks: Sequence[Block], workspace: int) -> None:
        budget = self.ledger.budget_bytes - self._reserved_bytes()
        state = (tuple(blocks), workspace, budget, frozenset(block.name for block in self.ledger.blocks))
        if state == self._settled:  # the next step of a network that is streamed: planning again would move nothing
            return
        if self.residence is Residence.NONE:
            blocks = [block for block in blocks if block.is_fixed or block.name in self.ledger]
        moves = plan_residency(budget, self.ledger.blocks, blocks, workspace, self.outlook.next_use(), self._pinned())
        stream = carry_out(moves, self.ledger, self)
        if stream and self.residence is Residence.WHOLE:
            raise BudgetError(
                f"The network does not fit whole: {show_bytes(total_bytes(stream.blocks))} are left over.",
                wanted_bytes=total_bytes(blocks) + workspace,
                budget_bytes=budget,
            )
        self._settled = (*state[:3], frozenset(block.name for block in self.ledger.blocks))

    def _sentence(self, network: Network, need: Need, error: Exception) -> str:
        reason = str(error)
        if not isinstance(error, BudgetError):
            workspace, weights = show_bytes(self.workspaces.estimate(need)), show_bytes(network.nbytes)
            budget = show_bytes(self.ledger.budget_bytes)
            reason += (
                f" The network has {weights} of weights, the work takes about {workspace}, the budget is {budget}."
            )
        return (
            f"{self.ledger.name} has too little memory to {need.operation}: {reason} "
            "A smaller picture or batch, a larger --memory-budget, or --lowvram or --novram would help."
        )

    def _reserved_bytes(self) -> int:
        return self.ledger.used_bytes - total_bytes(self.ledger.blocks)

    def _pinned(self) -> set[str]:
        return {name for network in self._in_use for name in network.places}

    @contextmanager
    def _measured(self, need: Need) -> Iterator[None]:
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            before, streamed = torch.cuda.memory_allocated(self.device), self.ledger.loaded_bytes
            yield
            if self.ledger.loaded_bytes == streamed:  # else the peak would have weights in it
                self.workspaces.record(need, torch.cuda.max_memory_allocated(self.device) - before)
            return
        self._meter = PeakMeter()
        try:
            with self._meter:
                yield
            self.workspaces.record(need, self._meter.peak_bytes)
        finally:
            self._meter = None

    @contextmanager
    def _unmeasured(self) -> Iterator[None]:
        """Do not count weights as workspace."""
        meter = self._meter
        if meter is None:
            yield
            return
        meter.is_paused = True
        try:
            yield
        finally:
            meter.is_paused = False

    def _forget(self, names: Sequence[str]) -> None:
        """Strike out the blocks of a network that nobody holds any more."""
        for name in names:
            del self._places[name]
            if name in self.ledger:
                self.ledger.evict(name)
