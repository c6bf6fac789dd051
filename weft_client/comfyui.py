"""ComfyUI's dialect: /prompt, /queue and /history. Without an event stream over HTTP the history is asked again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from weft_client.connection import Connection
from weft_client.dialects import Order
from weft_client.errors import ClientError
from weft_client.results import JobEvent, Result

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5


class ComfyUIDialect:
    """Jobs of a ComfyUI server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submit(self, order: Order) -> None:
        """Queue a job. Priorities and labels are Weft's; a larger priority goes to the front here."""
        if "nodes" in order.workflow:
            raise ClientError("This is an editor's document; ComfyUI takes workflows in API format (Export (API)).")
        body = {
            "prompt": order.workflow,
            "prompt_id": order.job_id,
            "extra_data": order.extra_data,
            **({"front": True} if order.priority > 0 else {}),
            **({} if order.outputs is None else {"partial_execution_targets": list(order.outputs)}),
        }
        self._connection.json("POST", "/prompt", body)

    def result(self, job_id: str) -> Result | str:
        """Look into the history, else into the queue; what is in neither was taken out before it ran."""
        entry = self._entry(job_id)
        if entry is None:
            state = self._state(job_id)
            if state is not None:
                return state
            entry = self._entry(job_id)  # it may have ended between the two
        if entry is None:
            return Result(job_id, "cancelled", {}, {}, self._connection)
        return read_entry(job_id, entry, self._connection)

    def follow(self, job_id: str) -> Iterator[JobEvent]:
        """Wait until the job is over; yield what its history tells."""
        pause = FIRST_PAUSE_S
        while isinstance(self.result(job_id), str):
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE_S)
        entry = self._entry(job_id) or {}
        for kind, data in entry.get("status", {}).get("messages", ()):
            yield JobEvent(kind, data)

    def cancel(self, job_id: str) -> None:
        """Take the job out of the queue, or interrupt it if it runs."""
        self._connection.json("POST", "/queue", {"delete": [job_id]})
        self._connection.json("POST", "/interrupt", {"prompt_id": job_id})

    def _entry(self, job_id: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._connection.json("GET", f"/history/{quote(job_id, safe='')}").get(job_id)
        return found

    def _state(self, job_id: str) -> str | None:
        queue = self._connection.json("GET", "/queue")
        for name, state in (("queue_running", "in_progress"), ("queue_pending", "pending")):
            if any(item[1] == job_id for item in queue[name]):
                return state
        return None


def read_entry(job_id: str, entry: Mapping[str, Any], connection: Connection) -> Result:
    """Return the result in an entry of /history."""
    status = entry.get("status") or {}
    told = dict(status.get("messages", ()))
    ended = "completed" if status.get("completed", True) else "failed"
    state = "cancelled" if "execution_interrupted" in told else ended
    return Result(job_id, state, entry.get("outputs", {}), told.get("execution_error", {}), connection)
