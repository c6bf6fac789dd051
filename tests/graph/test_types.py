"""Which ends of wires fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.types import ANY, COMBO, FLOAT, INT, STRING, SocketType, accepts, union

names = st.sampled_from(["IMAGE", "MASK", "LATENT", "INT"])
unions = st.lists(names, min_size=1, max_size=3).map(lambda parts: SocketType(",".join(parts)))


@given(unions)
def test_a_type_fits_itself_and_anything(socket_type: SocketType) -> None:
    assert accepts(socket_type, socket_type)
    assert accepts(socket_type, ANY)
    assert accepts(ANY, socket_type)


@given(unions, unions)
def test_two_unions_fit_if_they_share_a_member(left: SocketType, right: SocketType) -> None:
    assert accepts(left, right) == accepts(right, left) == bool(left.members & right.members)


@given(st.lists(unions, min_size=1, max_size=4))
def test_each_type_fits_the_union_of_all(types: list[SocketType]) -> None:
    assert all(accepts(socket_type, union(types)) for socket_type in types)


def test_anything_swallows_a_union() -> None:
    assert union([INT, ANY]) == ANY
    assert union([INT, FLOAT, INT]).name == "INT,FLOAT"


@pytest.mark.parametrize(("given_type", "wanted"), [(INT, FLOAT), (COMBO, STRING), (SocketType("IMAGE"), INT)])
def test_types_that_only_resemble_each_other_do_not_fit(given_type: SocketType, wanted: SocketType) -> None:
    assert not accepts(given_type, wanted)


def test_a_text_may_choose_and_a_variable_takes_all() -> None:
    assert accepts(STRING, COMBO)
    assert accepts(INT, SocketType("T", variable=True))
