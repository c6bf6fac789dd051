"""What a plan of moves promises, whatever the sizes: the budget, what is needed, and nothing in vain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import BudgetError
from graph.horizon import Horizon, Use
from graph.memory import NEVER, Block, Evict, Load, Move, Stream, plan_residency, show_bytes, total_bytes

BLOCKS = st.lists(st.integers(1, 12), min_size=1, max_size=9).map(
    lambda sizes: [Block(f"b{index}", size, is_fixed=size > 11) for index, size in enumerate(sizes)]
)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, object]:
    """A device that holds some blocks within its budget, and some that are wanted."""
    blocks = draw(BLOCKS)
    resident = draw(st.lists(st.sampled_from(blocks), unique=True))
    need = draw(st.lists(st.sampled_from(blocks), unique=True, min_size=1))
    pinned = draw(st.sets(st.sampled_from([block.name for block in blocks])))
    distances = {block.name: draw(st.sampled_from([1, 2, 3, NEVER])) for block in blocks}
    budget = total_bytes(resident) + draw(st.integers(0, 15))
    workspace = draw(st.integers(0, 6))
    return {
        "budget": budget,
        "resident": resident,
        "need": need,
        "workspace": workspace,
        "next_use": distances.__getitem__,
        "pinned": pinned,
    }


def carried_out(case: dict[str, object], moves: Sequence[Move]) -> list[Block]:
    """Return what lies on the device after the moves; no moment may be over the budget."""
    here = list(case["resident"])  # type: ignore[call-overload]
    for move in moves:
        match move:
            case Evict(block):
                here.remove(block)
            case Load(block):
                assert block not in here
                here.append(block)
            case Stream():
                pass
        assert total_bytes(here) <= case["budget"]
    return here


def streamed(moves: Sequence[Move]) -> tuple[Block, ...]:
    return next((move.blocks for move in moves if isinstance(move, Stream)), ())


@given(cases())
def test_every_needed_block_is_there_or_streamed_within_the_budget(case: dict[str, object]) -> None:
    try:
        moves = plan_residency(**case)  # type: ignore[arg-type]
    except BudgetError:
        return
    here = carried_out(case, moves)
    passing = streamed(moves)
    assert set(case["need"]) <= {*here, *passing}  # type: ignore[call-overload]
    assert not set(here) & set(passing)
    assert not any(block.is_fixed for block in passing)
    buffer_bytes = sum(move.buffer_bytes for move in moves if isinstance(move, Stream))
    assert total_bytes(here) + buffer_bytes + case["workspace"] <= case["budget"]  # type: ignore[operator]


@given(cases())
def test_no_move_undoes_another_and_pinned_blocks_stay(case: dict[str, object]) -> None:
    try:
        moves = plan_residency(**case)  # type: ignore[arg-type]
    except BudgetError:
        return
    loaded = [move.block for move in moves if isinstance(move, Load)]
    evicted = [move.block for move in moves if isinstance(move, Evict)]
    assert len({*loaded, *evicted}) == len(loaded) + len(evicted)
    assert set(loaded) <= set(case["need"])  # type: ignore[call-overload]
    assert not {block.name for block in evicted} & case["pinned"]  # type: ignore[operator]
    if not streamed(moves):
        assert not set(evicted) & set(case["need"])  # type: ignore[call-overload]


@given(cases())
def test_only_what_is_impossible_is_refused(case: dict[str, object]) -> None:
    need: list[Block] = case["need"]  # type: ignore[assignment]
    here: list[Block] = case["resident"]  # type: ignore[assignment]
    pinned: set[str] = case["pinned"]  # type: ignore[assignment]
    fixed = [block for block in need if block.is_fixed or (block in here and block.name in pinned)]
    held = [block for block in here if block not in need and block.name in pinned]
    largest = max((block.nbytes for block in need if block not in fixed), default=0)
    least = total_bytes(fixed) + total_bytes(held) + largest + case["workspace"]  # type: ignore[operator]
    try:
        plan_residency(**case)  # type: ignore[arg-type]
    except BudgetError:
        assert least > case["budget"]
    else:
        assert least <= case["budget"]


@given(cases())
def test_nothing_is_evicted_in_vain(case: dict[str, object]) -> None:
    try:
        moves = plan_residency(**case)  # type: ignore[arg-type]
    except BudgetError:
        return
    if streamed(moves):
        return
    used = total_bytes(carried_out(case, moves)) + case["workspace"]  # type: ignore[operator]
    for move in moves:
        if isinstance(move, Evict):
            assert used + move.block.nbytes > case["budget"]


@given(cases())
def test_the_same_need_again_moves_nothing(case: dict[str, object]) -> None:
    try:
        moves = plan_residency(**case)  # type: ignore[arg-type]
    except BudgetError:
        return
    again = plan_residency(**(case | {"resident": carried_out(case, moves)}))  # type: ignore[arg-type]
    assert all(isinstance(move, Stream) for move in again)
    assert streamed(again) == streamed(moves)


@given(cases(), st.integers(0, 10))
def test_more_memory_never_streams_more(case: dict[str, object], more: int) -> None:
    equal = {"resident": [], "need": [Block(block.name, 3) for block in case["need"]]}  # type: ignore[attr-defined]
    try:
        little = plan_residency(**(case | equal))  # type: ignore[arg-type]
    except BudgetError:
        return
    much = plan_residency(**(case | equal | {"budget": case["budget"] + more}))  # type: ignore[arg-type, operator]
    if {move.buffers for move in (*little, *much) if isinstance(move, Stream)} <= {2}:
        assert total_bytes(streamed(much)) <= total_bytes(streamed(little))


def loaded_bytes(uses: Sequence[Use], budget: int) -> int:
    """Return what following the plans from use to use loads."""
    horizon, here, loaded = Horizon(uses), [], 0
    for index, use in enumerate(uses):
        moves = plan_residency(budget, here, use.blocks, use.workspace_bytes, horizon.after(index))
        here = carried_out({"resident": here, "budget": budget}, moves)
        loaded += total_bytes(move.block for move in moves if isinstance(move, Load))
    return loaded


def least_loads(uses: Sequence[Use], places: int) -> int:
    """Try every way to fill `places` blocks; return the fewest loads."""

    @cache
    def best(index: int, here: frozenset[str]) -> int:
        if index == len(uses):
            return 0
        need = frozenset(block.name for block in uses[index].blocks)
        free = places - len(need | set()) - uses[index].workspace_bytes
        spare = sorted(here - need)
        keeps = combinations(spare, min(max(free, 0), len(spare)))
        return len(need - here) + min(best(index + 1, need | set(kept)) for kept in keeps)

    return best(0, frozenset())


@given(
    st.lists(st.tuples(st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3), st.integers(0, 1)), max_size=7),
    st.integers(4, 5),
)
def test_no_other_way_loads_fewer_bytes(wanted: list[tuple[set[str], int]], places: int) -> None:
    uses = [
        Use(str(index), tuple(Block(name, 1) for name in sorted(names)), workspace)
        for index, (names, workspace) in enumerate(wanted)
    ]
    assert loaded_bytes(uses, places) == least_loads(uses, places)


def brute_share(sizes: Sequence[int], room: int) -> int | None:
    """Return the most bytes that can stay beside a double buffer for the rest."""
    found = [
        sum(sizes[index] for index in kept)
        for count in range(len(sizes) + 1)
        for kept in combinations(range(len(sizes)), count)
        if sum(sizes[index] for index in kept)
        + sum(sorted((size for index, size in enumerate(sizes) if index not in kept), reverse=True)[:2])
        <= room
    ]
    return max(found, default=None)


@given(st.integers(2, 8), st.integers(1, 5), st.integers(0, 30))
def test_a_stream_of_equal_blocks_is_as_small_as_can_be(count: int, size: int, budget: int) -> None:
    best = brute_share([size] * count, budget)
    if best is None or size * count <= budget:
        return
    moves = plan_residency(budget, (), [Block(f"b{index}", size) for index in range(count)])
    assert size * count - total_bytes(streamed(moves)) == best


@given(st.lists(st.integers(1, 9), min_size=2, max_size=7), st.integers(0, 40))
def test_a_stream_is_at_most_one_block_larger_than_need_be(sizes: list[int], budget: int) -> None:
    best = brute_share(sizes, budget)
    if best is None or sum(sizes) <= budget:
        return
    moves = plan_residency(budget, (), [Block(f"b{index}", size) for index, size in enumerate(sizes)])
    assert sum(sizes) - total_bytes(streamed(moves)) >= best - max(sizes)


def test_the_farthest_next_use_goes_first() -> None:
    """Use 0 wants c; a comes next, b after it: b goes."""
    a, b, c = (Block(name, 4) for name in "abc")
    horizon = Horizon([Use("0", (c,)), Use("1", (a,)), Use("2", (b,))])
    assert plan_residency(8, [a, b], [c], next_use=horizon.after(0)) == (Evict(b), Load(c))


def test_the_next_job_extends_the_horizon() -> None:
    """Nothing in this plan needs a or b again; the next one needs a."""
    a, b, c = (Block(name, 4) for name in "abc")
    horizon = Horizon([Use("0", (c,))]).then([Use("next", (a,))])
    assert plan_residency(8, [a, b], [c], next_use=horizon.after(0)) == (Evict(b), Load(c))
    other = Horizon([Use("0", (c,))]).then([Use("next", (b,))])
    assert plan_residency(8, [a, b], [c], next_use=other.after(0)) == (Evict(a), Load(c))


def test_what_cannot_work_is_told_with_numbers() -> None:
    with pytest.raises(BudgetError, match=r"12 bytes even if it is streamed.*budget is 8 bytes"):
        plan_residency(8, (), [Block("a", 10), Block("b", 9)], workspace=2)


@pytest.mark.parametrize(("nbytes", "text"), [(5, "5 bytes"), (1500, "1.5 kB"), (8 * 10**9, "8 GB")])
def test_sizes_are_readable(nbytes: int, text: str) -> None:
    assert show_bytes(nbytes) == text
