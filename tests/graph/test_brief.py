"""Values in few words."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from graph.brief import LONGEST, brief


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.5, 0.5),
        ("a cat", "a cat"),
        ("x" * 500, "x" * LONGEST + "…"),
        ([], "list of 0"),
        ([[1, 2], 3], "list of 2, first list of 2, first 1"),
        (("a",), "tuple of 1, first a"),
        (torch.zeros(1, 4, 8, 8), "Tensor (1, 4, 8, 8)"),
        (object(), "object"),
    ],
)
def test_a_value_is_told_in_few_words(value: Any, expected: Any) -> None:
    assert brief(value) == expected


def test_what_answers_every_question_with_an_error_is_named() -> None:
    class Stubborn:
        def __getattr__(self, name: str) -> None:
            raise ValueError(name)

    assert brief(Stubborn()) == "Stubborn"
