"""A whole server in a process of its own, with the slow nodes, as `weft serve` starts it.

    with live_server(tmp_path) as server:
        server.get("/queue")

Run as a module it is that process: `python -m tests.serving.live_server FOLDER PORT [FRONT_END]`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
START_S = 60.0  # on a machine that is busy with other tests
WORKER = (sys.executable, str(ROOT / "main.py"), "worker", "--cpu", "--nodes-module", "tests.serving.slow_nodes")


@dataclass
class LiveServer:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    said: list[str]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def get(self, path: str) -> Any:
        """Return the JSON of an answer."""
        with urllib.request.urlopen(self.url + path, timeout=START_S) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: Any) -> Any:
        """Send JSON, return the JSON of the answer (None if it has no body), also of a refusal."""
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=START_S) as answer:
                data = answer.read()
        except urllib.error.HTTPError as error:
            data = error.read()
        return json.loads(data) if data else None

    def queue(self, prompt: dict[str, Any], **others: Any) -> str:
        """Queue a prompt; return its id."""
        answer = self.post("/prompt", {"prompt": prompt, **others})
        return str(answer["prompt_id"])

    def wait_for(self, path: str, is_right: Any, within_s: float = START_S) -> Any:
        """Ask until the answer is right, and return it."""
        end = time.monotonic() + within_s
        while not is_right(answer := self.get(path)):
            assert time.monotonic() < end, f"{path} stays {answer}; the server said {self.said[-20:]}"
            time.sleep(0.02)
        return answer

    def wait_until_ready(self) -> None:
        """Wait for the worker."""
        self.wait_for("/health", lambda health: health["worker"] == "ready")

    def wait_until_over(self, job_id: str) -> dict[str, Any]:
        """Wait for the end of a job; return its entry in the history."""
        found: dict[str, Any] = self.wait_for(f"/history/{job_id}", lambda history: job_id in history)[job_id]
        return found

    def worker(self) -> psutil.Process:
        """Return the process that computes."""
        return psutil.Process(self.process.pid).children()[0]

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.kill()
        self.process.wait(START_S)


def live_server(folder: Path, port: int = 0, *others: str) -> AbstractContextManager[LiveServer]:
    """Start a server, wait until it listens, and end it at last."""
    return running("-m", "tests.serving.live_server", str(folder), str(port), *others)


def typed_server(folder: Path, port: int = 0, *flags: str) -> AbstractContextManager[LiveServer]:
    """Start a server as `weft serve` does with some flags."""
    where = ("--port", str(port), "--base-directory", str(folder))
    return running(str(ROOT / "main.py"), "serve", "--cpu", *where, *flags)


@contextmanager
def running(*words: str) -> Iterator[LiveServer]:
    """Run Python with some words, wait until a server listens there, and end it at last."""
    command = [sys.executable, *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    said: list[str] = []
    assert process.stdout is not None
    try:
        url = None
        for line in process.stdout:
            said.append(line.rstrip())
            found = re.match(r"To see the GUI go to: (\S+)", line)
            if found is not None:
                url = found[1]
                break
        assert url is not None, f"the server ended: {said}"
        reader = threading.Thread(target=lambda: said.extend(map(str.rstrip, process.stdout or ())), daemon=True)
        reader.start()
        yield LiveServer(process, url, said)
        process.terminate()
        process.wait(START_S)
        reader.join(START_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(START_S)
        process.stdout.close()


def main(folder: Path, port: int, front_end: str | None = None) -> int:
    """Be the server."""
    from files.folders import Folders
    from serving.app import run_server
    from serving.settings import ServeSettings

    flags = ("--base-directory", str(folder))
    settings = ServeSettings(
        (*WORKER, *flags),
        port=port,
        user=folder / "user",
        front_end_root=Path(front_end) if front_end else None,
        argv=("main.py", "--disable-api-nodes"),  # as cli.serve always says
    )
    return run_server(settings, Folders.below(folder))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
