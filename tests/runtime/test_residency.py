"""Weights that come and go: the same bytes as if all were there, never over the budget, and what happens if it is short."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from diffusion import vae as autoencoder
from diffusion.checkpoints import load_checkpoint
from diffusion.checkpoints.load import Checkpoint
from diffusion.streaming import ShortOfMemoryError
from graph.horizon import Use
from graph.ledger import Ledger
from graph.memory import total_bytes
from runtime.memory_settings import Residence
from runtime.networks import Network
from runtime.residency import DeviceMemory
from runtime.transfer import PlainTransfer
from runtime.workspace import Workspaces

CPU = torch.device("cpu")


class SmallWorkspaces(Workspaces):
    """Knows all workspaces: one byte each, so that budgets are about weights."""

    def is_known(self, need: object) -> bool:
        return True

    def estimate(self, need: object) -> int:
        return 1


def open_memory(budget: int, **options: object) -> DeviceMemory:
    return DeviceMemory(CPU, Ledger("cpu", budget), SmallWorkspaces(), **options)  # type: ignore[arg-type]


def use(checkpoint: Checkpoint) -> dict[str, Callable[[], Tensor]]:
    """Return what is done with each network."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, 8, 8, generator=generator)
    picture = torch.rand(1, 64, 64, 3, generator=generator)
    context = torch.randn(2, 7, 64, generator=generator)
    model, clip, vae = checkpoint.model, checkpoint.clip, checkpoint.vae

    @torch.no_grad()
    def denoise() -> Tensor:
        return model.apply(x, torch.tensor([500.0, 500.0]), context)

    return {
        "denoise": denoise,
        "prompt": lambda: clip.encode("a (red:1.3) cat").embedding,
        "decode": lambda: autoencoder.decode(vae, x),
        "encode": lambda: autoencoder.encode(vae, picture),
    }


@pytest.fixture(scope="module")
def expected(tiny_checkpoint: Path) -> dict[str, Tensor]:
    whole = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=open_memory(10**9).keep)
    return {name: work() for name, work in use(whole).items()}


@pytest.fixture(scope="module")
def weights_bytes(tiny_checkpoint: Path) -> int:
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=open_memory(10**9).keep)
    return sum(keeper.nbytes for keeper in keepers(checkpoint))


def keepers(checkpoint: Checkpoint) -> list[Network]:
    found = [checkpoint.model.keeper, checkpoint.clip.encoders[0].keeper, checkpoint.vae.keeper]
    return [keeper for keeper in found if isinstance(keeper, Network)]


def holds(memory: DeviceMemory) -> bool:
    """Return whether the log proves that the budget held at every moment."""
    return all(entry.used_bytes <= memory.ledger.budget_bytes for entry in memory.ledger.log)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=st.floats(0.08, 1.1),
    order=st.lists(st.sampled_from(["denoise", "prompt", "decode", "encode"]), min_size=1, max_size=8),
    residence=st.sampled_from([Residence.NORMAL, Residence.LOW, Residence.NONE]),
    is_ahead=st.booleans(),
)
def test_results_are_the_same_bytes_under_any_budget(
    share: float,
    order: list[str],
    residence: Residence,
    is_ahead: bool,
    tiny_checkpoint: Path,
    expected: dict[str, Tensor],
    weights_bytes: int,
) -> None:
    transfer = PlainTransfer(CPU, is_ahead=is_ahead)
    memory = open_memory(int(share * weights_bytes), residence=residence, transfer=transfer)
    works = use(load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep))
    for name in order:
        assert torch.equal(works[name](), expected[name]), name
    assert holds(memory)
    assert memory.ledger.used_bytes == total_bytes(memory.ledger.blocks)


def test_the_next_block_is_sent_while_one_is_used(tiny_checkpoint: Path, weights_bytes: int) -> None:
    memory = open_memory(weights_bytes // 3, transfer=PlainTransfer(CPU, is_ahead=True))
    work = use(load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep))["denoise"]
    work()
    learned = len(memory.ledger.log)
    work()
    actions = [entry.action for entry in list(memory.ledger.log)[learned:]]
    assert actions[1:4] == ["load", "load", "evict"], "after the workspace: one block, the next one, the first one goes"
    assert holds(memory)


def test_a_block_that_was_not_expected_takes_the_place_of_the_one_that_was(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9, transfer=PlainTransfer(CPU, is_ahead=True))
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
    network = keepers(checkpoint)[0]
    first, second, third = sorted(network.plain.needed_by("denoise"), key=lambda block: block.nbytes)[-3:]
    memory.ledger.budget_bytes = first.nbytes + second.nbytes
    network.layout.followers[first.name] = second
    memory.enter(network, first)
    assert second.name in memory.ledger
    memory.leave(first)
    memory.enter(network, third)
    assert {block.name for block in memory.ledger.blocks} == {third.name}
    assert holds(memory)


def test_what_fits_is_brought_once(tiny_checkpoint: Path, weights_bytes: int) -> None:
    memory = open_memory(2 * weights_bytes)
    works = use(load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep))
    for _ in range(3):
        for work in works.values():
            work()
    assert memory.ledger.loaded_bytes == weights_bytes


def test_weights_on_the_device_are_copies_and_others_lie_in_the_file(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9)
    checkpoint = load_checkpoint(tiny_checkpoint, keep=memory.keep)
    weight = checkpoint.model.backbone.conv_in.weight
    in_file = weight.data_ptr()  # type: ignore[operator, union-attr]
    use(checkpoint)["denoise"]()
    assert weight.data_ptr() != in_file  # type: ignore[operator, union-attr]
    memory.evict_all()
    assert weight.data_ptr() == in_file  # type: ignore[operator, union-attr]
    assert memory.ledger.used_bytes == 0


def test_the_plan_decides_what_goes(tiny_checkpoint: Path, weights_bytes: int) -> None:
    """The decoder must make room; the plan needs the prompt's network again, not the sampler's."""
    memory = open_memory(10**9)
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
    works = use(checkpoint)
    model, clip, vae = (tuple(place.block for place in keeper.plain.places) for keeper in keepers(checkpoint))
    works["prompt"]()
    works["denoise"]()
    memory.ledger.budget_bytes = memory.ledger.used_bytes + 1  # now it is full
    memory.expect([Use("1", clip), Use("2", model), Use("3", vae), Use("4", clip)])
    works["decode"]()
    assert all(block.name in memory.ledger for block in clip)
    assert not all(block.name in memory.ledger for block in model)


def test_a_forgotten_checkpoint_leaves_the_books(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9)
    works = use(load_checkpoint(tiny_checkpoint, keep=memory.keep))
    works["denoise"]()
    assert memory.ledger.used_bytes > 0
    works.clear()
    gc.collect()
    assert memory.ledger.used_bytes == 0


def test_one_file_opened_twice_is_two_networks(tiny_checkpoint: Path, expected: dict[str, Tensor]) -> None:
    memory = open_memory(10**9)
    both = [load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep) for _ in range(2)]
    for checkpoint in both:
        assert torch.equal(use(checkpoint)["denoise"](), expected["denoise"])


def test_a_module_that_is_called_without_a_lease_still_finds_its_blocks(tiny_checkpoint: Path) -> None:
    memory = open_memory(10**9)
    vae = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep).vae
    block = next(place for place in vae.keeper.plain.places if place.cut.module)  # type: ignore[union-attr]
    block.cut.module(torch.zeros(1, *[next(block.cut.module.parameters()).shape[1]], 8, 8))  # type: ignore[misc]
    assert memory.ledger.used_bytes == 0
    assert memory.ledger.loaded_bytes == block.block.nbytes


class ShortOnce:
    """Work that finds the memory short a number of times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self) -> str:
        self.times -= 1
        if self.times >= 0:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return "done"


def test_short_memory_evicts_raises_the_record_and_tries_once_more(tiny_checkpoint: Path) -> None:
    memory = DeviceMemory(CPU, Ledger("cpu", 10**9), Workspaces())
    checkpoint = load_checkpoint(tiny_checkpoint, keep=memory.keep)
    use(checkpoint)["decode"]()
    model, _, vae = keepers(checkpoint)
    assert any(name in memory.ledger for name in vae.plain.names)
    assert model.run("denoise", (1, 4, 8, 8), ShortOnce(1)) == "done"
    assert not any(name in memory.ledger for name in vae.plain.names)
    with pytest.raises(
        ShortOfMemoryError, match=r"cpu has too little memory to denoise: .* budget is 1 GB.*smaller picture"
    ):
        model.run("denoise", (1, 4, 8, 8), ShortOnce(2))
    assert memory.ledger.used_bytes == total_bytes(memory.ledger.blocks)


def test_an_autoencoder_falls_back_to_tiles(tiny_checkpoint: Path) -> None:
    """The whole picture needs more than there is, tiles of it do not."""
    memory = DeviceMemory(CPU, Ledger("cpu", 10**8), Workspaces())
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
    vae = keepers(checkpoint)[2]
    samples = torch.randn(1, 4, 8, 300)
    memory.workspaces.record(_need(vae, samples), 2 * 10**8)
    picture = autoencoder.decode(checkpoint.vae, samples)
    assert picture.shape == (1, 64, 2400, 3)
    assert holds(memory)


def _need(network: Network, samples: Tensor) -> object:
    seen = []
    original = network._memory.run
    network._memory.run = lambda network, layout, need, work: seen.append(need)  # type: ignore[method-assign, assignment]
    network.run("decode", samples.shape, lambda: None)
    network._memory.run = original  # type: ignore[method-assign]
    return seen[0]


def test_highvram_streams_nothing(tiny_checkpoint: Path, weights_bytes: int) -> None:
    memory = open_memory(weights_bytes // 10, residence=Residence.WHOLE)
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
    with pytest.raises(ShortOfMemoryError, match="does not fit whole"):
        use(checkpoint)["denoise"]()


def test_lowvram_keeps_one_network_and_novram_none(tiny_checkpoint: Path) -> None:
    for residence, networks in ((Residence.NORMAL, 3), (Residence.LOW, 1), (Residence.NONE, 3)):
        memory = open_memory(10**9, residence=residence)
        checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
        works = use(checkpoint)
        for name in ("prompt", "denoise", "decode"):
            works[name]()
        assert len({block.name.split("/")[0] for block in memory.ledger.blocks}) == networks
        assert residence is not Residence.NONE or all(block.is_fixed for block in memory.ledger.blocks)


def test_gpu_only_brings_the_table_of_words_too(tiny_checkpoint: Path, expected: dict[str, Tensor]) -> None:
    memory = open_memory(10**9, tables_on_device=True)
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
    assert torch.equal(use(checkpoint)["prompt"](), expected["prompt"])
    assert any("table" in block.name for block in memory.ledger.blocks)
