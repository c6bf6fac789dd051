"""On a real device: packed weights unpack as on a processor, and streamed ones give the same bytes as resident ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.checkpoints import load_checkpoint
from diffusion.packed import PackedTensor, packed_in
from diffusion.quantize import Precision, Precisions
from tests.gpu.test_streaming import denoise, measured_workspace, network, open_memory
from tests.packed_files import LAYOUTS, write_packed
from tests.runtime.test_patched import SOME, handles

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

CHOSEN = Precisions(Precision(None, torch.float16), Precision(None, torch.float16), Precision(torch.float32))
PASSES = 3  # from the file, from pinned memory, and with the next block known


@pytest.fixture(scope="module", params=LAYOUTS)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_packed(tmp_path_factory.mktemp("packed") / "tiny.file", request.param)


def test_weights_unpack_there_as_on_a_processor(path: Path) -> None:
    backbone = load_checkpoint(path).model.backbone
    for _, _, weight in packed_in(backbone):
        there = weight.to("cuda")
        assert isinstance(there, PackedTensor)
        assert there.device.type == "cuda"
        torch.testing.assert_close(
            there.unpack(torch.float32).cpu(), weight.unpack(torch.float32), rtol=1e-6, atol=1e-7
        )


def test_streamed_is_resident_bit_for_bit_patched_or_not(path: Path) -> None:
    whole = handles(load_checkpoint(path, precisions=CHOSEN, keep=open_memory(10**9).keep), SOME)
    memory = open_memory(10**9)
    found = handles(load_checkpoint(path, precisions=CHOSEN, keep=memory.keep), SOME)
    layout = network(found["both"]).layout_of(found["both"].overlay)
    workspace = measured_workspace(memory, found["both"])
    memory.evict_all()
    memory.ledger.budget_bytes = network(found["both"]).nbytes + layout.scratch_bytes + workspace
    for _ in range(PASSES):
        for name, model in whole.items():
            assert torch.equal(denoise(found[name]), denoise(model)), name
    assert all(entry.used_bytes <= memory.ledger.budget_bytes for entry in list(memory.ledger.log)[-50:])
