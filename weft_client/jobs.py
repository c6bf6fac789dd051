"""Job: something that was submitted, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator

from weft_client.dialects import Dialect
from weft_client.errors import JobFailed
from weft_client.results import JobEvent, Result


class Job:
    """A job on a server."""

    def __init__(self, job_id: str, dialect: Dialect) -> None:
        self.id = job_id
        self._dialect = dialect

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def state(self) -> str:
        """Ask where it stands: pending, in_progress, completed, failed or cancelled."""
        found = self._dialect.result(self.id)
        return found if isinstance(found, str) else found.state

    def follow(self) -> Iterator[JobEvent]:
        """Yield what happens until the job is over, also across lost connections and restarts of the server.

        Of a job that is over, what the server still knows of its events is told.
        """
        return self._dialect.follow(self.id)

    def result(self) -> Result | None:
        """Ask what became of it, however it ended; None if it is not over."""
        found = self._dialect.result(self.id)
        return None if isinstance(found, str) else found

    def wait(self) -> Result:
        """Wait until the job is over; JobFailed says why if it failed or was cancelled."""
        while (found := self.result()) is None:
            for _ in self.follow():
                pass
        if found.state != "completed":
            raise JobFailed(self.id, found.state, found.error)
        return found

    def cancel(self) -> None:
        """Have it end; a job that is over stays as it is."""
        self._dialect.cancel(self.id)
