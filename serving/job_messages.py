"""JobMessages: what clients are told of one job, in ComfyUI's messages, and what becomes of the job.

messages = JobMessages(hub, job, now_ms)
messages.start()
messages.tell(NodeStarted("7"))     # executing, progress_state
outcome = messages.end(job_ended)   # execution_success, executing null; what /history keeps

Who is told, as in ComfyUI: the job's client. Of a job without one, all are told its progress, its previews and that
it was interrupted; the rest is only logged, for those who follow the event stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from graph.events import Event, NodeBlocked, NodeCached, NodeFailed, NodeFinished, NodeStarted, Progress, RunStarted
from graph.protocol import JobEnded, PreviewImage
from serving.binary_frames import described_preview, node_text, plain_preview
from serving.jobs import Job, JobState, Outcome
from serving.progress_state import Later, ProgressState, Throttle, Timer, interval_ms

ENDINGS: Mapping[str, tuple[JobState, str]] = {
    "done": (JobState.DONE, "execution_success"),
    "failed": (JobState.FAILED, "execution_error"),
    "cancelled": (JobState.CANCELLED, "execution_interrupted"),
}
NO_ERROR: Mapping[str, Any] = {
    "exception_message": "",
    "exception_type": "",
    "traceback": [],
    "current_inputs": {},
    "current_outputs": [],
}


def call_later(delay_s: float, call: Callable[[], None]) -> Timer:
    """Call a function after some seconds, in the loop that runs."""
    return asyncio.get_running_loop().call_later(delay_s, call)


class Messenger(Protocol):
    """What is needed of a serving.hub.Hub."""

    def send(self, event: str, data: Any, client_id: str | None = None) -> None:
        """Send a message to one client or to all."""
        ...

    def record(self, event: str, data: Any) -> None:
        """Log a message that goes to nobody."""
        ...

    def send_binary(self, data: bytes, client_id: str | None = None, *, replaces: str | None = None) -> None:
        """Send a binary message, which may be dropped for a newer one with the same `replaces`."""
        ...

    def audience(self, client_id: str | None) -> tuple[str, ...]:
        """Return who would get a message."""
        ...

    def features_of(self, client_id: str) -> Mapping[str, Any]:
        """Return a client's feature flags."""
        ...


class JobMessages:
    """The messages of one run of a job. `type_of`: the type of a node of its workflow."""

    def __init__(
        self,
        hub: Messenger,
        job: Job,
        now_ms: Callable[[], int],
        later: Later = call_later,
        type_of: Callable[[str], str] = lambda node_id: "",
    ) -> None:
        self._hub = hub
        self._job = job
        self._now_ms = now_ms
        self._type_of = type_of
        self._state = ProgressState(job.id)
        self._throttle = Throttle(self._send_state, later, lambda: interval_ms(len(self._state)))
        self._told: list[tuple[str, Mapping[str, Any]]] = []
        self._outputs: dict[str, Any] = {}
        self._inside: dict[str, list[str]] = {}  # what shows something, by the node that expanded into it
        self._cached: Mapping[str, None] = {}
        self._executed: list[str] = []
        self._texts: dict[str, str] = {}
        self._running: dict[str, None] = {}  # in the order in which they began
        self._started_ms: int | None = None

    @property
    def current(self) -> Mapping[str, Any] | None:
        """The data of `executing` for the node that runs now: for a client that comes back."""
        return self._executing(next(reversed(self._running))) if self._running else None

    def start(self) -> None:
        """Tell that the job begins."""
        self._started_ms = self._now_ms()
        self._announce("execution_start", {})

    def tell(self, event: Event) -> None:
        """Tell what happened in the run."""
        match event:
            case RunStarted():
                self._cached = dict.fromkeys(event.cached)
                self._announce("execution_cached", {"nodes": list(event.cached)})
            case NodeStarted():
                self._begin(event)
            case NodeCached():
                self._reuse(event)
            case Progress():
                self._progress(event)
            case NodeFinished():
                self._finish(event)
            case NodeBlocked():
                self._block(event)
            case NodeFailed():
                self._break(event)

    def preview(self, message: PreviewImage) -> None:
        """Show a picture of work in progress, to each client in the form that it knows.

        Not one that comes when its node is done: it would hide the result, or be taken for one of the next node.
        """
        if message.node_id not in self._running:
            return
        about = self._state.about(message.node_id)
        mark = f"preview {message.node_id}"
        for client_id in self._hub.audience(self._job.client_id):
            if self._hub.features_of(client_id).get("supports_preview_metadata") is True:
                frame = described_preview(message.format, message.payload, about)
            else:
                frame = plain_preview(message.format, message.payload)
            self._hub.send_binary(frame, client_id, replaces=mark)

    def end(self, ended: JobEnded, store: Callable[[Outcome], None] = lambda outcome: None) -> Outcome:
        """Tell how the job ended and return what became of it.

        `store` gets the same before `executing` null goes out, upon which clients fetch the history.
        """
        self._throttle.finish()
        state, event = ENDINGS[ended.status]
        error = None if state is JobState.DONE else self._ending(state, ended.error or {})
        data = self._announce(event, error or {}, to_all=state is JobState.CANCELLED)
        outputs = {**self._outputs, **ended.ui} if state is JobState.DONE else self._outputs
        outcome = Outcome(
            state=state,
            started_ms=self._started_ms,
            ended_ms=self._now_ms(),
            outputs=outputs,
            meta={node_id: self._meta(node_id) for node_id in outputs},
            messages=tuple(self._told),
            error=data if state is JobState.FAILED else None,
        )
        store(outcome)
        self._send_to_owner("executing", {"node": None, "prompt_id": self._job.id})
        return outcome

    def fail(self, kind: str, sentence: str, store: Callable[[Outcome], None] = lambda outcome: None) -> Outcome:
        """Tell that the job failed for a reason outside its nodes: the worker died, its workflow is unreadable."""
        error = {"exception_type": kind, "exception_message": sentence}
        return self.end(JobEnded(self._job.id, "failed", error=error), store)

    def _begin(self, event: NodeStarted | NodeBlocked) -> None:
        self._running[event.node_id] = None
        self._state.start(event.node_id, event.origin)
        self._throttle.ask()
        self._send_to_owner("executing", self._executing(event.node_id))

    def _reuse(self, event: NodeCached) -> None:
        """Show a found result: of those that were cached before, only what was asked for, as ComfyUI does."""
        self._running.pop(event.node_id, None)
        self._state.know(event.node_id, event.origin)
        if event.node_id not in self._cached or event.node_id in self._job.outputs:
            self._state.finish(event.node_id, event.origin)
            self._throttle.ask()

    def _progress(self, event: Progress) -> None:
        self._state.update(event.node_id, event.value, event.total, event.origin)
        self._throttle.ask()
        data = {"value": event.value, "max": event.total, "prompt_id": self._job.id, "node": event.node_id}
        self._hub.send("progress", data, self._job.client_id)
        if event.text and event.text != self._texts.get(event.node_id):
            self._texts[event.node_id] = event.text
            frame = node_text(event.node_id, event.text)
            self._hub.send_binary(frame, self._job.client_id, replaces=f"text {event.node_id}")

    def _finish(self, event: NodeFinished) -> None:
        self._state.know(event.node_id, event.origin)
        if event.ui:
            self._show(event.node_id, event.ui)
        if event.node_id in self._running:  # not if its result was found, of which NodeCached told
            self._leave(event)

    def _show(self, node_id: str, ui: Mapping[str, Any]) -> None:
        """Tell what a node shows; it shows what came of its own expansion too."""
        for inner in self._inside.pop(node_id, ()):
            self._outputs.pop(inner, None)
        self._outputs[node_id] = ui
        place = self._state.place(node_id)
        if place.parent is not None:
            self._inside.setdefault(place.parent, []).append(node_id)
        data = {"node": node_id, "display_node": place.display, "output": ui, "prompt_id": self._job.id}
        self._send_to_owner("executed", data)

    def _block(self, event: NodeBlocked) -> None:
        """Show a node that makes some or none of its calls; ComfyUI begins it in either case."""
        if event.node_id not in self._running:
            self._begin(event)
        if event.message:
            error = {"exception_message": f"Execution Blocked: {event.message}", "exception_type": "ExecutionBlocked"}
            self._send_to_owner("execution_error", self._error(event.node_id, {**error, "current_inputs": []}))
        if event.calls == event.total:
            self._leave(event)

    def _break(self, event: NodeFailed) -> None:
        self._running.pop(event.node_id, None)
        self._running[event.node_id] = None  # the last of those that run: the one to blame
        self._state.fail(event.node_id, event.origin)
        self._throttle.ask()

    def _leave(self, event: NodeFinished | NodeBlocked) -> None:
        self._running.pop(event.node_id, None)
        self._executed.append(event.node_id)
        self._state.finish(event.node_id, event.origin)
        self._throttle.ask()

    def _ending(self, state: JobState, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the data of how a job ended too early, completed from what was seen of it."""
        node_id = told.get("node_id") or next(reversed(self._running), "")
        if state is JobState.CANCELLED:
            return self._at(node_id, told)
        return self._error(node_id, {"current_outputs": [*self._cached, *self._executed], **told})

    def _error(self, node_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
        at = self._at(node_id, told)
        return {**at, **NO_ERROR, **told, **at}

    def _at(self, node_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return where a run ended: the node of the workflow, for clients know no other."""
        real = self._state.place(node_id).real
        node_type = (told.get("node_type") if real == node_id else None) or self._type_of(real)
        executed = self._executed.copy()
        return {"prompt_id": self._job.id, "node_id": real, "node_type": node_type, "executed": executed}

    def _executing(self, node_id: str) -> Mapping[str, Any]:
        return {"node": node_id, "display_node": self._state.place(node_id).display, "prompt_id": self._job.id}

    def _meta(self, node_id: str) -> Mapping[str, Any]:
        place = self._state.place(node_id)
        names = {"node_id": node_id, "display_node": place.display}
        return {**names, "parent_node": place.parent, "real_node_id": place.real}

    def _send_state(self) -> None:
        self._hub.send("progress_state", self._state.document(), self._job.client_id)

    def _announce(self, event: str, data: Mapping[str, Any], *, to_all: bool = False) -> Mapping[str, Any]:
        """Tell something of the run as a whole, which the history keeps."""
        data = {"prompt_id": self._job.id, **data, "timestamp": self._now_ms()}
        self._told.append((event, data))
        if to_all:
            self._hub.send(event, data, self._job.client_id)
        else:
            self._send_to_owner(event, data)
        return data

    def _send_to_owner(self, event: str, data: Mapping[str, Any]) -> None:
        if self._job.client_id is None:
            self._hub.record(event, data)
        else:
            self._hub.send(event, data, self._job.client_id)
