"""What a pack's folder holds: the digest of every file, and what keeps it from being installed.

fingerprint(file_digests(folder))  # "sha256:…", the same wherever the folder lies
faults_in(folder)                  # ["clouds.py, line 3: …"]
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

RECORD = ".weft-pack.json"
PASSED_OVER = frozenset({".git", "__pycache__", ".venv", "node_modules"})
LARGEST_SOURCE_BYTES = 20 << 20  # of a Python file; parsing takes about a hundred times as much


def files_in(folder: Path) -> Iterator[Path]:
    """Yield a pack's files in a fixed order, without what git and Python keep there. Links are files here."""
    if folder.is_file():  # a pack of one file
        yield folder
    for here, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER and name not in links)
        for name in sorted((*names, *links)):
            if name != RECORD and name not in PASSED_OVER and not name.endswith((".pyc", ".pyo")):
                yield Path(here, name)


def file_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file, by its path from the folder."""
    root = folder if folder.is_dir() else folder.parent
    return {path.relative_to(root).as_posix(): _digest(path) for path in files_in(folder)}


def fingerprint(digests: Mapping[str, str]) -> str:
    """Return one digest for all files and their names."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def faults_in(folder: Path) -> list[str]:
    """Return why a folder is no pack that may be installed, in sentences: links that leave it, files that do not parse."""
    files = list(files_in(folder))
    links = [
        f"{_name(path, folder)} is a link that leaves the pack's folder." for path in files if _leaves(path, folder)
    ]
    sources = [path for path in files if path.suffix == ".py" and path.is_file() and not _leaves(path, folder)]
    broken = [fault for path in sources if (fault := _parse_fault(path, folder)) is not None]
    if not sources and not links:
        return ["There is no Python file in it, so it is no pack."]
    return [*links, *broken]


def _digest(path: Path) -> str:
    if path.is_symlink():
        return hashlib.sha256(f"link {os.readlink(path)}".encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _leaves(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _parse_fault(path: Path, folder: Path) -> str | None:
    if path.stat().st_size > LARGEST_SOURCE_BYTES:
        return f"{_name(path, folder)} has more than {LARGEST_SOURCE_BYTES >> 20} MiB, too much for a Python file."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        place = f", line {error.lineno}" if error.lineno else ""
        return f"{_name(path, folder)}{place}: {error.msg}."
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{_name(path, folder)}: {error}."
    return None


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
