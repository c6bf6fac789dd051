"""A worker without a process: what it is sent is kept, and the test says what it answers."""

from __future__ import annotations

from typing import Any

from graph.protocol import CancelJob, ExpectJob, FromWorker, JobEnded, Ready, RunJob, ToWorker
from serving.workers import Died, Listener, WorkerError, WorkerState


class ScriptedWorker:
    """Implements serving.workers.Worker."""

    def __init__(self) -> None:
        self.state = WorkerState.STARTING
        self.sent: list[ToWorker] = []
        self._listeners: list[Listener] = []

    async def start(self, listener: Listener) -> None:
        """Remember who listens."""
        self._listeners.append(listener)

    async def stop(self) -> None:
        """Say nothing any more."""
        self.state = WorkerState.STOPPED
        self._listeners.clear()

    def send(self, message: ToWorker) -> None:
        """Keep a message."""
        self.sent.append(message)

    async def ask(self, what: str, arguments: dict[str, Any] | None = None, payload: bytes = b"") -> Any:
        """Know nothing."""
        raise WorkerError(f"The scripted worker has no answer to {what}.")

    def say(self, message: FromWorker | Died) -> None:
        """Let the server hear something."""
        if isinstance(message, Ready):
            self.state = WorkerState.READY
        if isinstance(message, Died):
            self.state = WorkerState.RESTARTING
        for listener in self._listeners:
            listener(message)

    def end(self, status: str = "done") -> None:
        """End the job that was sent last."""
        self.say(JobEnded(self.started[-1], status))

    @property
    def started(self) -> list[str]:
        """The jobs that were sent, in order."""
        return [message.job_id for message in self.sent if isinstance(message, RunJob)]

    @property
    def expected(self) -> list[str]:
        """The jobs that were announced."""
        return [message.job_id for message in self.sent if isinstance(message, ExpectJob)]

    @property
    def cancelled(self) -> list[str]:
        """The jobs that were to end."""
        return [message.job_id for message in self.sent if isinstance(message, CancelJob)]
