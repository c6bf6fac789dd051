"""Start the probe and read its answers, whether it ends well, crashes or hangs.

probe(["torch"], [("checkpoints", "weft-demo.safetensors", path)]).device.name
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cli.checks.finding import DeviceReport, Failure, ModelReport, ProbeReport, Verdict

LONGEST_S = 300  # a cold import of torch from a slow disk takes a minute


class Ended(NamedTuple):
    """How the probe ended: its answers, and why there are no more of them (None if it got to its end)."""

    answers: str
    crash: str | None


def probe(modules: Sequence[str], models: Iterable[tuple[str, str, Path]]) -> ProbeReport:
    """Return what a fresh Python process finds when it imports these modules and looks at these files (kind, name, path)."""
    request = {"modules": list(modules), "models": [(kind, name, str(path)) for kind, name, path in models]}
    ended = _run(json.dumps(request))
    return read_answers(_parsed(ended.answers), ended.crash)


def _run(request: str) -> Ended:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-P", "-m", "cli.checks.probe"]
    try:
        done = subprocess.run(
            command, input=request, env=environment, capture_output=True, text=True, errors="replace", timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout or ""
        return Ended(said, f"it did not finish in {LONGEST_S} s")
    return Ended(done.stdout, _crash(done.returncode, done.stderr))


def _crash(code: int, stderr: str) -> str | None:
    if code == 0:
        return None
    if code < 0:
        return f"it ended the Python process with {signal.Signals(-code).name}"
    last = stderr.strip().splitlines()[-1:] or [f"exit code {code}"]
    return f"it ended the Python process: {last[0]}"


def _parsed(text: str) -> Iterable[Mapping[str, Any]]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # the last line of a process that was ended
            return


def read_answers(answers: Iterable[Mapping[str, Any]], crash: str | None) -> ProbeReport:
    """Put the answers together; a crash is blamed on what was tried last."""
    failures: list[Failure] = []
    models: list[ModelReport] = []
    device, device_problem, tried = None, None, None
    for answer in answers:
        match answer["kind"]:
            case "trying":
                tried = answer["module"]
            case "failure":
                failures.append(Failure(answer["module"], answer["reason"]))
            case "device" if "problem" in answer:
                tried, device_problem = None, answer["problem"]
            case "device":
                tried = None
                device = DeviceReport(**{name: value for name, value in answer.items() if name != "kind"})
            case "model":
                told = {name: value for name, value in answer.items() if name != "kind"}
                models.append(ModelReport(**{**told, "verdict": Verdict(answer["verdict"])}))
    if crash is not None and tried is not None:
        failures.append(Failure(tried, crash))
    return ProbeReport(tuple(failures), device, device_problem or (None if device else crash), tuple(models))
