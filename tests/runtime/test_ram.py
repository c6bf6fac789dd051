"""RAM below a device: what leaves the device is sent from there, bit for bit, and what is used last goes back to the file."""

from __future__ import annotations

from pathlib import Path

import torch

from diffusion.checkpoints import load_checkpoint
from graph.horizon import Use
from graph.ledger import Ledger
from graph.memory import total_bytes
from runtime.devices import open_device, ram_bytes
from runtime.engine import open_memory as memory_of
from runtime.memory_settings import MemorySettings
from runtime.places import Place
from runtime.ram import RamTier
from runtime.residency import DeviceMemory
from runtime.transfer import Arrival, Held, PlainTransfer
from tests.runtime.test_residency import CPU, SmallWorkspaces, keepers, use


class WatchedTransfer(PlainTransfer):
    """Writes down where blocks came from."""

    def __init__(self) -> None:
        super().__init__(CPU)
        self.from_ram: list[str] = []
        self.from_file: list[str] = []

    def start(self, place: Place, held: Held | None) -> Arrival:
        (self.from_file if held is None else self.from_ram).append(place.block.name)
        return super().start(place, held)


def open_memory(budget: int, ram: int, transfer: WatchedTransfer) -> DeviceMemory:
    tier = RamTier(Ledger("RAM", ram))
    return DeviceMemory(CPU, Ledger("cpu", budget), SmallWorkspaces(), transfer=transfer, ram=tier)


def test_the_file_is_read_once_where_ram_has_room(tiny_checkpoint: Path) -> None:
    transfer = WatchedTransfer()
    memory = open_memory(10**9, 10**9, transfer)
    works = use(load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep))
    expected = {name: work() for name, work in works.items()}
    for _ in range(2):
        memory.evict_all()
        for name, work in works.items():
            assert torch.equal(work(), expected[name])
    assert len(transfer.from_file) == len(set(transfer.from_file))
    assert set(transfer.from_ram) == set(transfer.from_file)


def test_a_streamed_network_comes_from_ram_after_its_first_pass(tiny_checkpoint: Path) -> None:
    transfer = WatchedTransfer()
    memory = open_memory(10**9, 10**9, transfer)
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
    memory.ledger.budget_bytes = keepers(checkpoint)[0].nbytes // 2
    works = use(checkpoint)
    first = works["denoise"]()
    read = len(transfer.from_file)
    assert torch.equal(works["denoise"](), first)
    assert len(transfer.from_file) == read
    assert transfer.from_ram


def test_the_plan_decides_what_ram_lets_go(tiny_checkpoint: Path) -> None:
    """Prompt and sampler leave the device for the decoder; RAM has room for one of them, and the plan needs the sampler."""
    for order in (("model", "clip"), ("clip", "model")):
        memory = open_memory(10**9, 10**9, WatchedTransfer())
        checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
        works = use(checkpoint)
        model, clip, vae = (tuple(place.block for place in keeper.plain.places) for keeper in keepers(checkpoint))
        blocks = {"model": model, "clip": clip}
        assert memory.ram is not None
        memory.ram.ledger.budget_bytes = max(map(total_bytes, blocks.values()))
        works["prompt"]()
        works["denoise"]()
        memory.expect([Use("1", vae), Use("2", blocks[order[0]]), Use("3", blocks[order[1]])])
        works["decode"]()
        memory.evict_all()
        held = {block.name for block in memory.ram.ledger.blocks}
        assert {block.name for block in blocks[order[0]]} <= held
        assert not {block.name for block in blocks[order[1]]} <= held


def test_ram_is_a_tier_of_its_own_where_the_device_has_memory_of_its_own() -> None:
    cpu = open_device("cpu")
    assert memory_of(cpu, MemorySettings()).ram is None
    asked = memory_of(cpu, MemorySettings(ram="1GB")).ram
    assert asked is not None
    assert asked.ledger.budget_bytes == 10**9
    assert ram_bytes(cpu, MemorySettings(ram="0")) == 0
