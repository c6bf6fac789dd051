"""What work takes is known before it runs: rehearsed without numbers, or told by other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion import vae as autoencoder
from diffusion.checkpoints import load_checkpoint
from diffusion.quantize import Precision, Precisions
from graph.ledger import Entry, Ledger
from runtime.places import Layout
from runtime.rehearsal import Rehearsals
from runtime.residency import DeviceMemory
from runtime.workspace import Need, Workspaces
from tests.runtime.test_patched import SOME, denoise, handles
from tests.runtime.test_residency import CPU, holds, keepers, use

NEED = Need("UNet", "denoise", "float32", 1000)
PACKED = Precisions(
    Precision(torch.float8_e4m3fn, torch.float32), Precision(torch.float16, torch.float32), Precision(torch.float32)
)


class Watched(Rehearsals):
    """Rehearses whatever was never measured, however much room there is."""

    def workspace(self, layout: Layout, need: Need, work: object, *, room: int, budget: int) -> int:
        return super().workspace(layout, need, work, room=0, budget=budget)  # type: ignore[arg-type]


def open_memory(budget: int = 10**9) -> DeviceMemory:
    memory = DeviceMemory(CPU, Ledger("cpu", budget), Workspaces())
    memory._rehearsals = Watched(CPU, memory.workspaces)
    return memory


def reserved(memory: DeviceMemory) -> list[Entry]:
    return [entry for entry in memory.ledger.log if entry.action == "reserve"]


@pytest.mark.parametrize("operation", ["denoise", "prompt", "decode", "encode"])
@pytest.mark.parametrize("precisions", [Precisions.all(torch.float32), PACKED])
def test_a_rehearsal_tells_what_is_then_measured(tiny_checkpoint: Path, operation: str, precisions: Precisions) -> None:
    memory = open_memory()
    work = use(load_checkpoint(tiny_checkpoint, precisions=precisions, keep=memory.keep))[operation]
    first = work()
    assert torch.equal(work(), first)
    rehearsed, *_, measured = reserved(memory)
    assert rehearsed.nbytes == pytest.approx(measured.nbytes, rel=0.02)
    assert measured.nbytes > 10_000


def test_patches_are_rehearsed_too_and_nothing_is_brought_for_it(tiny_checkpoint: Path) -> None:
    memory = open_memory()
    models = handles(load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep), SOME)
    expected = denoise(models["first"])
    workspaces = [entry.nbytes for entry in reserved(memory) if "workspace" in entry.name]
    assert memory.ledger.log[0].action == "load", "the books are as empty after the rehearsal as before"
    again = denoise(models["first"])
    assert torch.equal(expected, again)
    assert workspaces[0] == pytest.approx(memory.workspaces.estimate(_known(memory)), rel=0.02)


def test_a_network_within_another_is_rehearsed_with_it_and_its_weights_are_no_work(tiny_checkpoint: Path) -> None:
    memory = open_memory()
    outer, inner = (load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep).model for _ in range(2))
    assert outer.keeper is not None
    first, again = (outer.keeper.run("both", (1000,), lambda: denoise(inner), None) for _ in range(2))
    assert torch.equal(first, again)
    rehearsed = reserved(memory)[0]
    assert 10_000 < rehearsed.nbytes < sum(block.nbytes for block in memory.ledger.blocks) / 4


def _known(memory: DeviceMemory) -> Need:
    (kind, sizes), *_ = memory.workspaces._records.items()
    architecture, operation, precision = kind.split(" ", 2)
    return Need(architecture, operation, precision, next(iter(sizes)))


def test_work_that_needs_numbers_cannot_be_rehearsed_and_is_guessed(tiny_checkpoint: Path) -> None:
    memory = open_memory(budget=4000)
    model = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep).model
    layout = keepers(load_checkpoint(tiny_checkpoint, keep=memory.keep))[0].plain
    guess = memory._rehearsals.workspace(
        layout,
        NEED,
        lambda: float(model.backbone.conv_in.weight.sum()),
        room=0,
        budget=4000,  # type: ignore[operator, union-attr]
    )
    assert guess == 1000
    memory.workspaces.record(NEED._replace(elements=500), 600)
    assert memory._rehearsals.workspace(layout, NEED, lambda: float(torch.ones(1)), room=0, budget=4000) == 1320


def test_a_large_picture_that_was_never_decoded_comes_in_tiles(tiny_checkpoint: Path) -> None:
    """Nothing was measured: the books would not be held by a guess."""
    samples = torch.randn(1, 4, 8, 300, generator=torch.Generator().manual_seed(0))
    free = DeviceMemory(CPU, Ledger("cpu", 10**9), Workspaces())
    weights = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=free.keep)
    whole = autoencoder.decode(weights.vae, samples)
    taken = free.workspaces.largest(_known(free))
    assert taken is not None
    memory = DeviceMemory(CPU, Ledger("cpu", taken // 2), Workspaces())
    checkpoint = load_checkpoint(tiny_checkpoint, dtype=torch.float32, keep=memory.keep)
    picture = autoencoder.decode(checkpoint.vae, samples)
    assert picture.shape == whole.shape
    assert torch.equal(picture, autoencoder.decode_tiled(weights.vae, samples))
    largest = memory.workspaces.largest(_known(memory))
    assert largest is not None
    assert largest <= taken // 2
    assert holds(memory)


SIZES = st.dictionaries(st.integers(1, 10**6), st.integers(1, 10**9), min_size=1, max_size=6)


@given(SIZES, st.integers(1, 10**7))
def test_an_estimate_is_measured_or_lies_above_what_neighbours_say(sizes: Mapping[int, int], elements: int) -> None:
    workspaces = Workspaces()
    for size, nbytes in sizes.items():
        workspaces.record(NEED._replace(elements=size), nbytes)
    estimate = workspaces.estimate(NEED._replace(elements=elements))
    if elements in sizes:
        assert estimate == sizes[elements]
        return
    below = max((size for size in sizes if size < elements), default=None)
    above = min((size for size in sizes if size > elements), default=None)
    ends = [sizes[size] for size in (below, above) if size is not None]
    assert estimate >= min(ends)
    if above is None:
        assert below is not None
        assert estimate >= sizes[below] * elements / below


@given(
    st.floats(0, 1e6),
    st.floats(1, 100),
    st.one_of(st.just(0.0), st.floats(1e-4, 0.01)),
    st.lists(st.integers(64, 10**5), min_size=1, max_size=4),
)
def test_what_grows_in_proportion_or_by_squares_is_not_underestimated_much(
    fixed: float, linear: float, square: float, measured: list[int]
) -> None:
    """fixed + linear n + square n²: between what was measured never too little, at twice as much by less than half."""

    def taken(n: int) -> float:
        return fixed + linear * n + square * n * n

    workspaces = Workspaces()
    for n in measured:
        workspaces.record(NEED._replace(elements=n), round(taken(n)))
    low, high = min(measured), max(measured)
    for n in (low, (low + high) // 2, high):
        assert workspaces.estimate(NEED._replace(elements=n)) >= taken(n) - 1
    beyond = workspaces.estimate(NEED._replace(elements=2 * high))
    assert beyond >= taken(2 * high) * (0.54 if square else 1.0)
