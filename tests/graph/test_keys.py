import json
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.binding import bind
from graph.encoding import EncodingError, encode
from graph.keys import node_key
from graph.plan import make_survey
from graph.registry import Registry
from graph.spec import node
from graph.widgets import File, FileText
from graph.workflow import CacheMark, Link, Node, Workflow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@node(category="test")
def Number(value: int = 1, name: str = "") -> int:
    return value


@node(category="test", aliases=("Plus",))
def Add(a: int, b: int = 0) -> int:
    return a + b


@node(category="test", pure=False)
def Now() -> int:
    return 0


@node(category="test")
def Read(file: Annotated[str, File("input")]) -> str:
    return file


@node(category="test", fingerprint=lambda value: value // 10)
def Outside(value: int) -> int:
    return value


@dataclass(frozen=True)
class Telling(FileText):
    def names_in(self, text: str) -> tuple[str, ...]:
        return tuple(word[1:] for word in text.split() if word.startswith("@"))


@node(category="test")
def Tell(text: Annotated[str, Telling(kind="tales")]) -> str:
    return text


@node(category="test")
def Word(text: str = "") -> str:
    return text


REGISTRY = Registry.of(Number, Add, Now, Read, Outside, Tell, Word)


def keys_of(*nodes: Node, outputs: tuple[str, ...] | None = None, **options: Any) -> dict[str, bytes | None]:
    return dict(make_survey(Workflow.of(*nodes), REGISTRY, outputs or (nodes[-1].id,), **options).keys)


def strict_form(value: Any) -> Any:
    """Return JSON text that keeps what json keeps: types and the contents of dicts in any order."""
    return json.dumps(value, sort_keys=True)


@given(JSON, JSON)
def test_encodings_are_equal_exactly_when_the_json_values_are(one: Any, other: Any) -> None:
    assert (encode(one) == encode(other)) == (strict_form(one) == strict_form(other))


def test_numbers_truth_values_and_texts_of_equal_look_differ() -> None:
    values = [1, 1.0, True, "1", [1], {"1": 1}, None, 0, 0.0, -0.0, False, "", [], {}]
    assert len({encode(value) for value in values}) == len(values)


def test_the_order_of_a_dict_does_not_matter() -> None:
    assert encode({"a": 1, "b": [2, {"c": 3, "d": 4}]}) == encode({"b": [2, {"d": 4, "c": 3}], "a": 1})


def test_every_nan_is_the_same() -> None:
    assert encode(float("nan")) == encode(-float("nan"))


def test_deep_literals_need_no_recursion() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert encode(deep).endswith(b"i1;")


def test_values_that_are_not_json_are_refused() -> None:
    for value in (object(), Link("1", 0), {"a": {1, 2}}):
        with pytest.raises(EncodingError):
            encode(value)


def test_ids_and_titles_are_not_part_of_a_key() -> None:
    first = keys_of(Node("1", "Number", {"value": 3}), Node("2", "Add", {"a": Link("1", 0)}))
    second = keys_of(Node("x", "Number", {"value": 3}, title="Mine"), Node("y", "Add", {"a": Link("x", 0)}))
    assert list(first.values()) == list(second.values())


def test_defaults_spellings_and_aliases_do_not_change_a_key() -> None:
    key = keys_of(Node("1", "Add", {"a": 2}))["1"]
    assert keys_of(Node("1", "Plus", {"b": 0, "a": "2"}))["1"] == key
    assert keys_of(Node("1", "Add", {"a": 2, "unknown": 5}))["1"] == key


def test_type_code_literal_and_upstream_each_change_a_key() -> None:
    number = Node("1", "Number", {"value": 3})
    keys = [
        keys_of(number, Node("2", "Add", {"a": Link("1", 0)}))["2"],
        keys_of(number, Node("2", "Add", {"b": Link("1", 0), "a": 0}))["2"],
        keys_of(number, Node("2", "Number", {"value": Link("1", 0)}))["2"],
        keys_of(Node("1", "Number", {"value": 4}), Node("2", "Add", {"a": Link("1", 0)}))["2"],
        keys_of(number, Node("2", "Add", {"a": Link("1", 0), "b": 1}))["2"],
        keys_of(Node("2", "Add", {"a": 3}))["2"],
    ]
    assert len(set(keys)) == len(keys)


def test_another_output_of_the_same_node_is_another_input() -> None:
    bound = [bind(Node("2", "Add", {"a": Link("1", output)}), Add.spec) for output in (0, 1)]
    assert node_key(bound[0], {"1": b"k"}) != node_key(bound[1], {"1": b"k"})


def test_nothing_behind_an_impure_node_has_a_key() -> None:
    keys = keys_of(Node("1", "Now"), Node("2", "Add", {"a": Link("1", 0)}), Node("3", "Add", {"a": Link("2", 0)}))
    assert keys == {"1": None, "2": None, "3": None}


def test_a_file_counts_by_its_content() -> None:
    reader = Node("1", "Read", {"file": "a.png"})
    contents = {"a.png": "first"}
    before = keys_of(reader, file_digest=lambda widget, name: contents.get(name))["1"]
    contents["a.png"] = "second"
    after = keys_of(reader, file_digest=lambda widget, name: contents.get(name))["1"]
    missing = keys_of(reader, file_digest=lambda widget, name: None)["1"]
    assert before is not None
    assert after is not None
    assert before != after
    assert missing is None


def test_a_fingerprint_joins_the_key_and_a_failing_one_takes_it_away() -> None:
    assert keys_of(Node("1", "Outside", {"value": 5}))["1"] != keys_of(Node("1", "Outside", {"value": 15}))["1"]
    linked = keys_of(Node("1", "Number"), Node("2", "Outside", {"value": Link("1", 0)}))
    assert linked["2"] is None  # the fingerprint wants a value that is not there yet


def test_files_that_a_text_names_count_and_no_others() -> None:
    contents = {"cat": "first"}

    def key(text: str) -> bytes | None:
        return keys_of(Node("1", "Tell", {"text": text}), file_digest=lambda widget, name: contents.get(name))["1"]

    with_cat, plain, missing = key("a @cat"), key("a dog"), key("a @dog")
    assert None not in (with_cat, plain, missing)
    contents.update(cat="second", dog="new")
    assert key("a @cat") != with_cat
    assert key("a dog") == plain
    assert key("a @dog") != missing


def test_behind_a_linked_text_any_file_of_the_kind_counts() -> None:
    nodes = Node("1", "Word"), Node("2", "Tell", {"text": Link("1", 0)})
    keys = [keys_of(*nodes, file_digest=lambda widget, name, seen=seen: [name, seen])["2"] for seen in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
    assert keys_of(*nodes, file_digest=lambda widget, name: [name])["1"] is not None


def test_a_node_that_is_never_cached_has_no_key() -> None:
    keys = keys_of(Node("1", "Number", mark=CacheMark.NEVER), Node("2", "Add", {"a": Link("1", 0)}))
    assert keys == {"1": None, "2": None}
