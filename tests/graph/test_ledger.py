"""The books of a memory add up, and never over the budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from graph.errors import BudgetError
from graph.ledger import Below, Ledger, admit
from graph.memory import NEVER, Block, total_bytes
from graph.simulate import Nothing


class Books(RuleBasedStateMachine):
    """Whatever is entered and struck out."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger("device", 20)

    @rule(name=st.sampled_from("abcd"), nbytes=st.integers(0, 12))
    def load_or_evict(self, name: str, nbytes: int) -> None:
        if name in self.ledger:
            self.ledger.evict(name)
            return
        fits = nbytes <= self.ledger.free_bytes
        try:
            self.ledger.load(Block(name, nbytes))
        except BudgetError:
            assert not fits
        else:
            assert fits

    @rule(nbytes=st.integers(0, 25))
    def reserve(self, nbytes: int) -> None:
        before = self.ledger.used_bytes
        try:
            with self.ledger.reserved("workspace", nbytes):
                assert self.ledger.used_bytes == before + nbytes
        except BudgetError:
            assert before + nbytes > 20
        assert self.ledger.used_bytes == before

    @invariant()
    def adds_up(self) -> None:
        ledger = self.ledger
        assert ledger.used_bytes == total_bytes(ledger.blocks)
        assert ledger.peak_bytes == max((entry.used_bytes for entry in ledger.log), default=0) <= 20
        assert ledger.loaded_bytes == sum(entry.nbytes for entry in ledger.log if entry.action == "load")


TestBooks = Books.TestCase


def test_a_block_is_entered_once() -> None:
    ledger = Ledger("device", 20)
    ledger.load(Block("a", 1))
    with pytest.raises(ValueError, match="a lies in device already"):
        ledger.load(Block("a", 1))
    with pytest.raises(KeyError):
        ledger.evict("b")


SIZES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), min_size=1)
DISTANCES = st.fixed_dictionaries({name: st.sampled_from([0, 1, 2, 3, NEVER]) for name in "abcdefgh"})


@given(SIZES, DISTANCES, st.integers(0, 25), st.lists(st.sampled_from("abcdefgh"), max_size=20))
def test_a_lower_memory_keeps_what_is_used_sooner_and_never_more_than_its_budget(
    sizes: dict[str, int], distances: dict[str, float], budget: int, leaving: list[str]
) -> None:
    ledger = Ledger("RAM", budget)
    for name in leaving:
        block = Block(name, sizes.get(name, 1))
        before = {each.name: each for each in ledger.blocks}
        was_admitted = admit(block, ledger, Nothing(), distances.__getitem__)
        after = {each.name: each for each in ledger.blocks}
        assert was_admitted == (name in after)
        assert total_bytes(ledger.blocks) <= budget
        gone = before.keys() - after.keys()
        assert all(distances[each] >= distances[name] for each in gone)
        assert was_admitted or before == after, "nothing goes for a block that does not come"
        if not was_admitted:
            sooner = [each.nbytes for each in before.values() if distances[each.name] <= distances[name]]
            assert sum(sooner) + block.nbytes > budget


@given(st.integers(2, 9), st.integers(1, 5), st.integers(1, 30))
def test_what_comes_round_and_round_stays_in_part(count: int, rounds: int, budget: int) -> None:
    """Blocks of one size that leave in turn: as many as fit stay from the first round on, no round drives them out."""
    ledger = Ledger("RAM", budget)
    blocks = [Block(f"b{index}", 3) for index in range(count)]
    for _ in range(rounds):
        for block in blocks:
            admit(block, ledger, Nothing(), lambda name: 0)
    assert len(ledger.blocks) == min(count, budget // 3)
    settled = ledger.loaded_bytes
    for block in blocks:
        admit(block, ledger, Nothing(), lambda name: 0)
    assert ledger.loaded_bytes == settled


def test_what_stays_above_is_not_needed_below() -> None:
    above = Ledger("device", 20)
    for name in "abc":
        above.load(Block(name, 1))
    ranks = Below(above, "b", in_use={"b", "c", "d"}, passing={"c"}, planned={"e": 4.0}.__getitem__)
    assert [ranks(name) for name in "abcde"] == [NEVER, 0, 0, 0, 4.0]
