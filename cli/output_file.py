"""Write a command's result as JSON, to a file that is whole or untouched, or to standard output.

write_output(Path("workflow.json"), json_bytes({"1": {…}}))
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import typer

from cli.workflow_file import UsageError
from files.kinds import PICTURE_SUFFIXES
from graph.errors import FormatError, GraphError


class OutputError(GraphError):
    """A result cannot be written; the sentence says where and why."""


def json_bytes(document: Any) -> bytes:
    """Return a document as readable JSON in UTF-8. Numbers that JSON does not know become null, as in browsers."""
    try:
        text = json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False)
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can spell
        return json.dumps(_finite(document), indent=2, allow_nan=False).encode()
    except RecursionError as error:
        raise FormatError("The document is nested too deeply to be written; it is no workflow of an editor.") from error


def check_output(path: Path | None) -> None:
    """Refuse a name that would replace a picture by JSON."""
    if path is not None and path.suffix.lower() in PICTURE_SUFFIXES:
        raise UsageError(f"--output {path}: JSON is written, not a picture; give the file a name that ends in .json.")


def write_output(path: Path | None, content: bytes) -> None:
    """Write a file and print its path, or print the content; OutputError if that is not possible."""
    try:
        if path is None:
            typer.echo(content)
            return
        write_whole(path, content + b"\n")
    except BrokenPipeError:
        raise  # whoever read the output has seen enough; the command line ends quietly
    except OSError as error:
        raise OutputError(_why_not(path, error)) from error
    typer.echo(path)


def write_whole(path: Path, content: bytes) -> None:
    """Write to a file beside the real one and put it in its place; devices and pipes are written to directly."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(0, "the file is write-protected")
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        part.chmod(path.stat().st_mode & 0o777 if path.exists() else _usual_mode())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _usual_mode() -> int:
    """Return the rights that a new file gets here; mkstemp makes files for their owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _why_not(path: Path | None, error: OSError) -> str:
    reason = error.strerror or str(error)
    if path is None:
        return f"The result cannot be printed ({reason}); use --output FILE."
    if path.is_dir():
        return f"--output {path}: this is a folder; name a file in it, such as {path / 'workflow.json'}."
    if not path.parent.is_dir():
        return f"--output {path}: there is no folder {path.parent}; make it first, or choose another."
    return f"--output {path}: the file cannot be written ({reason}); free space, change the rights or choose another folder."


def _finite(value: Any) -> Any:
    """Return the value with null for NaN and infinities: ComfyUI writes NaN into pictures."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list) else value
