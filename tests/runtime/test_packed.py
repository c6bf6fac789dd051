"""Packed weights in the memory of a device: counted as packed, moved and streamed so, and the same bytes as without."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints import load_checkpoint
from diffusion.checkpoints.load import Checkpoint
from diffusion.checkpoints.outline import read_outline
from diffusion.packed import PackedTensor, packed_in
from diffusion.quantize import Precisions
from graph.ledger import Ledger
from runtime.networks import Network, architecture_of
from runtime.places import plain_layout
from runtime.ram import RamTier
from runtime.residency import DeviceMemory
from runtime.transfer import PlainTransfer
from tests.packed_files import write_packed
from tests.runtime.test_patched import CONTEXT, X, handles, open_memory
from tests.runtime.test_rehearsal import open_memory as rehearsing_memory
from tests.runtime.test_rehearsal import reserved
from tests.runtime.test_residency import CPU, holds

NAMES = ("fp8 e4m3", "fp8 scaled, old", "int8 turned", "nvfp4", "Q8_0", "Q4_0")
F32 = torch.float32


@pytest.fixture(scope="module", params=NAMES)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_packed(tmp_path_factory.mktemp("packed") / "tiny.file", request.param)


def load(path: Path, memory: DeviceMemory) -> Checkpoint:
    return load_checkpoint(path, dtype=F32, keep=memory.keep)


@torch.no_grad()
def results(checkpoint: Checkpoint) -> dict[str, Tensor]:
    time = torch.tensor([500.0, 500.0])
    models = handles(checkpoint, ("mid_block", "to_k"))
    denoised = {name: model.apply(X, time, CONTEXT) for name, model in models.items()}
    return {**denoised, "prompt": checkpoint.clip.encode("a (cat:1.2)").embedding}


def unet(checkpoint: Checkpoint) -> Network:
    keeper = checkpoint.model.keeper
    assert isinstance(keeper, Network)
    return keeper


def test_the_books_count_packed_bytes(path: Path) -> None:
    checkpoint = load(path, memory := open_memory(10**9))
    weights = [weight for _, _, weight in packed_in(checkpoint.model.backbone)]
    packed = sum(weight.nbytes for weight in weights)
    plain = [each for each in checkpoint.model.backbone.parameters() if not isinstance(each, PackedTensor)]
    assert unet(checkpoint).nbytes == packed + sum(each.numel() for each in plain) * 4
    assert packed < sum(weight.numel() for weight in weights) * 1.6
    results(checkpoint)
    held = {block.name: block.nbytes for block in memory.ledger.blocks}
    for place in unet(checkpoint).plain.places:
        assert held[place.block.name] == sum(each.nbytes for each in place.tensors())
    on_device = [weight for _, _, weight in packed_in(checkpoint.model.backbone)]
    assert all(isinstance(weight, PackedTensor) for weight in on_device)
    assert len(on_device) == len(weights)


def test_outlines_have_the_blocks_that_the_loaded_network_has(path: Path) -> None:
    outline = read_outline(path, Precisions.all(F32))["model"][0]
    loaded = unet(load(path, open_memory(10**9)))
    known = plain_layout(outline.module, outline.digest, outline.precision.stored)
    assert [place.block.nbytes for place in known.places] == [place.block.nbytes for place in loaded.plain.places]
    assert outline.precision == loaded.precision


@pytest.mark.parametrize(
    ("share", "ram", "is_ahead"), [(0.05, 0.0, False), (0.4, 0.0, True), (0.05, 0.5, True), (0.7, 1.0, False)]
)
def test_weights_that_come_and_go_compute_what_resident_ones_do(
    path: Path, share: float, ram: float, is_ahead: bool
) -> None:
    expected = results(whole := load(path, open_memory(10**9)))
    nbytes = unet(whole).nbytes
    memory = open_memory(int(nbytes * share) + 1_200_000, int(nbytes * ram), is_ahead)  # what making patches takes
    streamed = load(path, memory)
    for _ in range(2):
        found = results(streamed)
        assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert holds(memory)


def test_ram_holds_them_packed(path: Path) -> None:
    ram = RamTier(Ledger("RAM", 10**9))
    memory = DeviceMemory(CPU, Ledger("cpu", 10**9), transfer=PlainTransfer(CPU), ram=ram)
    checkpoint = load(path, memory)
    expected = results(checkpoint)
    memory.evict_all()
    network = unet(checkpoint)
    for place in network.plain.places:
        held = ram.held(place.block.name)
        assert held is not None
        assert sum(tensor.nbytes for tensor in held) == place.block.nbytes
    found = results(checkpoint)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_a_rehearsal_expects_the_unpacking_of_layers(path: Path) -> None:
    memory = rehearsing_memory()
    model = load(path, memory).model
    with torch.no_grad():
        for _ in range(2):
            model.apply(X, torch.tensor([500.0, 500.0]), CONTEXT)
    rehearsed, *_, measured = reserved(memory)
    assert rehearsed.nbytes == pytest.approx(measured.nbytes, rel=0.02)


def test_workspaces_of_packed_and_plain_networks_are_remembered_apart(path: Path, tiny_checkpoint: Path) -> None:
    packed, plain = (load(each, open_memory(10**9)).model.backbone for each in (path, tiny_checkpoint))
    assert architecture_of(packed) != architecture_of(plain)
    assert architecture_of(packed) == architecture_of(read_outline(path, Precisions.all(F32))["model"][0].module)
