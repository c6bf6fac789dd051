"""On a real device: streamed weights give the same bytes as resident ones, and workspaces are measured as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints import load_checkpoint
from graph.ledger import Ledger
from runtime.networks import Network
from runtime.residency import DeviceMemory

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@torch.no_grad()
def denoise(path: Path, memory: DeviceMemory, side: int = 32) -> Tensor:
    """Return what the network of a checkpoint makes of the same noise."""
    model = load_checkpoint(path, keep=memory.keep).model
    generator = torch.Generator().manual_seed(0)
    x, context = torch.randn(2, 4, side, side, generator=generator), torch.randn(2, 7, 64, generator=generator)
    times = torch.tensor([500.0, 500.0], device=model.device)
    return model.apply(x.to(model.device), times, context.to(model.device)).float().cpu()


def test_streamed_is_resident_bit_for_bit(tiny_checkpoint: Path) -> None:
    cuda = torch.device("cuda")
    whole = DeviceMemory(cuda, Ledger("cuda", 10**9))
    expected = denoise(tiny_checkpoint, whole)
    weights = whole.ledger.loaded_bytes
    scarce = DeviceMemory(cuda, Ledger("cuda", int(weights * 0.6)))
    assert torch.equal(denoise(tiny_checkpoint, scarce), expected)
    assert scarce.ledger.peak_bytes <= scarce.ledger.budget_bytes


def test_the_remembered_workspace_is_within_a_tenth_of_the_peak(tiny_checkpoint: Path) -> None:
    cuda = torch.device("cuda")
    memory = DeviceMemory(cuda, Ledger("cuda", 10**9))
    denoise(tiny_checkpoint, memory)  # the weights come
    model = load_checkpoint(tiny_checkpoint, keep=memory.keep).model
    assert isinstance(model.keeper, Network)
    x, context = torch.randn(2, 4, 64, 64, device=cuda), torch.randn(2, 7, 64, device=cuda)
    times = torch.tensor([500.0, 500.0], device=cuda)
    peaks = []
    for _ in range(2):
        with torch.no_grad():
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            model.apply(x, times, context)
            peaks.append(torch.cuda.max_memory_allocated() - before)
    records = [size for sizes in memory.workspaces._records.values() for size in sizes.values()]
    assert min(abs(record - peaks[1]) / peaks[1] for record in records) <= 0.1
