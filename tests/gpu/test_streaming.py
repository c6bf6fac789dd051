"""On a real device: streamed weights give the same bytes as resident ones, and workspaces are measured as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints import load_checkpoint
from diffusion.models import Model
from diffusion.quantize import Precision, Precisions
from graph.ledger import Ledger
from runtime.networks import Network
from runtime.ram import RamTier
from runtime.residency import DeviceMemory
from runtime.transfer import CudaTransfer
from tests.runtime.test_patched import EVERYTHING, SOME, handles

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

CUDA = torch.device("cuda")
HALF = Precisions.all(torch.float16)
PACKED = Precisions(Precision(torch.float8_e4m3fn, torch.float16), Precision(torch.float16), Precision(torch.float32))
PASSES = 3  # from the file, from pinned memory, and with the next block known


def open_memory(budget: int, ram: int = 10**9) -> DeviceMemory:
    tier = RamTier(Ledger("RAM", ram), is_pinned=True)
    return DeviceMemory(CUDA, Ledger("cuda", budget), transfer=CudaTransfer(CUDA), ram=tier)


@torch.no_grad()
def denoise(model: Model, side: int = 32) -> Tensor:
    """Return what a network makes of the same noise."""
    generator = torch.Generator().manual_seed(0)
    x, context = torch.randn(2, 4, side, side, generator=generator), torch.randn(2, 7, 64, generator=generator)
    times = torch.tensor([500.0, 500.0], device=model.device)
    return model.apply(x.to(model.device), times, context.to(model.device)).float().cpu()


def measured_workspace(memory: DeviceMemory, model: Model) -> int:
    """Return the workspace that the second of two calls leaves free."""
    denoise(model)
    denoise(model)
    return [entry.nbytes for entry in memory.ledger.log if entry.action == "reserve"][-1]


def network(model: Model) -> Network:
    assert isinstance(model.keeper, Network)
    return model.keeper


@pytest.mark.parametrize("precisions", [HALF, PACKED])
@pytest.mark.parametrize("ram", [10**9, 10**6, 0])
def test_streamed_is_resident_bit_for_bit(tiny_checkpoint: Path, precisions: Precisions, ram: int) -> None:
    whole = load_checkpoint(tiny_checkpoint, precisions=precisions, keep=open_memory(10**9).keep).model
    expected = denoise(whole)
    memory = open_memory(10**9, ram)
    model = load_checkpoint(tiny_checkpoint, precisions=precisions, keep=memory.keep).model
    workspace = measured_workspace(memory, model)
    memory.evict_all()
    memory.ledger.budget_bytes = network(model).nbytes * 6 // 10 + workspace
    for _ in range(PASSES):
        assert torch.equal(denoise(model), expected)
    assert memory.ledger.loaded_bytes > 2 * network(model).nbytes
    assert all(entry.used_bytes <= memory.ledger.budget_bytes for entry in list(memory.ledger.log)[-100:])


@pytest.mark.parametrize("parts", [EVERYTHING, SOME])
@pytest.mark.parametrize("precisions", [HALF, PACKED])
def test_patched_weights_are_the_same_resident_evicted_and_streamed(
    tiny_checkpoint: Path, precisions: Precisions, parts: tuple[str, ...]
) -> None:
    whole = handles(load_checkpoint(tiny_checkpoint, precisions=precisions, keep=open_memory(10**9).keep), parts)
    memory = open_memory(10**9)
    found = handles(load_checkpoint(tiny_checkpoint, precisions=precisions, keep=memory.keep), parts)
    for name, model in whole.items():
        expected = denoise(model)
        assert torch.equal(denoise(found[name]), expected)
        memory.evict_all()
        assert torch.equal(denoise(found[name]), expected), "from pinned memory"
    layout = network(found["both"]).layout_of(found["both"].overlay)
    workspace = measured_workspace(memory, found["both"])
    memory.evict_all()
    memory.ledger.budget_bytes = network(found["both"]).nbytes + layout.scratch_bytes + workspace
    for name in ("first", "both", "plain", "second", "both"):
        assert torch.equal(denoise(found[name]), denoise(whole[name])), name


def test_what_ram_holds_is_pinned_and_within_its_budget(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9, ram=500_000)
    model = load_checkpoint(tiny_checkpoint, precisions=HALF, keep=memory.keep).model
    denoise(model)
    memory.evict_all()
    assert memory.ram is not None
    held = [tensor for block in memory.ram.ledger.blocks for tensor in memory.ram.held(block.name) or ()]
    assert held
    assert all(tensor.is_pinned() for tensor in held if tensor.numel())
    assert sum(tensor.nbytes for tensor in held) <= 500_000


def test_the_remembered_workspace_is_within_a_tenth_of_the_peak(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9)
    model = load_checkpoint(tiny_checkpoint, precisions=HALF, keep=memory.keep).model
    denoise(model)  # the weights come, and what libraries keep for good
    x, context = torch.randn(2, 4, 64, 64, device=CUDA), torch.randn(2, 7, 64, device=CUDA)
    times = torch.tensor([500.0, 500.0], device=CUDA)
    peaks = []
    for _ in range(2):
        with torch.no_grad():
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            model.apply(x, times, context)
            peaks.append(torch.cuda.max_memory_allocated() - before)
    remembered = [entry.nbytes for entry in memory.ledger.log if entry.action == "reserve"][-1]
    assert abs(remembered - peaks[1]) / peaks[1] <= 0.1
