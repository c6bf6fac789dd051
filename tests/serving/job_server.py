"""A server that knows the built-in node types, with a worker that does what the test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graph.protocol import Ready, Specs
from graph.spec_document import write_registry
from runtime.engine import builtin_registry
from tests.serving.file_server import Answer, FileServer, serving

GOOD = {
    "1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}},
    "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
}


@cache
def specs() -> bytes:
    """Return what a worker tells of the built-in node types."""
    return write_registry(builtin_registry())


@dataclass
class JobServer:
    """A server and its client, for jobs."""

    files: FileServer

    def get(self, path: str) -> Any:
        """Return the JSON of an answer that is good."""
        answer = self.files.get(path)
        assert answer.status == 200, answer.body
        return answer.json

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send JSON."""
        data = None if body is None else json.dumps(body)
        return self.files.ask(method, path, data, Content_Type="application/json")

    def post(self, path: str, body: Any = None) -> Answer:
        """Send JSON."""
        return self.send("POST", path, {} if body is None else body)

    def queue(self, prompt: dict[str, Any] | None = None, **others: Any) -> str:
        """Queue a prompt that is good; return its id."""
        answer = self.post("/prompt", {"prompt": prompt or GOOD, **others})
        assert answer.status == 200, answer.body
        return str(answer.json["prompt_id"])

    def ready(self) -> None:
        """Let the worker come."""
        self.files.call(lambda: self.files.worker.say(Ready(1)))

    def end(self, status: str = "done") -> None:
        """Let the job that runs end."""
        self.files.call(lambda: self.files.worker.end(status))


@contextmanager
def job_server(base: Path) -> Iterator[JobServer]:
    """Run a server whose worker has told its node types and is not ready yet."""
    with serving(base) as files:
        files.call(lambda: files.worker.say(Specs(specs())))
        yield JobServer(files)
