"""A widget converts, checks and describes; what it converts and passes is what a node may receive."""

from __future__ import annotations

import json
import math
from dataclasses import is_dataclass, replace
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import choices, widgets
from graph.annotations import read_annotation
from graph.choices import HOST_ROOTS
from graph.widgets import Choice, Color, File, Range, Seed, Text, Toggle, Widget

EXAMPLES: list[Widget] = [
    Range(1, 10_000),
    Range(0.0, 100.0, step=0.1, round=0.01),
    Range(),
    Seed(),
    Text(multiline=True, dynamic_prompts=True),
    Toggle("on", "off"),
    Choice(("euler", "heun")),
    Choice((1, 2, "3")),
    File("checkpoints"),
    Color(),
]
KNOWN: list[type[Any]] = [
    found
    for module in (choices, widgets)
    for found in vars(module).values()
    if is_dataclass(found)
    and isinstance(found, type)
    and hasattr(found, "convert")
    and found.__module__ == module.__name__
]
NEW: list[Widget] = [widget() for widget in KNOWN if not any(isinstance(example, widget) for example in EXAMPLES)]
WIDGETS = [*EXAMPLES, *NEW]  # a widget that cannot be made without arguments needs an example
KINDS = ("value_smaller_than_min", "value_bigger_than_max", "value_not_in_list", "invalid_input_type")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def checkpoints(kind: str) -> list[str]:
    return {"checkpoints": ["sd15/base.safetensors", "weft-demo.safetensors"]}.get(kind, [])


@pytest.mark.parametrize("widget", WIDGETS, ids=repr)
@given(value=anything)
def test_every_value_is_converted_once_and_for_all_or_refused(widget: Widget, value: Any) -> None:
    try:
        converted = widget.convert(value)
    except ValueError:
        return
    again = widget.convert(converted)
    assert again is converted or again == converted  # NaN is not equal to itself
    fault = widget.check(converted, checkpoints)
    assert fault is None or (fault and fault.kind in KINDS)


@pytest.mark.parametrize("widget", WIDGETS, ids=repr)
def test_a_widget_is_a_frozen_value_of_which_a_node_can_be_made(widget: Widget) -> None:
    assert isinstance(widget, Widget)
    assert hash(widget) == hash(replace(widget))  # type: ignore[type-var]
    base = {"INT": int, "FLOAT": float}.get(widget.type.name, str)
    socket = read_annotation(Annotated[base, widget])
    assert socket.type == widget.type
    assert type(socket.widget) is type(widget)


@pytest.mark.parametrize("widget", WIDGETS, ids=repr)
def test_descriptions_are_json(widget: Widget) -> None:
    assert json.loads(json.dumps(widget.describe())) == widget.describe()


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-30, 30))
def test_a_range_includes_its_ends_and_nothing_beyond(low: int, high: int, value: int) -> None:
    assert (Range(low, high).check(value) is None) == (low <= value <= high)


@pytest.mark.parametrize(("value", "expected"), [("20", 20), (20.0, 20), (" 7 ", 7), (str(2**64 - 1), 2**64 - 1)])
def test_whole_numbers_come_from_text_and_from_whole_floats(value: Any, expected: int) -> None:
    converted = Range(number=int).convert(value)
    assert converted == expected
    assert type(converted) is int


@pytest.mark.parametrize("value", [True, 1.5, "x", "", math.nan, math.inf, None, [1], "1e999"])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        Range(number=int).convert(value)


@pytest.mark.parametrize("value", [False, math.nan, -math.inf, "nan", "8,0", None, {}, 10**400])
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        Range(number=float).convert(value)


def test_a_float_range_gives_floats() -> None:
    assert type(Range(0.0, 1.0).convert(1)) is float
    assert type(Range(0, 100, number=float).convert("8")) is float


@pytest.mark.parametrize(
    ("widget", "value", "sentence"),
    [
        (Range(1, 10_000), 0, "0 is not in 1..10000"),
        (Range(1, None), 0, "0 is less than 1"),
        (Range(None, 1.0), 1.5, "1.5 is more than 1.0"),
        (Seed(), -1, "-1 is not in 0..18446744073709551615"),
        (Choice(("euler", "heun")), "eulr", '"eulr" is not in the list; did you mean "euler"?'),
        (Choice(("x", "y")), "depth", '"depth" is not in the list (x, y)'),
        (Choice(tuple("abcdefghij")), "none", '"none" is not in the list (a, b, c, d, e, f, g, h and 2 more)'),
        (Color(), "red", '"red" is not a colour; write it as #rrggbb'),
    ],
)
def test_faults_are_short_sentences(widget: Widget, value: Any, sentence: str) -> None:
    assert widget.check(value) == sentence


def test_a_missing_file_names_its_folder_and_the_nearest_name() -> None:
    fault = File("checkpoints").check("weft-dmo.safetensors", checkpoints)
    assert fault == ('"weft-dmo.safetensors" is not in the folder "checkpoints"; did you mean "weft-demo.safetensors"?')
    assert File("vae").check("a.pt", checkpoints) == '"a.pt" is not there: the folder "vae" has no files'


def test_a_file_is_accepted_without_a_host_and_written_with_slashes() -> None:
    assert File("checkpoints").check("unknown.safetensors") is None
    assert File("checkpoints").convert("sd15\\base.safetensors") == "sd15/base.safetensors"
    assert File("checkpoints").check("sd15/base.safetensors", checkpoints) is None


@pytest.mark.parametrize("root", HOST_ROOTS)
def test_an_uploaded_file_may_lie_below_another_root(root: str) -> None:
    assert File("input", upload=True).check(f"a.png [{root}]", checkpoints) is None


def test_a_choice_keeps_the_types_of_its_options() -> None:
    assert Choice((1, 2)).convert("2") == 2
    assert Choice((1, 2)).check(True) is not None
    assert Choice(["a", "b"]) == Choice(("a", "b"))


@pytest.mark.parametrize(("value", "expected"), [(True, True), (0, False), ("TRUE", True), (1.0, True)])
def test_a_toggle_reads_words_and_bits(value: Any, expected: bool) -> None:
    assert Toggle().convert(value) is expected


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(ValueError, match=r"half a character \(place 2\)"):
        Text().convert("a \ud83d")
    assert Text().convert("a 🦊") == "a 🦊"


def test_a_text_writes_numbers_out_and_refuses_lists() -> None:
    assert Text().convert(3) == "3"
    with pytest.raises(ValueError, match="is not a text"):
        Text().convert(["a"])
