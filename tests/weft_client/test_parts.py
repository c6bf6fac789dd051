"""The parts of the client that need no server."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_client import ClientError
from weft_client.errors import refusal
from weft_client.events import ServerEvent, read_events
from weft_client.workflows import read_workflow, with_inputs

NODES: dict[str, Any] = {
    "1": {"class_type": "Text", "inputs": {"text": "a"}, "_meta": {"title": "Positive"}},
    "2": {"class_type": "Text", "inputs": {"text": "b"}},
    "3": {"class_type": "Sampler", "inputs": {"seed": 1, "model": ["1", 0]}},
}


def write_event(event: ServerEvent) -> bytes:
    lines = [f"event: {event.kind}"] if event.kind != "message" else []
    lines += [f"id: {event.number}"] if event.number is not None else []
    lines += [f"data: {line}" for line in (event.data or "").split("\n")] if event.data is not None else []
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()


LINE = st.text(st.characters(exclude_categories=["C", "Z"]))
EVENTS = st.builds(
    ServerEvent,
    st.sampled_from(["message", "gap"]),
    st.lists(LINE, min_size=1).map("\n".join),
    st.none() | st.integers(min_value=0),
)


@given(st.lists(EVENTS))
def test_events_come_back_as_they_were_written(events: list[ServerEvent]) -> None:
    stream = io.BytesIO(b": hello\nretry: 1000\n" + b"".join(map(write_event, events)))
    assert list(read_events(stream)) == events


@given(st.binary())
def test_no_stream_breaks_the_reader(data: bytes) -> None:
    list(read_events(io.BytesIO(data)))


def test_an_event_that_was_cut_off_is_left_out() -> None:
    assert list(read_events(io.BytesIO(b"id: 1\n\nid: 2\ndata: half"))) == [ServerEvent("message", None, 1)]


@pytest.mark.parametrize(("name", "node_id"), [("2.text", "2"), ("Positive.text", "1"), ("Sampler.seed", "3")])
def test_inputs_are_found_by_id_title_and_type(name: str, node_id: str) -> None:
    changed = with_inputs(NODES, {name: "new"})
    assert changed[node_id]["inputs"][name.partition(".")[2]] == "new"
    assert {key: value for key, value in changed.items() if key != node_id} == {
        key: value for key, value in NODES.items() if key != node_id
    }
    assert NODES[node_id]["inputs"][name.partition(".")[2]] != "new"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Text.text", "may be any of the nodes 1, 2"),
        ("Nobody.text", r'no node "Nobody"; there is: 1 \(Text\)'),
        ("text", "write NODE.INPUT"),
    ],
)
def test_names_that_mean_no_single_input_are_refused(name: str, sentence: str) -> None:
    with pytest.raises(ClientError, match=sentence):
        with_inputs(NODES, {name: "new"})


def test_inputs_of_an_editors_document_are_not_changed() -> None:
    with pytest.raises(ClientError, match="API format"):
        with_inputs({"nodes": []}, {"1.text": "new"})


def test_a_workflow_is_read_from_its_file_or_refused_with_its_name(tmp_path: Path) -> None:
    good, broken, other = (tmp_path / name for name in ("good.json", "broken.json", "other.json"))
    good.write_text(json.dumps(NODES))
    broken.write_text("{")
    other.write_text("[]")
    assert read_workflow(good) == read_workflow(str(good)) == NODES
    for path, sentence in ((broken, "no JSON"), (other, "no workflow"), (tmp_path / "gone.json", "cannot be read")):
        with pytest.raises(ClientError, match=f"{path.name} .*{sentence}"):
            read_workflow(path)


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part))
)
def test_any_answer_becomes_an_error_with_a_text(document: Any) -> None:
    for body in (document, {"error": document}, {"error": "No.", "node_errors": document}):
        error = refusal(400, "Bad Request", json.dumps(body).encode())
        assert str(error)
