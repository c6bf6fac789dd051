"""Patched and packed weights in the memory of a device: in the books, evicted and streamed, and the same bytes as without."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from diffusion.checkpoints import load_checkpoint
from diffusion.checkpoints.load import Checkpoint
from diffusion.checkpoints.save import merged_checkpoint
from diffusion.lora.changes import Additive, Hadamard, LowRank
from diffusion.merging import Mix, merge_models
from diffusion.models import Model
from diffusion.overlay import WeightPatch
from diffusion.quantize import Precision, Precisions
from graph.ledger import Ledger
from graph.memory import total_bytes
from runtime.networks import Network
from runtime.places import patched_layout, plain_layout
from runtime.ram import RamTier
from runtime.residency import DeviceMemory
from runtime.transfer import PlainTransfer
from runtime.workspace import PeakMeter
from tests.runtime.test_residency import CPU, SmallWorkspaces, holds

PRECISIONS = {
    "as it is": Precisions.all(torch.float32),
    "8 bits": Precisions(
        Precision(torch.float8_e4m3fn, torch.float32),
        Precision(torch.float8_e5m2, torch.float32),
        Precision(torch.float32),
    ),
    "half": Precisions(
        Precision(torch.float16, torch.float32), Precision(torch.bfloat16, torch.float32), Precision(torch.float32)
    ),
}
EVERYTHING = ("",)
SOME = ("mid_block", "to_k")  # less than half of most blocks
X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
CONTEXT = torch.randn(2, 7, 64, generator=torch.Generator().manual_seed(1))


def lora(module: nn.Module, parts: tuple[str, ...], seed: int) -> WeightPatch:
    """Return a LoRA on all matrices whose names have one of the parts."""
    generator = torch.Generator().manual_seed(seed)
    changes = {}
    for name, weight in module.named_parameters():
        if weight.ndim > 1 and any(part in name for part in parts):
            rows, columns = weight.flatten(1).shape
            factors = torch.randn(rows, 2, generator=generator), torch.randn(2, columns, generator=generator)
            changes[name] = Additive(LowRank(*factors), 0.05)
    return WeightPatch(changes, digest=f"lora {parts} {seed}")


def handles(checkpoint: Checkpoint, parts: tuple[str, ...]) -> dict[str, Model]:
    model = checkpoint.model
    return {
        "plain": model,
        "first": model.with_patch(lora(model.backbone, parts, 1)),
        "second": model.with_patch(lora(model.backbone, parts, 2)),
        "both": model.with_patch(lora(model.backbone, parts, 1)).with_patch(lora(model.backbone, parts, 2)),
    }


@torch.no_grad()
def denoise(model: Model) -> Tensor:
    return model.apply(X, torch.tensor([500.0, 500.0]), CONTEXT)


def open_memory(budget: int, ram: int = 0, is_ahead: bool = False) -> DeviceMemory:
    tier = RamTier(Ledger("RAM", ram)) if ram else None
    transfer = PlainTransfer(CPU, is_ahead=is_ahead)
    return DeviceMemory(CPU, Ledger("cpu", budget), SmallWorkspaces(), transfer=transfer, ram=tier)


def network(model: Model) -> Network:
    assert isinstance(model.keeper, Network)
    return model.keeper


@pytest.fixture(scope="module")
def half_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in float16: what it is kept in on the device differs from what the file has."""
    from tests.tiny_checkpoint import write_tiny_checkpoint

    return write_tiny_checkpoint(tmp_path_factory.mktemp("half") / "half.safetensors", dtype=torch.float16)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("parts", [EVERYTHING, SOME])
def test_a_keeper_changes_no_bit_of_patched_and_packed_networks(
    half_file: Path, precision: str, parts: tuple[str, ...]
) -> None:
    """The same network without a keeper lies where it was loaded, and is the reference."""
    alone = load_checkpoint(half_file, precisions=PRECISIONS[precision])
    memory = open_memory(10**9)
    kept = load_checkpoint(half_file, precisions=PRECISIONS[precision], keep=memory.keep)
    expected, found = handles(alone, parts), handles(kept, parts)
    for name in expected:
        assert torch.equal(denoise(found[name]), denoise(expected[name])), name
    assert torch.equal(kept.clip.encode("a (red:1.2) cat").embedding, alone.clip.encode("a (red:1.2) cat").embedding)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    precision=st.sampled_from(sorted(PRECISIONS)),
    parts=st.sampled_from([EVERYTHING, SOME]),
    share=st.floats(0.3, 2.5),
    ram_share=st.sampled_from([0.0, 0.3, 3.0]),
    order=st.lists(st.sampled_from(["plain", "first", "second", "both", "text"]), min_size=2, max_size=8),
    is_ahead=st.booleans(),
)
def test_any_budget_gives_the_same_bytes_and_holds(
    half_file: Path,
    precision: str,
    parts: tuple[str, ...],
    share: float,
    ram_share: float,
    order: list[str],
    is_ahead: bool,
) -> None:
    whole = open_memory(10**9)
    reference = load_checkpoint(half_file, precisions=PRECISIONS[precision], keep=whole.keep)
    weights = network(reference.model).nbytes
    scratch = network(reference.model).layout_of(handles(reference, parts)["first"].overlay).scratch_bytes
    memory = open_memory(int(share * weights) + scratch, int(ram_share * weights), is_ahead)
    checkpoint = load_checkpoint(half_file, precisions=PRECISIONS[precision], keep=memory.keep)
    expected, found = handles(reference, parts), handles(checkpoint, parts)
    for name in order:
        if name == "text":
            assert torch.equal(checkpoint.clip.encode("a cat").embedding, reference.clip.encode("a cat").embedding)
        else:
            assert torch.equal(denoise(found[name]), denoise(expected[name])), name
        assert not memory._passing, "what was streamed has gone"
        assert not memory._mover.arriving
    assert holds(memory)
    assert memory.ledger.used_bytes == total_bytes(memory.ledger.blocks)
    if memory.ram is not None:
        books = memory.ram.ledger
        assert all(entry.used_bytes <= books.budget_bytes for entry in books.log)
        held = {block.name: memory.ram.held(block.name) for block in books.blocks}
        assert {name: sum(t.nbytes for t in tensors or ()) for name, tensors in held.items()} == {
            block.name: block.nbytes for block in books.blocks
        }


def test_the_books_have_the_bytes_of_patched_tensors(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9)
    models = handles(load_checkpoint(tiny_checkpoint, keep=memory.keep), SOME)
    denoise(models["first"])
    layout = network(models["first"]).layout_of(models["first"].overlay)
    on_device = {tensor.data_ptr(): tensor.nbytes for place in layout.places for tensor in place.tensors()}
    assert memory.ledger.used_bytes == sum(on_device.values())
    assert {entry.name.split(" ")[0] for entry in memory.ledger.log if "patching" in entry.name} == {"patching"}


def test_two_loras_share_what_they_leave_alone_and_no_block_is_kept_twice(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9)
    models = handles(load_checkpoint(tiny_checkpoint, keep=memory.keep), SOME)
    layouts = [network(model).layout_of(model.overlay) for model in (models["first"], models["second"])]
    plain = network(models["plain"]).plain
    shared = layouts[0].names & layouts[1].names
    assert shared
    assert shared < plain.names
    denoise(models["first"])
    first = memory.ledger.used_bytes
    denoise(models["second"])
    shared_bytes = total_bytes(block for block in memory.ledger.blocks if block.name in shared)
    assert memory.ledger.used_bytes == 2 * first - shared_bytes
    everything = handles(load_checkpoint(tiny_checkpoint, keep=memory.keep), EVERYTHING)["first"]
    assert (
        total_bytes(place.block for place in network(everything).layout_of(everything.overlay).places)
        == network(everything).nbytes
    ), "a network of which all is patched is not there twice"


def test_equal_patches_are_the_same_blocks(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9)
    checkpoint = load_checkpoint(tiny_checkpoint, keep=memory.keep)
    one, other = (checkpoint.model.with_patch(lora(checkpoint.model.backbone, SOME, 1)) for _ in range(2))
    denoise(one)
    loaded = memory.ledger.loaded_bytes
    denoise(other)
    assert memory.ledger.loaded_bytes == loaded
    unknown = checkpoint.model.with_patch(WeightPatch(one.patches[0].changes))  # without a digest
    assert network(unknown).layout_of(unknown.overlay) is not network(one).layout_of(one.overlay)


def test_a_forgotten_lora_leaves_the_books(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9, ram=10**9)
    checkpoint = load_checkpoint(tiny_checkpoint, keep=memory.keep)
    denoise(checkpoint.model)
    plain = memory.ledger.used_bytes
    patched = checkpoint.model.with_patch(lora(checkpoint.model.backbone, SOME, 1))
    denoise(patched)
    assert memory.ledger.used_bytes > plain
    memory.evict_all()
    denoise(patched)
    del patched
    gc.collect()
    denoise(checkpoint.model)
    assert memory.ledger.used_bytes == plain
    assert memory.ram is not None
    assert not any("+" in block.name for block in memory.ram.ledger.blocks)


def changes_of(rows: int, columns: int) -> Iterator[Additive]:
    """Yield changes of which the making takes more and more."""
    factors = LowRank(torch.randn(rows, 4), torch.randn(4, columns))
    yield Additive(factors)
    yield Additive(Hadamard(factors, factors))
    yield Additive(factors, magnitude=torch.rand(rows))
    yield Additive(Hadamard(factors, factors), magnitude=torch.rand(columns))


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("stored", [torch.float16, torch.float8_e4m3fn, torch.float32])
def test_making_a_patched_block_takes_no_more_than_is_reserved(number: int, stored: torch.dtype) -> None:
    from diffusion.overlay import Overlay
    from diffusion.quantize import Resolved

    module = nn.Sequential(nn.Linear(300, 200), nn.Linear(300, 200)).half().requires_grad_(False)
    patch = WeightPatch({f"{index}.weight": list(changes_of(200, 300))[number] for index in range(2)}, strength=0.7)
    overlay = Overlay(module, (patch, patch))
    layout = patched_layout(module, plain_layout(module, "n", stored), overlay, "n+", Resolved(stored, torch.float16))
    for place in layout.places:
        with PeakMeter() as meter:
            made = place.copied(CPU)
        assert meter.peak_bytes <= place.scratch_bytes + sum(tensor.nbytes for tensor in made)
        assert place.block.nbytes == sum(tensor.nbytes for tensor in made)


def test_merging_and_saving_read_weights_as_they_are_kept_wherever_they_lie(half_file: Path) -> None:
    """A network kept in 8 bits, on the device and in its file, merged into another and saved."""
    results: list[tuple[Tensor, dict[str, Tensor]]] = []
    works: list[Callable[[Checkpoint], object]] = [lambda second: None, lambda second: denoise(second.model)]
    for bring in works:
        memory = open_memory(10**9)
        first, second = (
            load_checkpoint(half_file, precisions=PRECISIONS["8 bits"], keep=memory.keep) for _ in range(2)
        )
        bring(second)
        merged = merge_models(first.model, second.model, Mix(0.4, 0.6))
        saved = merged_checkpoint(second.model, second.clip, second.vae).tensors
        results.append((denoise(merged), dict(saved)))
    (one, saved_one), (two, saved_two) = results
    assert torch.equal(one, two)
    assert {name: tensor.dtype for name, tensor in saved_one.items()} == {
        name: tensor.dtype for name, tensor in saved_two.items()
    }
    assert all(torch.equal(tensor.float(), saved_two[name].float()) for name, tensor in saved_one.items())


def test_packed_networks_take_their_packed_bytes_and_are_streamed(half_file: Path) -> None:
    memory = open_memory(10**9)
    small = load_checkpoint(half_file, precisions=PRECISIONS["8 bits"], keep=memory.keep)
    large = load_checkpoint(half_file, precisions=PRECISIONS["as it is"], keep=memory.keep)
    assert network(small.model).nbytes * 4 == pytest.approx(network(large.model).nbytes, rel=0.01)
    expected = denoise(small.model)
    assert memory.ledger.used_bytes == network(small.model).nbytes
    scarce = open_memory(network(small.model).nbytes // 2)
    assert torch.equal(
        denoise(load_checkpoint(half_file, precisions=PRECISIONS["8 bits"], keep=scarce.keep).model), expected
    )
    assert scarce.ledger.loaded_bytes >= network(small.model).nbytes
    assert holds(scarce)
