"""What clients are told of a job: order, shapes, who hears it, and what history keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.events import (
    Event,
    NodeCached,
    NodeFinished,
    NodeStarted,
    Progress,
    RunStarted,
)
from graph.protocol import JobEnded
from serving.job_messages import JobMessages
from serving.jobs import Job, JobState

IMAGES = {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}


@dataclass
class FakeHub:
    """Keeps what is sent: (event, data, client_id); binary messages as (data, client_id, replaces)."""

    flags: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"me": {}})
    sent: list[tuple[str, Any, str | None]] = field(default_factory=list)
    recorded: list[tuple[str, Any]] = field(default_factory=list)
    binary: list[tuple[bytes, str | None, str | None]] = field(default_factory=list)

    def send(self, event: str, data: Any, client_id: str | None = None) -> None:
        self.sent.append((event, data, client_id))

    def record(self, event: str, data: Any) -> None:
        self.recorded.append((event, data))

    def send_binary(self, data: bytes, client_id: str | None = None, *, replaces: str | None = None) -> None:
        self.binary.append((data, client_id, replaces))

    def audience(self, client_id: str | None) -> tuple[str, ...]:
        return tuple(self.flags) if client_id is None else (client_id,)

    def features_of(self, client_id: str) -> Mapping[str, Any]:
        return self.flags[client_id]

    @property
    def events(self) -> list[str]:
        return [event for event, _, _ in self.sent]

    def of(self, event: str) -> list[Any]:
        return [data for name, data, _ in self.sent if name == event]


@dataclass
class FakeClock:
    """Time that goes on when it is told to; calls what is due then."""

    ms: int = 1000
    due: dict[FakeTimer, tuple[float, Callable[[], None]]] = field(default_factory=dict)

    def now_ms(self) -> int:
        return self.ms

    def later(self, delay_s: float, call: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(self)
        self.due[timer] = (self.ms + delay_s * 1000, call)
        return timer

    def advance(self, ms: int) -> None:
        self.ms += ms
        for timer, (when, call) in list(self.due.items()):
            if when <= self.ms:
                del self.due[timer]
                call()


class FakeTimer:
    """What FakeClock.later returns."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    def cancel(self) -> None:
        self.clock.due.pop(self, None)


class Stage:
    """A job that runs, and all that is needed to see what is told of it."""

    def __init__(self, client_id: str | None = "me", outputs: tuple[str, ...] = ("9",), **flags: Mapping[str, Any]):
        self.hub = FakeHub(flags or {"me": {}})
        self.clock = FakeClock()
        job = Job("5f0c", 1, 1.0, 0, outputs, client_id=client_id)
        types = {"1": "LoadCheckpoint", "7": "KSampler", "9": "SaveImage"}
        self.messages = JobMessages(
            self.hub, job, self.clock.now_ms, self.clock.later, lambda node_id: types.get(node_id, "")
        )
        self.messages.start()

    def tell(self, *events: Event) -> None:
        for event in events:
            self.messages.tell(event)


def test_a_run_is_told_in_comfyuis_order() -> None:
    stage = Stage()
    stage.tell(RunStarted(("7", "9"), ("1",)), NodeCached("1"), NodeStarted("7"), Progress("7", 1, 2))
    stage.clock.advance(100)
    stage.tell(NodeFinished("7", 0.1), NodeStarted("9"), NodeFinished("9", 0.1, IMAGES))
    outcome = stage.messages.end(JobEnded("5f0c", "done", {"9": IMAGES}))
    told = [event for event in stage.hub.events if event != "progress_state"]
    start = ["execution_start", "execution_cached", "executing", "progress", "executing", "executed"]
    assert told == [*start, "execution_success", "executing"]
    assert {client_id for _, _, client_id in stage.hub.sent} == {"me"}
    assert stage.hub.of("execution_cached") == [{"nodes": ["1"], "prompt_id": "5f0c", "timestamp": 1000}]
    assert stage.hub.of("executing")[0] == {"node": "7", "display_node": "7", "prompt_id": "5f0c"}
    assert stage.hub.of("executing")[-1] == {"node": None, "prompt_id": "5f0c"}
    assert stage.hub.of("progress") == [{"value": 1, "max": 2, "prompt_id": "5f0c", "node": "7"}]
    assert stage.hub.of("executed") == [
        {"node": "9", "display_node": "9", "output": IMAGES, "prompt_id": "5f0c"},
    ]
    assert outcome.state is JobState.DONE
    assert outcome.outputs == {"9": IMAGES}
    assert outcome.meta == {"9": {"node_id": "9", "display_node": "9", "parent_node": None, "real_node_id": "9"}}
    assert [event for event, _ in outcome.messages] == ["execution_start", "execution_cached", "execution_success"]
    assert (outcome.started_ms, outcome.ended_ms, outcome.error) == (1000, 1100, None)
