import pytest

from nodes import strings


def test_texts_are_joined_cut_and_counted() -> None:
    assert strings.StringConcatenate("a", "b", ", ") == "a, b"
    assert strings.StringSubstring("abcdef", 1, -1) == "bcde"
    assert strings.StringLength("häh") == 3


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("UPPERCASE", "A bIG ONE"), ("lowercase", "a big one"), ("Capitalize", "A big one"), ("Title Case", "A Big One")],
)
def test_case_is_changed(mode: str, expected: str) -> None:
    assert strings.CaseConverter("a bIG oNE", mode) == (expected.upper() if mode == "UPPERCASE" else expected)


def test_trim_replace_contain_compare() -> None:
    assert [strings.StringTrim(" x\n", mode) for mode in ("Both", "Left", "Right")] == ["x", "x\n", " x"]
    assert strings.StringReplace("a cat, a cat", "cat", "dog") == "a dog, a dog"
    assert strings.StringContains("A Cat", "cat", False)
    assert not strings.StringContains("A Cat", "cat")
    compared = [strings.StringCompare("Cats", "cat", mode, False) for mode in ("Starts With", "Ends With", "Equal")]
    assert compared == [True, False, False]
    assert not strings.StringCompare("Cats", "cat", "Starts With")


def test_regular_expressions_match_extract_and_replace() -> None:
    text = "Seed 12\nseed 345"
    assert strings.RegexMatch(text, "^seed 3", True, True)
    assert not strings.RegexMatch(text, "^seed 3", True, False)
    assert not strings.RegexMatch(text, "^seed", False)
    modes = ("First Match", "All Matches", "First Group", "All Groups")
    assert [strings.RegexExtract(text, r"seed (\d+)", mode) for mode in modes] == [
        "Seed 12",
        "Seed 12\nseed 345",
        "12",
        "12\n345",
    ]
    assert strings.RegexExtract(text, r"seed (\d+)", "First Group", group_index=2) == ""
    assert strings.RegexExtract(text, "x", "First Match") == ""
    assert strings.RegexReplace(text, r"seed (\d)", r"\1:") == "1:2\n3:45"
    assert strings.RegexReplace(text, "seed", "-", count=1) == "- 12\nseed 345"


@pytest.mark.parametrize("replacement", [r"\9", r"\g<x>"])
def test_what_is_wrong_with_a_regular_expression_is_told(replacement: str) -> None:
    with pytest.raises(ValueError, match="is not a regular expression"):
        strings.RegexMatch("x", "(")
    with pytest.raises(ValueError, match="cannot replace"):
        strings.RegexReplace("x", "x", replacement)


def test_a_regular_expression_cannot_hold_the_engine_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nodes.patterns.LIMIT_S", 0.05)
    with pytest.raises(ValueError, match="make it simpler"):
        strings.RegexMatch("a" * 60 + "!", "(a|aa)+$")
