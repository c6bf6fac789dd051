"""Client: a server from outside."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from weft_client.comfyui import ComfyUIDialect, read_entry
from weft_client.connection import Connection
from weft_client.dialects import Dialect, Order
from weft_client.errors import RefusedError
from weft_client.forms import make_form
from weft_client.jobs import Job
from weft_client.results import Result
from weft_client.weft import NOT_FOUND, WeftDialect
from weft_client.workflows import Workflow, read_workflow, with_inputs

V1_QUEUE = "/api/v1/queue"
NO_INPUTS: Mapping[str, Any] = {}


@dataclass(frozen=True)
class QueueState:
    """The ids of the jobs that run and wait, the next one first. is_paused: no further job starts."""

    running: tuple[str, ...]
    pending: tuple[str, ...]
    is_paused: bool = False


class Client:
    """A server: Weft's, or ComfyUI's, which is found out by asking. Threads may share it.

    token: what a server wants that listens beyond its own machine. patience_s: how long to try again while the
    server is not there, as when it restarts. Errors are ClientErrors; their texts are the server's sentences.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8188",
        token: str | None = None,
        *,
        timeout_s: float = 60.0,
        patience_s: float = 30.0,
    ) -> None:
        self._connection = Connection(url, token, timeout_s=timeout_s, patience_s=patience_s)

    def __repr__(self) -> str:
        return f"Client({self._connection.url!r})"

    @cached_property
    def is_weft(self) -> bool:
        """Whether the server has Weft's own routes."""
        try:
            self._connection.json("GET", V1_QUEUE)
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return False
            raise
        return True

    def submit(
        self,
        workflow: Workflow | str | Path,
        inputs: Mapping[str, Any] = NO_INPUTS,
        *,
        outputs: Sequence[str] | None = None,
        priority: int = 0,
        labels: Sequence[str] = (),
        extra_data: Mapping[str, Any] = NO_INPUTS,
    ) -> Job:
        """Queue a workflow, given as a value or a file; RefusedError lists every problem of every node.

        inputs: what to change, as {"KSampler.seed": 8}: by a node's id, title or type. outputs: the ids of the nodes to
        run to, all output nodes if left out. priority: larger runs earlier.
        """
        changed = with_inputs(read_workflow(workflow), inputs)
        order = Order(str(uuid.uuid4()), changed, outputs, priority, labels, extra_data)
        self._dialect.submit(order)
        return self.job(order.job_id)

    def run(self, workflow: Workflow | str | Path, inputs: Mapping[str, Any] = NO_INPUTS) -> Result:
        """Queue a workflow and wait for its result; JobFailed if it does not end well."""
        return self.submit(workflow, inputs).wait()

    def job(self, job_id: str) -> Job:
        """Return a job by its id, whoever submitted it."""
        return Job(job_id, self._dialect)

    def upload(
        self, source: str | Path | bytes, name: str | None = None, *, subfolder: str = "", overwrite: bool = False
    ) -> str:
        """Put a file into the server's input folder; return the name that LoadImage takes.

        If there is another file of that name, the server chooses a new one unless `overwrite` is true.
        """
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        file_name = name or (f"{uuid.uuid4().hex}.png" if isinstance(source, bytes) else Path(source).name)
        fields = {"type": "input", "subfolder": subfolder, **({"overwrite": "true"} if overwrite else {})}
        form = make_form(file_name, data, fields)
        with self._connection.open("POST", "/upload/image", form.body, {"Content-Type": form.content_type}) as response:
            placed = json.loads(response.read())
        return f"{placed['subfolder']}/{placed['name']}" if placed.get("subfolder") else str(placed["name"])

    def queue(self) -> QueueState:
        """Return which jobs run and wait."""
        found = self._connection.json("GET", "/queue")
        pending = (
            sorted(found["queue_pending"], key=lambda item: item[0]) if not self.is_weft else found["queue_pending"]
        )
        is_paused = self.is_weft and self._connection.json("GET", V1_QUEUE)["paused"]
        return QueueState(
            tuple(item[1] for item in found["queue_running"]), tuple(item[1] for item in pending), is_paused
        )

    def pause(self) -> None:
        """Have the queue start no further job. Weft only."""
        self._connection.json("PATCH", V1_QUEUE, {"paused": True})

    def resume(self) -> None:
        """Have the queue start jobs again. Weft only."""
        self._connection.json("PATCH", V1_QUEUE, {"paused": False})

    def history(self, limit: int | None = None) -> list[Result]:
        """Return what became of earlier jobs, the latest last; at most so many."""
        entries = self._connection.json("GET", "/history", max_items=limit)
        return [read_entry(job_id, entry, self._connection) for job_id, entry in entries.items()]

    def object_info(self, node_type: str | None = None) -> dict[str, Any]:
        """Return what is known of node types, by name: of all, or of one."""
        path = "/object_info" if node_type is None else f"/object_info/{quote(node_type, safe='')}"
        found: dict[str, Any] = self._connection.json("GET", path)
        return found

    @cached_property
    def _dialect(self) -> Dialect:
        return WeftDialect(self._connection) if self.is_weft else ComfyUIDialect(self._connection)
