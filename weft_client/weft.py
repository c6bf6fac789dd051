"""Weft's dialect: /api/v1, with an event stream that goes on after a lost connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from weft_client.connection import Connection
from weft_client.dialects import Order
from weft_client.errors import RefusedError, Unreachable
from weft_client.events import ServerEvent, read_events
from weft_client.results import OVER, JobEvent, Result

JOBS = "/api/v1/jobs"
EVENTS = "/api/v1/events"
NOT_FOUND = 404
SILENCE_S = 1.0  # after which nothing more is expected of a job that is over


class WeftDialect:
    """Jobs of a Weft server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submit(self, order: Order) -> None:
        """Queue a job; if the answer is lost, look whether the server has it before it is sent again."""
        body = {
            "id": order.job_id,
            "workflow": order.workflow,
            "outputs": order.outputs,
            "priority": order.priority,
            "labels": list(order.labels),
            "extra_data": order.extra_data,
        }
        sent = False

        def send() -> None:
            nonlocal sent
            if not (sent and self._is_known(order.job_id)):
                sent = True
                self._connection.json("POST", JOBS, body)

        self._connection.patiently(send)

    def result(self, job_id: str) -> Result | str:
        """Ask for the job."""
        view = self._connection.json("GET", _of(job_id))
        state: str = view["state"]
        if state not in OVER:
            return state
        return Result(job_id, state, view.get("outputs") or {}, view.get("error") or {}, self._connection)

    def follow(self, job_id: str) -> Iterator[JobEvent]:
        """Read the event stream from the job's first event that is kept; connect again from the last one seen.

        A job may be over without a last event: it was taken out before it ran, or the server forgot what it told. So
        its state is looked at whenever the stream has nothing to tell, and what is left of a job that is over is read
        until the stream falls silent.
        """
        seen = 0  # older than any event: the stream begins with the oldest
        while True:
            is_over = not isinstance(self.result(job_id), str)
            try:
                for event in self._stream(job_id, seen, SILENCE_S if is_over else None):
                    seen = seen if event.number is None else event.number
                    message = _message(event)
                    if message is not None:
                        yield message
                        if is_last(message):
                            return
                    elif not is_over and not isinstance(self.result(job_id), str):
                        break
            except Unreachable:
                pass  # it is asked again above, with patience
            if is_over:
                return

    def cancel(self, job_id: str) -> None:
        """Ask the server to end the job."""
        self._connection.json("POST", f"{_of(job_id)}/cancel")

    def _stream(self, job_id: str, seen: int, timeout_s: float | None) -> Iterator[ServerEvent]:
        with self._connection.open("GET", EVENTS, timeout_s=timeout_s, job=job_id, after=seen) as response:
            yield from read_events(response)

    def _is_known(self, job_id: str) -> bool:
        try:
            self._connection.json("GET", _of(job_id))
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return False
            raise
        return True


def is_last(message: JobEvent) -> bool:
    """Whether nothing of the job follows: no node runs any more."""
    return message.kind == "executing" and message.data.get("node") is None


def _message(event: ServerEvent) -> JobEvent | None:
    if event.data is None or event.kind != "message":
        return None
    document = json.loads(event.data)
    return JobEvent(document["type"], document["data"])


def _of(job_id: str) -> str:
    return f"{JOBS}/{quote(job_id, safe='')}"
