"""DeviceMemory: keeps the weights of all loaded networks on one device, within a budget of bytes.

    memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", budget_bytes=600_000_000), Workspaces(path))
    checkpoint = load_checkpoint(path, keep=memory.keep)  # weights stay in the file …
    checkpoint.clip.encode("a cat")                       # … until they are used

What to move is decided by graph.memory; here it is done. Blocks come to the device before a network is used, or, if it
does not fit, one after the other while it is used. A block that is not on the device lies in RAM, if there is a tier for it,
or in the memory-mapped file. Networks are used by one thread at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count
from typing import NamedTuple, TypeVar

import torch
from torch import nn

from diffusion.quantize import Resolved
from diffusion.streaming import ShortOfMemoryError
from graph.errors import BudgetError
from graph.horizon import Outlook, Use
from graph.ledger import Below, Ledger, carry_out
from graph.memory import Block, Evict, Move, NextUse, Stream, plan_residency, show_bytes, total_bytes
from runtime.measuring import Measuring
from runtime.memory_settings import Residence
from runtime.moving import BlockMover
from runtime.networks import Network
from runtime.places import Layout
from runtime.ram import RamTier
from runtime.rehearsal import Rehearsals
from runtime.transfer import PlainTransfer, Transfer
from runtime.workspace import Need, Workspaces

T = TypeVar("T")
logger = logging.getLogger(__name__)


class _State(NamedTuple):
    """What a plan was made for, and the names of what lay there when it was carried out."""

    blocks: tuple[Block, ...]
    workspace: int
    budget: int
    here: frozenset[str]


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
        ram: RamTier | None = None,
    ) -> None:
        self.device = device
        self.ledger = ledger
        self.workspaces = workspaces or Workspaces()
        self.residence = residence
        self.tables_on_device = tables_on_device
        self.ram = ram
        self._measuring = Measuring(device, ledger, self.workspaces)
        self._rehearsals = Rehearsals(device, self.workspaces)
        self._mover = BlockMover(ledger, transfer or PlainTransfer(device), self._measuring, ram, self._next_use_below)
        self.outlook = Outlook()
        self._in_use: list[Layout] = []
        self._passing: set[str] = set()  # blocks that are here only while they are used
        self._settled: _State | None = None  # after which nothing needs to be moved

    def keep(self, module: nn.Module, name: str, precision: Resolved) -> Network:
        """Take over the weights of a network that lie in its file (diffusion.checkpoints.load.Keep)."""
        taken = {place.split("/")[0] for place in self._mover.places}
        free = next(each for each in chain([name], (f"{name} ({number})" for number in count(2))) if each not in taken)
        network = Network(self, module, free, precision, tables_on_device=self.tables_on_device)
        self._mover.register(network.plain, module)
        return network

    def expect(self, uses: Sequence[Use]) -> None:
        """Be told which networks will be used, in order."""
        self.outlook.expect(uses)

    def run(self, network: Network, layout: Layout, need: Need, work: Callable[[], T]) -> T:
        """Call a function with a network in place; if the memory is short, evict and call it once more."""
        if self._rehearsals.is_on:  # of a network that uses this one in its own work
            return self._rehearsals.within(layout, work)
        self._mover.register(layout, layout)
        with self._mover.busy(), network.laid_out(layout):
            try:
                return self._attempt(network, layout, need, work)
            except (torch.OutOfMemoryError, BudgetError) as error:
                if isinstance(error, ShortOfMemoryError):
                    raise  # of a network that is used within this one
                logger.info("%s: %s Evicting what is not in use, and trying once more.", need.kind, error)
                if isinstance(error, torch.OutOfMemoryError):
                    self.workspaces.raise_record(need)
            self.evict_all()  # outside of `except`, whose traceback holds on to tensors
            try:
                return self._attempt(network, layout, need, work)
            except (torch.OutOfMemoryError, BudgetError) as error:
                raise ShortOfMemoryError(self._sentence(network, need, error)) from error

    def evict_all(self, but: Iterable[str] = ()) -> None:
        """Take everything off the device that is not in use."""
        pinned = {*self._pinned(), *but}
        with self._mover.busy():
            free = [block for block in self.ledger.blocks if block.name not in pinned]
            carry_out(map(Evict, free), self.ledger, self._mover)
        if free and self.device.type == "cuda":
            torch.cuda.empty_cache()

    def make_room(self, nbytes: int) -> None:
        """Take what is used last off the device until so many bytes are free; what is in use stays."""
        pinned = self._pinned()
        held = sum(block.nbytes for block in self.ledger.blocks if block.name in pinned)
        room = self.ledger.budget_bytes - self._reserved_bytes() - held
        with self._mover.busy():
            moves = self._plan((), min(nbytes, room))
            carry_out(moves, self.ledger, self._mover)
        if moves and self.device.type == "cuda":
            torch.cuda.empty_cache()

    def enter(self, network: Network, block: Block) -> None:
        """Bring a streamed block that is about to be used."""
        if self._rehearsals.is_on:
            return
        if not self._mover.receive(block):
            if block.name in self.ledger:
                return
            self._bring(network, block)
        if network.last is not None:
            network.layout.followers[network.last] = block
        network.last = block.name
        if self._mover.transfer.is_ahead:
            self._send_next(network, block)

    def leave(self, block: Block) -> None:
        """Let go of a streamed block that was used."""
        if block.name in self._passing and not self._rehearsals.is_on:
            carry_out((Evict(block),), self.ledger, self._mover)
            self._passing.discard(block.name)

    def _bring(self, network: Network, block: Block) -> None:
        wanted = block.nbytes + self._mover.scratch_bytes(block)
        if wanted > self.ledger.free_bytes:  # perhaps because another block was expected to come next
            for name in tuple(self._mover.arriving):
                self.leave(self._mover.places[name].block)
        moves = self._plan((block,), self._mover.scratch_bytes(block))
        if any(isinstance(move, Stream) for move in moves):
            raise BudgetError(
                f"There is no room for {block.name}.", wanted_bytes=wanted, budget_bytes=self.ledger.free_bytes
            )
        carry_out(moves, self.ledger, self._mover)
        self._passing.add(block.name)

    def _send_next(self, network: Network, block: Block) -> None:
        """Send the block that came after this one the last time, if there is room for a second one."""
        follower = network.layout.followers.get(block.name)
        if follower is None or follower.name in self.ledger or follower.name not in self._mover.places:
            return
        if follower.nbytes + self._mover.scratch_bytes(follower) <= self.ledger.free_bytes:
            self.ledger.load(follower)
            self._passing.add(follower.name)
            self._mover.send(follower)

    def _attempt(self, network: Network, layout: Layout, need: Need, work: Callable[[], T]) -> T:
        room = self.ledger.budget_bytes - self._reserved_bytes() - total_bytes(layout.needed_by(need.operation))
        workspace = self._rehearsals.workspace(layout, need, work, room=room, budget=self.ledger.budget_bytes)
        with self._lease(network, layout, need.operation, workspace):
            if self.workspaces.is_known(need) or self._measuring.is_on:
                return work()
            with self._measuring.of(need):
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
    def _lease(self, network: Network, layout: Layout, operation: str, workspace: int) -> Iterator[None]:
        blocks = layout.needed_by(operation)
        self.outlook.advance(layout.names)
        here = all(block.name in self.ledger for block in blocks)
        if self.residence is Residence.LOW:
            self.evict_all(but=layout.names)
        if not here or workspace > self.ledger.free_bytes:
            self._make_room(blocks, workspace)
        self._in_use.append(layout)
        try:
            with self.ledger.reserved(f"workspace of {network.name}", workspace):
                yield
        finally:
            network.last = None
            for block in blocks:
                self.leave(block)
            self._in_use.pop()

    def _make_room(self, blocks: tuple[Block, ...], workspace: int) -> None:
        budget = self.ledger.budget_bytes - self._reserved_bytes()
        state = _State(blocks, workspace, budget, frozenset(block.name for block in self.ledger.blocks))
        if state == self._settled:  # the next step of a network that is streamed: planning again would move nothing
            return
        if self.residence is Residence.NONE:
            blocks = tuple(block for block in blocks if block.is_fixed or block.name in self.ledger)
        stream = carry_out(self._moves(blocks, workspace), self.ledger, self._mover)
        if stream and self.residence is Residence.WHOLE:
            raise BudgetError(
                f"The network does not fit whole: {show_bytes(total_bytes(stream.blocks))} are left over.",
                wanted_bytes=total_bytes(blocks) + workspace,
                budget_bytes=budget,
            )
        self._settled = state._replace(here=frozenset(block.name for block in self.ledger.blocks))

    def _moves(self, blocks: Sequence[Block], workspace: int) -> tuple[Move, ...]:
        """Plan with room for the making of patched blocks: before the work, or, if some are streamed, beside it."""
        missing = [block for block in blocks if block.name not in self.ledger]
        before = max([workspace, *map(self._mover.scratch_bytes, missing)])
        moves = self._plan(blocks, before)
        streamed = [block for move in moves if isinstance(move, Stream) for block in move.blocks]
        beside = max(map(self._mover.scratch_bytes, streamed), default=0)
        return self._plan(blocks, max(before, workspace + beside)) if beside else moves

    def _plan(self, blocks: Sequence[Block], workspace: int) -> tuple[Move, ...]:
        budget = self.ledger.budget_bytes - self._reserved_bytes()
        return plan_residency(budget, self.ledger.blocks, blocks, workspace, self.outlook.next_use(), self._pinned())

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
        return {name for layout in self._in_use for name in layout.names}

    def _next_use_below(self, leaving: Block) -> NextUse:
        return Below(self.ledger, leaving.name, self._pinned(), self._passing, self.outlook.next_use())
