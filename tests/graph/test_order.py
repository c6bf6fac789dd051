"""The order among nodes: what it needs comes first, bytes that are still needed stay, outputs come early."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.horizon import Use
from graph.memory import Block
from graph.order import distances, memory_order

A, B = (Block("a", 6),), (Block("b", 6),)


def alternating(count: int) -> tuple[list[str], dict[str, list[str]], dict[str, Use]]:
    r"""Two loaders; prompts in turn; a sampler after each, which uses the same network.

    load-a ─ text0 ─ sample0    load-b ─ text1 ─ sample1    load-a ─ text2 ─ sample2 …
    """
    order, before, uses = ["load0", "load1"], {"load0": [], "load1": []}, {}
    for index in range(count):
        for name, source in ((f"text{index}", f"load{index % 2}"), (f"sample{index}", f"text{index}")):
            order.append(name)
            before[name] = [source]
            uses[name] = Use(name, (A, B)[index % 2])
    return order, before, uses  # type: ignore[return-value]


def changes(order: tuple[str, ...], uses: dict[str, Use]) -> int:
    networks = [uses[node_id].blocks for node_id in order if node_id in uses]
    return sum(one != other for one, other in pairwise(networks))


def test_two_networks_in_turn_are_used_one_after_the_other() -> None:
    order, before, uses = alternating(8)
    assert changes(memory_order(order, before, uses, 10), uses) == 1
    assert changes(tuple(order), uses) == 7


def test_the_written_order_stays_where_all_fits() -> None:
    order, before, uses = alternating(8)
    assert memory_order(order, before, uses, 12) == tuple(order)


def test_what_is_resident_is_used_first() -> None:
    order, before, uses = alternating(2)
    assert memory_order(order, before, uses, 10, resident=B).index("sample1") == 3


def test_a_node_that_is_nearer_to_an_output_goes_first() -> None:
    """Both samplers fit; text1 is written before sample0, which is nearer to its end."""
    order, before, uses = ["text0", "text1", "sample0", "sample1"], {}, {}
    before = {"text0": [], "text1": [], "sample0": ["text0"], "sample1": ["text1"]}
    uses = {name: Use(name, A) for name in order} | {"other": Use("other", B)}
    assert memory_order(order, before, uses, 10) == ("text0", "sample0", "text1", "sample1")


def test_distances_count_links_to_the_nearest_end() -> None:
    before = {"a": [], "b": ["a"], "c": ["b"], "d": ["a"]}
    assert distances(list(before), before) == {"a": 1, "b": 1, "c": 0, "d": 0}


@given(st.data(), st.integers(1, 12), st.integers(1, 14))
def test_every_node_comes_once_and_after_what_it_needs(data: st.DataObject, size: int, budget: int) -> None:
    order = [str(index) for index in range(size)]
    before = {
        node_id: data.draw(st.lists(st.sampled_from(order[:index]), max_size=3)) if index else []
        for index, node_id in enumerate(order)
    }
    kinds = [None, A, B, (*A, *B)]
    chosen = {node_id: data.draw(st.sampled_from(kinds)) for node_id in order}
    uses = {node_id: Use(node_id, blocks) for node_id, blocks in chosen.items() if blocks is not None}
    found = memory_order(order, before, uses, budget)
    assert sorted(found) == sorted(order)
    assert all(found.index(source) < found.index(node_id) for node_id in order for source in before[node_id])
    assert found == memory_order(order, before, uses, budget)


@pytest.mark.parametrize("size", [2_000])
def test_a_long_chain_needs_no_stack(size: int) -> None:
    order = [str(index) for index in range(size)]
    before = {node_id: order[index - 1 : index] if index else [] for index, node_id in enumerate(order)}
    uses = {node_id: Use(node_id, (A, B)[index % 2]) for index, node_id in enumerate(order)}
    assert memory_order(order, before, uses, 10) == tuple(order)
