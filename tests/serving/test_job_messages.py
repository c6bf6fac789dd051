"""What clients are told of a job: order, shapes, who hears it, and what history keeps.

The shapes and the orders were written down while ComfyUI 0.33.0 ran prompts of the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import NoneType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.events import (
    Event,
    NodeBlocked,
    NodeCached,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Origin,
    Progress,
    RunFinished,
    RunStarted,
)
from graph.protocol import JobEnded, PreviewImage
from serving.binary_frames import described_preview, node_text, plain_preview
from serving.job_messages import JobMessages
from serving.jobs import Job, JobState, Outcome

JOB = "5f0c"
IMAGES = {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}
AT = {"prompt_id": str, "node_id": str, "node_type": str, "executed": list}
ERROR = AT | {"exception_message": str, "exception_type": str, "traceback": list, "current_outputs": list}
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "execution_start": {"prompt_id": str, "timestamp": int},
    "execution_cached": {"nodes": list, "prompt_id": str, "timestamp": int},
    "executing": {"node": str, "display_node": str, "prompt_id": str},
    "progress": {"value": int, "max": int, "prompt_id": str, "node": str},
    "progress_state": {"prompt_id": str, "nodes": dict},
    "executed": {"node": str, "display_node": str, "output": dict, "prompt_id": str},
    "execution_success": {"prompt_id": str, "timestamp": int},
    "execution_error": ERROR | {"current_inputs": dict, "timestamp": int},
    "execution_interrupted": AT | {"timestamp": int},
}
BLOCKED = ERROR | {"current_inputs": list}
THE_END = {"node": NoneType, "prompt_id": str}
NODE_STATE = {
    "value": int,
    "max": int,
    "state": str,
    "node_id": str,
    "prompt_id": str,
    "display_node_id": str,
    "parent_node_id": str | None,
    "real_node_id": str,
}
NO_FLAGS: Mapping[str, Mapping[str, Any]] = {"me": {}}
TYPES = {"1": "LoadCheckpoint", "7": "KSampler", "9": "SaveImage"}


@dataclass
class FakeHub:
    """Keeps what is sent: (event, data, client_id); binary messages as (data, client_id, replaces)."""

    flags: Mapping[str, Mapping[str, Any]]
    sent: list[tuple[str, Any, str | None]] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    binary: list[tuple[bytes, str | None, str | None]] = field(default_factory=list)

    def send(self, event: str, data: Any, client_id: str | None = None) -> None:
        self.sent.append((event, data, client_id))

    def record(self, event: str, data: Any) -> None:
        self.recorded.append(event)

    def send_binary(self, data: bytes, client_id: str | None = None, *, replaces: str | None = None) -> None:
        self.binary.append((data, client_id, replaces))

    def audience(self, client_id: str | None) -> tuple[str, ...]:
        return tuple(self.flags) if client_id is None else (client_id,)

    def features_of(self, client_id: str) -> Mapping[str, Any]:
        return self.flags[client_id]


class FakeTimer:
    """What FakeClock.later returns."""

    def __init__(self, due: dict[FakeTimer, Any]) -> None:
        self._due = due

    def cancel(self) -> None:
        self._due.pop(self, None)


@dataclass
class FakeClock:
    """Time that goes on when it is told to; calls what is due then."""

    ms: int = 1000
    due: dict[FakeTimer, tuple[float, Callable[[], None]]] = field(default_factory=dict)

    def later(self, delay_s: float, call: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(self.due)
        self.due[timer] = (self.ms + delay_s * 1000, call)
        return timer

    def advance(self, ms: int) -> None:
        self.ms += ms
        for timer, (when, call) in list(self.due.items()):
            if when <= self.ms:
                del self.due[timer]
                call()


class Stage:
    """A job that runs, and all that is needed to see what is told of it."""

    def __init__(self, client_id: str | None = "me", flags: Mapping[str, Mapping[str, Any]] = NO_FLAGS) -> None:
        self.hub = FakeHub(flags)
        self.clock = FakeClock()
        job = Job(JOB, 1, 1.0, 0, ("9",), client_id=client_id)
        self.messages = JobMessages(
            self.hub, job, lambda: self.clock.ms, self.clock.later, lambda node_id: TYPES.get(node_id, "")
        )
        self.messages.start()

    def tell(self, *events: Event) -> Stage:
        for event in events:
            self.messages.tell(event)
        return self

    def end(self, status: str = "done", error: Mapping[str, Any] | None = None) -> Outcome:
        return self.messages.end(JobEnded(JOB, status, error=error))

    @property
    def events(self) -> list[str]:
        """What was sent, in order, without progress_state, whose times are tested apart."""
        return [event for event, _, _ in self.hub.sent if event != "progress_state"]

    def of(self, event: str) -> list[Any]:
        return [data for name, data, _ in self.hub.sent if name == event]

    @property
    def last_state(self) -> Mapping[str, Any]:
        nodes: Mapping[str, Any] = self.of("progress_state")[-1]["nodes"]
        return {node_id: (entry["state"], entry["value"], entry["max"]) for node_id, entry in nodes.items()}


def check_shapes(stage: Stage) -> None:
    """Compare each message with ComfyUI's: the same fields (and perhaps more), of the same types."""
    for event, data, _ in stage.hub.sent:
        expected = SHAPES[event]
        if event == "executing" and data["node"] is None:
            expected = THE_END
        if event == "execution_error" and data["exception_type"] == "ExecutionBlocked":
            expected = BLOCKED
        check_fields(data, expected)
        for entry in data["nodes"].values() if event == "progress_state" else ():
            check_fields(entry, NODE_STATE)


def check_fields(data: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Compare a message's fields with their types."""
    assert expected.keys() <= data.keys()
    assert {name: data[name] for name in expected if not isinstance(data[name], expected[name])} == {}


def test_a_run_is_told_in_comfyuis_order() -> None:
    stage = Stage()
    stage.tell(RunStarted(("7", "9"), ("1",)), NodeCached("1"), NodeStarted("7"), Progress("7", 1, 2))
    stage.tell(NodeFinished("7", 0.1), NodeStarted("9"), NodeFinished("9", 0.1, IMAGES))
    stage.end()
    start = ["execution_start", "execution_cached", "executing", "progress", "executing", "executed"]
    assert stage.events == [*start, "execution_success", "executing"]
    assert {client_id for _, _, client_id in stage.hub.sent} == {"me"}
    assert stage.of("execution_cached") == [{"prompt_id": JOB, "nodes": ["1"], "timestamp": 1000}]
    assert stage.of("executing")[0] == {"node": "7", "display_node": "7", "prompt_id": JOB}
    assert stage.of("executing")[-1] == {"node": None, "prompt_id": JOB}
    assert stage.of("progress") == [{"value": 1, "max": 2, "prompt_id": JOB, "node": "7"}]
    assert stage.of("executed") == [{"node": "9", "display_node": "9", "output": IMAGES, "prompt_id": JOB}]
    check_shapes(stage)


def test_history_keeps_outputs_their_places_and_what_was_told_of_the_whole_run() -> None:
    stage = Stage().tell(RunStarted(("9",), ()), NodeStarted("9"), NodeFinished("9", 0.1, IMAGES))
    stage.clock.advance(500)
    outcome = stage.end()
    assert outcome.state is JobState.DONE
    assert outcome.outputs == {"9": IMAGES}
    assert outcome.meta == {"9": {"node_id": "9", "display_node": "9", "parent_node": None, "real_node_id": "9"}}
    assert [event for event, _ in outcome.messages] == ["execution_start", "execution_cached", "execution_success"]
    assert outcome.messages[-1][1] == {"prompt_id": JOB, "timestamp": 1500}
    assert (outcome.started_ms, outcome.ended_ms, outcome.error) == (1000, 1500, None)


def test_history_is_written_before_the_message_upon_which_clients_read_it() -> None:
    stage = Stage()
    stage.messages.end(JobEnded(JOB, "done"), store=lambda outcome: stage.hub.send("stored", outcome.state))
    assert [event for event, _, _ in stage.hub.sent] == ["execution_start", "execution_success", "stored", "executing"]


def test_of_what_was_cached_only_what_was_asked_for_is_shown() -> None:
    stage = Stage().tell(RunStarted((), ("1", "7", "9")), NodeCached("1"), NodeCached("7"), NodeCached("9"))
    stage.tell(NodeFinished("9", 0.0, IMAGES))
    outcome = stage.end()
    assert stage.events == ["execution_start", "execution_cached", "executed", "execution_success", "executing"]
    assert stage.last_state == {"9": ("finished", 1, 1)}
    assert outcome.outputs == {"9": IMAGES}
    check_shapes(stage)


def test_a_node_whose_result_is_found_on_the_way_is_done() -> None:
    stage = Stage().tell(RunStarted(("7", "9"), ()), NodeCached("7"))
    stage.end()
    assert stage.last_state == {"7": ("finished", 1, 1)}


def test_a_failure_is_told_with_all_that_comfyui_tells() -> None:
    stage = Stage().tell(RunStarted(("1", "7"), ()), NodeStarted("1"), NodeFinished("1", 0.1), NodeStarted("7"))
    stage.tell(NodeFailed("7", "KSampler #7 failed."), RunFinished("failed", 1.0))
    told = {"exception_message": "no", "exception_type": "ValueError", "node_id": "7", "node_type": "KSampler"}
    outcome = stage.end("failed", told)
    assert stage.events[-3:] == ["executing", "execution_error", "executing"]
    assert stage.last_state == {"1": ("finished", 1, 1), "7": ("error", 0, 1)}
    assert outcome.state is JobState.FAILED
    assert outcome.error == stage.of("execution_error")[0] == outcome.messages[-1][1]
    assert outcome.error == {
        **told,
        "prompt_id": JOB,
        "executed": ["1"],
        "traceback": [],
        "current_inputs": {},
        "current_outputs": ["1"],
        "timestamp": 1000,
    }
    check_shapes(stage)


def test_what_was_shown_before_a_failure_stays_in_history() -> None:
    stage = Stage().tell(NodeStarted("9"), NodeFinished("9", 0.1, IMAGES), NodeStarted("7"), NodeFailed("7", "no"))
    assert stage.end("failed").outputs == {"9": IMAGES}


def test_an_interrupt_names_the_node_that_ran() -> None:
    stage = Stage().tell(RunStarted(("7",), ()), NodeStarted("7"))
    outcome = stage.end("cancelled", {"node_id": None})
    assert stage.of("execution_interrupted") == [
        {"prompt_id": JOB, "node_id": "7", "node_type": "KSampler", "executed": [], "timestamp": 1000}
    ]
    assert (outcome.state, outcome.error) == (JobState.CANCELLED, None)
    assert stage.events[-1] == "executing"
    check_shapes(stage)


def test_the_death_of_the_worker_is_told_as_an_error_of_the_node_that_ran() -> None:
    stage = Stage().tell(NodeStarted("7"))
    outcome = stage.messages.fail("WorkerDied", "The worker was killed by signal 9.")
    error = stage.of("execution_error")[0]
    assert (error["node_id"], error["node_type"], error["exception_type"]) == ("7", "KSampler", "WorkerDied")
    assert error["exception_message"] == "The worker was killed by signal 9."
    assert outcome.error == error
    check_shapes(stage)


def test_a_job_that_fails_before_its_first_node_blames_none() -> None:
    stage = Stage()
    stage.messages.fail("WorkerDied", "The worker could not start.")
    assert stage.of("execution_error")[0]["node_id"] == ""
    check_shapes(stage)


def test_nodes_of_an_expansion_are_shown_at_the_node_of_the_workflow() -> None:
    stage = Stage().tell(NodeStarted("7"), NodeStarted("7.0.0.1", Origin("7", "7")))
    stage.tell(NodeStarted("7.0.0.1.0.0.1", Origin("7.0.0.1", "7")))
    inner = stage.of("executing")[-1]
    assert (inner["node"], inner["display_node"]) == ("7.0.0.1.0.0.1", "7")
    outcome = stage.end("failed", {"node_id": "7.0.0.1.0.0.1", "node_type": "Inner"})
    assert outcome.error is not None
    assert (outcome.error["node_id"], outcome.error["node_type"]) == ("7", "KSampler")
    entry = stage.of("progress_state")[-1]["nodes"]["7.0.0.1.0.0.1"]
    assert (entry["display_node_id"], entry["parent_node_id"], entry["real_node_id"]) == ("7", "7.0.0.1", "7")
    check_shapes(stage)


def test_history_has_what_an_expansion_shows_once() -> None:
    origin = Origin("7", "7")
    stage = Stage().tell(NodeStarted("7"), NodeStarted("7.0.0.1", origin), NodeFinished("7.0.0.1", 0.1, IMAGES, origin))
    assert stage.of("executed")[0]["display_node"] == "7"
    stage.tell(NodeFinished("7", 0.1, IMAGES))
    assert stage.end().outputs == {"7": IMAGES}


def test_what_a_broken_expansion_showed_is_in_history_with_its_place() -> None:
    origin = Origin("7", "7")
    stage = Stage().tell(NodeStarted("7"), NodeStarted("7.0.0.1", origin), NodeFinished("7.0.0.1", 0.1, IMAGES, origin))
    outcome = stage.tell(NodeFailed("7", "no")).end("failed")
    meta = {"node_id": "7.0.0.1", "display_node": "7", "parent_node": "7", "real_node_id": "7"}
    assert outcome.meta == {"7.0.0.1": meta}


def test_a_blocked_node_with_a_message_is_an_error_that_ends_nothing() -> None:
    stage = Stage().tell(NodeBlocked("9", "The batch is empty."), NodeStarted("7"), NodeFinished("7", 0.1))
    outcome = stage.end()
    (error,) = stage.of("execution_error")
    assert error["exception_message"] == "Execution Blocked: The batch is empty."
    assert stage.events[1:4] == ["executing", "execution_error", "executing"]
    assert stage.last_state == {"9": ("finished", 1, 1), "7": ("finished", 1, 1)}
    assert [event for event, _ in outcome.messages] == ["execution_start", "execution_success"]
    check_shapes(stage)


def test_a_node_that_makes_some_of_its_calls_finishes_later() -> None:
    stage = Stage().tell(NodeStarted("9"), NodeBlocked("9", "", calls=1, total=2))
    assert stage.messages.current is not None
    stage.tell(NodeFinished("9", 0.1))
    assert stage.messages.current is None
    assert "execution_error" not in stage.events


def test_of_a_job_without_a_client_all_hear_progress_and_the_log_gets_the_rest() -> None:
    stage = Stage(client_id=None).tell(RunStarted(("9",), ()), NodeStarted("9"), Progress("9", 1, 2))
    stage.tell(NodeFinished("9", 0.1, IMAGES))
    stage.end("cancelled")
    assert stage.events == ["progress", "execution_interrupted"]
    assert {client_id for _, _, client_id in stage.hub.sent} == {None}
    start = ["execution_start", "execution_cached", "executing", "executed"]
    assert stage.hub.recorded == [*start, "executing"]


def test_a_client_that_comes_back_is_told_the_node_that_runs() -> None:
    stage = Stage().tell(NodeStarted("7"), NodeStarted("7.0.0.1", Origin("7", "7")))
    assert stage.messages.current == {"node": "7.0.0.1", "display_node": "7", "prompt_id": JOB}
    stage.tell(NodeFinished("7.0.0.1", 0.1, {}, Origin("7", "7")), NodeFinished("7", 0.2))
    assert stage.messages.current is None


def test_each_client_gets_previews_in_the_form_that_it_knows() -> None:
    stage = Stage(
        None, {"old": {}, "new": {"supports_preview_metadata": True}, "odd": {"supports_preview_metadata": 1}}
    )
    stage.tell(NodeStarted("7"))
    stage.messages.preview(PreviewImage(JOB, "7", payload=b"picture"))
    about = {"node_id": "7", "prompt_id": JOB, "display_node_id": "7", "parent_node_id": None, "real_node_id": "7"}
    plain = plain_preview("jpeg", b"picture")
    assert stage.hub.binary == [
        (plain, "old", "preview 7"),
        (described_preview("jpeg", b"picture", about), "new", "preview 7"),
        (plain, "odd", "preview 7"),
    ]


def test_a_preview_that_comes_after_its_node_is_not_shown() -> None:
    stage = Stage().tell(NodeStarted("7"), NodeFinished("7", 0.1), NodeStarted("9"))
    stage.messages.preview(PreviewImage(JOB, "7", payload=b"late"))
    assert stage.hub.binary == []


def test_a_text_of_progress_is_sent_when_it_changes() -> None:
    stage = Stage().tell(Progress("7", 1, 3, "loads"), Progress("7", 2, 3, "loads"), Progress("7", 3, 3, "ends"))
    assert [data for data, _, _ in stage.hub.binary] == [node_text("7", "loads"), node_text("7", "ends")]


def test_the_first_state_is_told_at_once_and_the_next_after_a_while() -> None:
    stage = Stage().tell(NodeStarted("7"))
    assert len(stage.of("progress_state")) == 1
    stage.tell(Progress("7", 1, 3), Progress("7", 2, 3))
    assert len(stage.of("progress_state")) == 1
    stage.clock.advance(100)
    assert stage.last_state == {"7": ("running", 2, 3)}
    stage.clock.advance(100)
    assert len(stage.of("progress_state")) == 2
    stage.tell(Progress("7", 3, 3))
    assert stage.last_state == {"7": ("running", 3, 3)}


@pytest.mark.parametrize("ms_of_a_node", [0, 1, 8, 30])
def test_a_thousand_trivial_nodes_cost_at_most_two_megabytes(ms_of_a_node: int) -> None:
    stage = Stage()
    names = [str(number) for number in range(1001)]
    stage.tell(RunStarted(tuple(names), ()))
    for name in names:
        stage.tell(NodeStarted(name), NodeFinished(name, 0.001))
        stage.clock.advance(ms_of_a_node)
    stage.end()
    seconds = 1001 * ms_of_a_node / 1000
    limit = 2_000_000 if seconds < 9 else 2_000_000 + 250_000 * (seconds - 9)  # then a slow graph, and no trivial one
    long_id = "0" * 36
    sent = [msgspec.json.encode({"type": event, "data": data}) for event, data, _ in stage.hub.sent]
    assert sum(len(text.replace(JOB.encode(), long_id.encode())) for text in sent) < limit
    assert len(stage.last_state) == 1001


NAMES = st.sampled_from(["1", "7", "9", "12"])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(NodeStarted, NAMES),
    st.builds(Progress, NAMES, st.integers(0, 9), st.just(9)),
    st.builds(NodeFinished, NAMES, st.just(0.1), st.sampled_from([{}, IMAGES])),
    st.builds(NodeFailed, NAMES, st.just("no")),
    st.builds(NodeBlocked, NAMES),
)
STEPS = st.lists(st.tuples(EVENTS, st.integers(0, 150)), max_size=40)


@given(STEPS)
def test_the_last_state_is_what_was_true_at_the_end_and_time_changes_no_order(steps: list[tuple[Event, int]]) -> None:
    slow, at_once = Stage(), Stage()
    for event, ms in steps:
        slow.tell(event).clock.advance(ms)
        at_once.tell(event).clock.advance(10_000)
    slow.end()
    at_once.end()
    assert slow.events == at_once.events
    if steps and at_once.of("progress_state"):
        assert slow.last_state == at_once.last_state
    check_shapes(slow)


@given(STEPS)
def test_states_keep_their_distance_but_for_the_last(steps: list[tuple[Event, int]]) -> None:
    stage = Stage()
    times: list[int] = []
    for event, ms in steps:
        for part in range(ms + 1):
            before = len(stage.of("progress_state"))
            stage.clock.advance(1) if part else stage.tell(event)
            times += [stage.clock.ms] * (len(stage.of("progress_state")) - before)
    assert all(later - sooner >= 100 for sooner, later in pairwise(times))
