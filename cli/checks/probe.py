"""Import the packages, look at the device and at the files of models, in a process of its own.

    python -P -m cli.checks.probe < request.json

The request has `modules` and `models` (kind, name, path). Each answer is a line of JSON on standard output, written at
once, so that the reader knows what was tried last if this process crashes.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from cli.checks.verdicts import judge


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what packages print while they are imported is no answer

    def say(**answer: Any) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    for module in request["modules"]:
        say(kind="trying", module=module)
        problem = _import_problem(module)
        if problem is not None:
            say(kind="failure", module=module, reason=problem)
            if module == "torch":
                return  # nearly everything else needs it
    say(kind="device", **_device())
    for folder, name, path in request["models"]:
        say(kind="model", folder=folder, name=name, path=path, **judge(folder, Path(path)))


def _import_problem(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as error:  # a broken package may raise anything
        return _sentence(error)
    return None


def _device() -> dict[str, Any]:
    try:
        import torch

        from runtime.devices import open_device

        device = open_device()
        is_gpu_build = torch.version.cuda is not None or getattr(torch.version, "hip", None) is not None
    except Exception as error:  # drivers may raise anything
        return {"problem": _sentence(error)}
    return {
        "device": str(device.torch_device),
        "name": device.name,
        "total_bytes": device.total_bytes,
        "free_bytes": device.free_bytes,
        "is_gpu_build": is_gpu_build or device.torch_device.type != "cpu",
    }


def _sentence(error: BaseException) -> str:
    """Return an error as one line."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


if __name__ == "__main__":
    main()
