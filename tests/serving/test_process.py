"""The server as a process: started by its flags, told to end by signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

ROOT = Path(__file__).parents[2]
GREETING = "To see the GUI go to: "
# Writes down whom any Python process below talks to.
WATCH = """
import os, sys
def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        line = f"{event} {arguments[1]}"
    elif event == "socket.getaddrinfo":
        line = f"{event} {arguments[0]}"
    else:
        return
    with open(os.environ["WATCH_FILE"], "a") as file:
        print(line, file=file)
sys.addaudithook(hook)
"""
HERE = ("127.0.0.1", "localhost", "::1")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")


@contextmanager
def started(
    base: Path, *flags: str, environment: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server and wait for its address; it is ended afterwards."""
    command = [sys.executable, str(ROOT / "main.py"), "--port", "0", "--cpu", "--base-directory", str(base), *flags]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **(environment or {})}
    ) as process:
        assert process.stdout is not None
        try:
            line = next(line for line in process.stdout if GREETING in line)
            yield process, line.partition(GREETING)[2].strip()
        finally:
            process.kill()


def status_of(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_cleanly_and_frees_its_port(number: signal.Signals, tmp_path: Path) -> None:
    with started(tmp_path) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}/api/system_stats", timeout=30) as answer:
            assert json.load(answer)["system"]["argv"][1:4] == ["--port", "0", "--cpu"]
        port = url.rpartition(":")[2]
        second = [sys.executable, str(ROOT / "main.py"), "serve", "--port", port, "--base-directory", str(tmp_path)]
        refused = subprocess.run(second, capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 2
        assert (
            refused.stderr
            == f"Port {port} at 127.0.0.1 is in use; choose another by --port, or 0 for any that is free.\n"
        )
        process.send_signal(number)
        assert process.wait(timeout=30) == 0


def test_every_route_of_the_server_is_behind_the_gate(tmp_path: Path) -> None:
    from serving.gate import OPEN_PATHS
    from serving.routing import collect_routes

    with started(tmp_path, environment={"WEFT_TOKEN": "a token of the tests"}) as (_, url):
        paths = {path for each in collect_routes() for path in each.paths if "{" not in path} | {"/", "/nothing"}
        answers = {path: status_of(f"{url}{path}") for path in paths - OPEN_PATHS}
        assert {path: status for path, status in answers.items() if status != 401} == {}
        assert status_of(f"{url}/api/queue", Authorization="Bearer a token of the tests") == 200
        assert status_of(f"{url}/api/queue", Authorization="Bearer another") == 401
        assert status_of(f"{url}/health") == 200


def test_neither_server_nor_worker_talks_to_anybody(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    heard = tmp_path / "heard"
    paths = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    environment = {"PYTHONPATH": paths, "WATCH_FILE": str(heard)}
    with started(tmp_path, "--quick-test-for-ci", environment=environment) as (process, _):
        assert process.wait(timeout=120) == 0  # the worker came up
    lines = heard.read_text().splitlines()
    assert any(line == "socket.getaddrinfo 127.0.0.1" for line in lines)  # it did listen to the hook
    assert [line for line in lines if not any(place in line for place in HERE)] == []
