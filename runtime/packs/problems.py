"""From what a pack raised to a sentence with file, line and remedy.

problem_of(error, pack, manifest).remedy  # "Install what the pack asks for, …: weft nodes install-requirements rain"
"""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from files.packs import Manifest, Pack
from graph.errors import SpecError
from graph.spec import NodeSpec
from runtime.packs.report import PackProblem

MOST_TRACEBACK_LINES = 60  # of what a recursion leaves, the last ones
NOT_HERE = "Leave the import out, or put it into the function that needs it: then the rest of the pack works."
SAVED = "It is loaded again when the file is saved."


class Place(NamedTuple):
    """A line of a file."""

    file: str | None = None
    line: int | None = None


def problem_of(error: BaseException, pack: Pack, manifest: Manifest, *, lead: str = "") -> PackProblem:
    """Return what is said of an exception at import."""
    place = place_of(error, pack)
    return PackProblem(
        message=f"{lead}{sentence_of(error)}",
        file=place.file or str(pack.entry),
        line=place.line,
        remedy=_remedy(error, pack, manifest),
        traceback="".join(traceback.format_exception(error)[-MOST_TRACEBACK_LINES:]),
    )


def place_of(error: BaseException, pack: Pack) -> Place:
    """Return the last line of the pack that had a part in an error; without one, the last line of all."""
    if isinstance(error, SyntaxError) and error.filename:
        return Place(error.filename, error.lineno)
    frames = [Place(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [frame for frame in frames if _is_own(frame, pack)]
    return (own or [Place()])[-1]


def place_of_node(spec: NodeSpec) -> Place:
    """Return where a node's function begins."""
    code = getattr(spec.function, "__code__", None)
    return Place() if code is None else Place(code.co_filename, code.co_firstlineno)


def sentence_of(error: BaseException) -> str:
    """Return an error as a sentence."""
    match error:
        case SpecError():
            return str(error)
        case SystemExit():
            return f"It called sys.exit({'' if error.code is None else error.code!r}) while it was imported."
        case SyntaxError():
            return f"{type(error).__name__}: {error.msg}."
        case _:
            text = str(error).strip()
            return f"{type(error).__name__}: {text}" + ("" if not text or text.endswith((".", "!", "?")) else ".")


def install_command(pack: Pack, manifest: Manifest) -> str | None:
    """Return the command that installs what a pack asks for; None if it asks for nothing."""
    return f"weft nodes install-requirements {shlex.quote(pack.name)}" if manifest.requires else None


def _is_own(frame: Place, pack: Pack) -> bool:
    path = Path(frame.file or "")
    return path == pack.path if pack.is_file else path.is_relative_to(pack.path)


def _missing(error: Any, pack: Pack, manifest: Manifest) -> str:
    name = (error.name or "").partition(".")[0]
    if name == "custom_nodes":
        return f"{error.name} is a pack, or part of one, that is not there or did not load."
    listed = install_command(pack, manifest)
    if listed is not None:
        return f"Install what the pack asks for, and start again: {listed}"
    return f"Install it, and start again; if its package has the same name: {sys.executable} -m pip install {name}"


def _unfit(error: Any, pack: Pack, manifest: Manifest) -> str:
    return f"The {error.name or 'module'} that is installed is too old or too new for the pack; update one of them."


def _mend(error: Any, pack: Pack, manifest: Manifest) -> str:
    return f"Mend this line. {SAVED}"


def _no_end(error: Any, pack: Pack, manifest: Manifest) -> str:
    return f"Raise an error in place of ending the program. {SAVED}"


_REMEDIES: tuple[tuple[type[BaseException], Callable[[Any, Pack, Manifest], str]], ...] = (
    (ModuleNotFoundError, _missing),
    (ImportError, _unfit),
    (SyntaxError, _mend),
    (SpecError, _mend),
    (SystemExit, _no_end),
)


def _is_of_comfyui(error: BaseException) -> bool:
    """Whether an import failed because Weft has not all that ComfyUI has."""
    from compat.shims.finder import installed  # here, so that a process without packs for ComfyUI does not load it

    finder = installed()
    return (
        finder is not None and isinstance(error, ImportError) and (error.name or "").partition(".")[0] in finder.names
    )


def _remedy(error: BaseException, pack: Pack, manifest: Manifest) -> str:
    if _is_of_comfyui(error):
        return NOT_HERE
    found = (remedy(error, pack, manifest) for kind, remedy in _REMEDIES if isinstance(error, kind))
    return next(found, f"Update the pack, or tell its authors; if it is your own: {SAVED[0].lower()}{SAVED[1:]}")
