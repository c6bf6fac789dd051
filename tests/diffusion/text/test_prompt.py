r"""Prompt weights are read as ComfyUI reads them, odd prompts included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.text.prompt import parse_weights


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        ("a cat", [("a cat", 1.0)]),
        ("a (red:1.3) cat", [("a ", 1.0), ("red", 1.3), (" cat", 1.0)]),
        ("(red) cat", [("red", 1.1), (" cat", 1.0)]),
        ("((red))", [("red", 1.1 * 1.1)]),
        ("(a (red:1.3) cat:0.5)", [("a ", 0.5), ("red", 1.3), (" cat", 0.5)]),
        ("(a (red) cat:0.5)", [("a ", 0.5), ("red", 0.5 * 1.1), (" cat", 0.5)]),
        ("(12:30:1.5)", [("12:30", 1.5)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("(:1.2)", [(":1.2", 1.1)]),
        ("(cat: 1.2 )", [("cat", 1.2)]),
        ("(cat:-1)", [("cat", -1.0)]),
        ("()", []),
        (r"\(a\) cat", [("(a) cat", 1.0)]),
        (r"(cat \(1\):1.2)", [("cat (1)", 1.2)]),
    ],
)
def test_weights(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert [tuple(segment) for segment in parse_weights(prompt)] == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("(a", [("(a", 1.0)]),
        ("a)", [("a)", 1.0)]),
        ("a) (b)", [("a) (b)", 1.0)]),
        ("((a)", [("(a", 1.1)]),
        ("a (b", [("a ", 1.0), ("(b", 1.0)]),
    ],
)
def test_unbalanced_parentheses_are_text(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert [tuple(segment) for segment in parse_weights(prompt)] == expected


@given(st.text(alphabet="ab ():.123\\"))
def test_no_prompt_is_an_error(prompt: str) -> None:
    assert all(segment.text for segment in parse_weights(prompt))


@given(st.text(alphabet="ab :.123"))
def test_text_without_parentheses_is_one_segment(prompt: str) -> None:
    assert [segment.text for segment in parse_weights(prompt)] == ([prompt] if prompt else [])


def test_deep_nesting_is_read() -> None:
    segments = parse_weights("(" * 2000 + "a" + ")" * 2000)
    assert [segment.text for segment in segments] == ["a"]
