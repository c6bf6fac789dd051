"""The books of a memory add up, and never over the budget."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from graph.errors import BudgetError
from graph.ledger import Ledger
from graph.memory import Block, total_bytes


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
