"""Look at a pack in a process of its own, for a limited time.

check_pack(Path("custom_nodes/rain"), limit_s=60).is_good
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, NamedTuple

from files.packs import Pack
from runtime.pack_check.report import PackCheck, read_check
from runtime.packs.report import PackProblem

LIMIT_S = 60.0
START_S = 120.0  # for Python and torch, and for reading the files, on a slow machine
LAST_LINES = 8
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
BEFORE, AFTER, TRACE, SAID = "before.json", "after.json", "trace.txt", "said.txt"  # what the process leaves
TIMEOUT = "Timeout"  # how the interpreter begins a trace at the end of the time


class PackCheckError(Exception):
    """There is no pack, or it could not be looked at; the sentence says why."""


class _Ended(NamedTuple):
    code: int | None  # None: it had to be ended
    said: str

    @property
    def last(self) -> str:
        return "\n".join(self.said.strip().splitlines()[-LAST_LINES:])


def pack_at(path: Path) -> Pack:
    """Return the pack that a folder or a Python file is."""
    path = path.resolve()
    return Pack(path.stem if path.is_file() else path.name, path, is_file=path.is_file())


def check_pack(path: Path, limit_s: float = LIMIT_S) -> PackCheck:
    """Return what is found of a pack, wherever it lies; PackCheckError if it is none. Its code runs."""
    if (not path.is_dir() and path.suffix != ".py") or not path.exists():
        raise PackCheckError(f"{path} is no pack: it is to be a folder, or a single .py file.")
    pack = pack_at(path)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        ended = _run([str(pack.path), folder, str(limit_s)], Path(folder, SAID), limit_s)
        before, after, trace = (Path(folder, name) for name in (BEFORE, AFTER, TRACE))
        if after.is_file():
            return read_check(after.read_bytes())
        if not before.is_file():
            raise PackCheckError(f"{pack.path} could not be looked at:\n{ended.last}")
        return _ended_early(read_check(before.read_bytes()), pack, ended, trace.read_text(errors="replace"), limit_s)


def _run(words: list[str], said: Path, limit_s: float) -> _Ended:
    command = [sys.executable, "-P", "-m", "runtime.pack_check.child", *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with said.open("wb") as stream, _process(command, environment, stream) as process:
        try:
            code: int | None = process.wait(limit_s + START_S)
        except subprocess.TimeoutExpired:
            code = None
    return _Ended(code, said.read_text(errors="replace"))


@contextmanager
def _process(command: list[str], environment: dict[str, str], stream: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process; it and those that it started are gone afterwards."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stream,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError, PermissionError):
            _end_all(process)
        process.wait()


def _end_all(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _ended_early(check: PackCheck, pack: Pack, ended: _Ended, trace: str, limit_s: float) -> PackCheck:
    """Add to what the files say how the process ended."""
    frames = [(file, int(line)) for file, line in _FRAME.findall(trace)]
    file, line = next((frame for frame in frames if Path(frame[0]).is_relative_to(pack.path)), (str(pack.entry), None))
    problem = PackProblem(
        _how(ended.code, trace, limit_s),
        file,
        line,
        "Move what it does there into the function that needs it.",
        trace or ended.last,
    )
    return replace(check, problems=(problem,))


def _how(code: int | None, trace: str, limit_s: float) -> str:
    if code is None or trace.startswith(TIMEOUT):
        return f"It was still being imported after {limit_s:g} s; nodes of it are there only when that is over."
    if code < 0:
        return f"It ended the process with {signal.Signals(-code).name} while it was imported."
    return f"It ended the process, with the exit code {code}, while it was imported."
