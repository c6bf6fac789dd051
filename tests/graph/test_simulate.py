"""Plans without a device: the books hold, times add up, and the next job keeps what it needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import BudgetError
from graph.horizon import Use
from graph.ledger import Ledger
from graph.memory import Block, Load, Stream
from graph.simulate import FakeClock, FakeDevice, explain, whole_networks

SMALL = tuple(Block(f"small/{index}", 10) for index in range(4))
LARGE = tuple(Block(f"large/{index}", 10) for index in range(12))

USES = st.lists(
    st.builds(
        Use,
        st.just("node"),
        st.sampled_from([SMALL, LARGE, SMALL + LARGE]),
        st.integers(0, 30),
        st.integers(1, 3),
    ),
    max_size=8,
)


@given(USES, st.integers(50, 200), st.integers(0, 200))
def test_no_moment_is_over_the_budget(uses: list[Use], budget: int, ram: int) -> None:
    try:
        explanation = explain(uses, budget, ram_budget_bytes=ram)
    except BudgetError:
        assert any(use.workspace_bytes + 10 > budget for use in uses)
        return
    assert explanation.peak_bytes <= budget
    assert all(step.ram_bytes <= ram for step in explanation.steps)
    assert len(explanation.steps) == len(uses)


@given(USES, st.integers(70, 200), st.integers(0, 200))
def test_ram_changes_no_move_and_only_saves_time(uses: list[Use], budget: int, ram: int) -> None:
    without, beside = explain(uses, budget), explain(uses, budget, ram_budget_bytes=ram)
    assert [step.moves for step in without.steps] == [step.moves for step in beside.steps]
    assert beside.moved_bytes == without.moved_bytes >= beside.from_ram_bytes
    assert beside.seconds <= without.seconds


@given(USES, st.integers(50, 200))
def test_the_moved_bytes_are_those_of_the_moves(uses: list[Use], budget: int) -> None:
    explanation = explain(uses, budget, bytes_per_s=10.0)
    expected = 0
    for use, step in zip(uses, explanation.steps, strict=True):
        for move in step.moves:
            if isinstance(move, Load):
                expected += move.block.nbytes
            elif isinstance(move, Stream):
                expected += use.passes * sum(block.nbytes for block in move.blocks)
    assert explanation.moved_bytes == expected
    assert explanation.seconds == pytest.approx(expected / 10.0)


def test_what_fits_is_loaded_once() -> None:
    explanation = explain([Use("a", SMALL), Use("b", LARGE), Use("c", SMALL)] * 4, 160)
    assert explanation.moved_bytes == explanation.peak_bytes == 160


def test_a_network_that_does_not_fit_comes_in_parts_with_each_pass() -> None:
    explanation = explain([Use("a", LARGE, passes=3)], 60)
    stay, passing = 40, 80  # beside a double buffer of 20
    assert explanation.moved_bytes == stay + 3 * passing
    assert explanation.peak_bytes == 60


def test_what_is_read_of_files_is_read_once_where_ram_has_room() -> None:
    uses = [Use("a", LARGE, passes=3), Use("b", SMALL), Use("c", LARGE)]
    explanation = explain(uses, 60, ram_budget_bytes=200)
    assert explanation.moved_bytes - explanation.from_ram_bytes == 120 + 40
    assert explain(uses[:1], 60, ram_budget_bytes=10).from_ram_bytes == 10 * 2, "one block, in the passes that follow"


PATCHED = tuple(Block(f"{block.name} patched", 6, beside=block.name) for block in LARGE[::2])


@given(st.integers(32, 200), st.integers(0, 10))
def test_blocks_of_one_turn_are_there_together_within_the_budget(budget: int, workspace: int) -> None:
    need = sorted((*LARGE, *PATCHED), key=lambda block: LARGE.index(next(b for b in LARGE if b.name == block.turn)))
    explanation = explain([Use("a", tuple(need), workspace, passes=2)], budget)
    assert explanation.peak_bytes <= budget


def test_the_next_job_keeps_what_it_needs() -> None:
    """Half of what lies there must go; which half, only the next job says."""
    first, second = (tuple(Block(f"{name}/{index}", 10) for index in range(4)) for name in ("first", "second"))
    job, wanted = [Use("a", SMALL)], [Use("b", first)]
    ahead = explain([*job, *wanted], 120, resident=[*first, *second])
    assert ahead.steps[-1].moved_bytes == 0
    kept = explain(job, 80, resident=[*first, *second], then=wanted).steps[0].moves
    assert not any(move.block in first for move in kept if not isinstance(move, Stream))


def test_a_use_that_cannot_fit_says_so() -> None:
    with pytest.raises(BudgetError):
        explain([Use("a", SMALL, workspace_bytes=95)], 100)


def test_time_passes_by_bandwidth() -> None:
    clock = FakeClock()
    device = FakeDevice(Ledger("device", 50), clock, bytes_per_s=5.0)
    device.use([Load(SMALL[0]), Load(SMALL[1])])
    assert clock() == 4.0


def test_whole_networks_go_by_age() -> None:
    uses = [Use("a", SMALL), Use("b", LARGE), Use("c", SMALL)]
    assert whole_networks(uses, 160) == 160
    assert whole_networks(uses, 130) == 200
