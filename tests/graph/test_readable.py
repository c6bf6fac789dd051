from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.protocol import Decoder, JobEnded, encode
from graph.readable import MOST_DEEP, readable


class Name(str):
    """A text of a class of its own, as packs have them."""


class Mute:
    """An object that does not say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def held_by_itself() -> list[Any]:
    value: list[Any] = [1]
    value.append({"again": value})
    return value


def nested(deep: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(deep):
        value = [value]
    return value


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(st.characters()),
        st.binary(max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.one_of(st.text(st.characters()), st.integers(), st.none()), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_whatever_nodes_show_crosses_the_link(value: Any) -> None:
    (message,) = Decoder().feed(encode(JobEnded("5f0c", "done", ui={"1": {"text": [value]}})))
    assert isinstance(message, JobEnded)
    msgspec.json.encode(message.ui)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({1: {"a"}, None: (1, 2)}, {"1": ["a"], "None": [1, 2]}),
        ("x\udcff", "x?"),
        (np.float64(0.5), 0.5),
        (np.int64(3), "3"),
        (Path("a/b"), "a/b"),
        (Name("n"), "n"),
        ({"a": Mute(), Name("b"): 1}, {"a": "Mute", "b": 1}),
        (held_by_itself(), [1, {"again": "list"}]),
    ],
)
def test_values_become_what_json_has(value: Any, expected: Any) -> None:
    found = readable(value)
    assert found == expected
    assert type(found) is type(expected)


def test_what_lies_too_deep_becomes_the_name_of_its_type() -> None:
    found, deep = readable(nested(5000)), 0
    while isinstance(found, list):
        (found,), deep = found, deep + 1
    assert (found, deep) == ("list", MOST_DEEP)


def test_an_object_without_words_crosses_the_link() -> None:
    (message,) = Decoder().feed(encode(JobEnded("5f0c", "done", ui={"1": [Mute()]})))
    assert message == JobEnded("5f0c", "done", ui={"1": ["Mute"]})


def test_a_value_that_holds_itself_crosses_the_link() -> None:
    (message,) = Decoder().feed(encode(JobEnded("5f0c", "done", ui={"1": held_by_itself()})))
    assert message == JobEnded("5f0c", "done", ui={"1": [1, {"again": "list"}]})
