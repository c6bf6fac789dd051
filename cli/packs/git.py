"""git as a program: a repository's files at a commit, without prompts, hooks or submodules.

commit = check_out("https://example.org/rain.git", "v2", staging / "rain")
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from files.packs import PackError

MOST_LINES = 6
SETTINGS = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.autocrlf=false", "-c", "advice.detachedHead=false")


def check_out(place: str, ref: str | None, folder: Path) -> str:
    """Put a repository's files, without its history, into a folder that is not there yet; return the commit's id."""
    if ref is not None and ref.startswith("-"):
        raise PackError(f"{ref} is no branch, tag or commit.")
    depth = ("--depth", "1") if ref is None and "://" in place else ()  # any commit may be asked for by a ref
    words = ("--quiet", "--template=", "--no-recurse-submodules", "--no-checkout", *depth)
    _git(f"{place} cannot be cloned", None, "clone", *words, "--", place, str(folder))
    commit = _commit(place, ref, folder)
    _git(f"{place} cannot be checked out", folder, "checkout", "--quiet", "--detach", commit, "--")
    shutil.rmtree(folder / ".git")
    return commit


def clone_of(folder: Path) -> tuple[str, str] | None:
    """Return the address and the commit of a folder that somebody cloned; None if it is no clone."""
    if not (folder / ".git").exists():
        return None
    try:
        address = _git("", folder, "config", "--get", "remote.origin.url").strip()
        return address, _git("", folder, "rev-parse", "--verify", "HEAD").strip()
    except PackError:
        return None


def _commit(place: str, ref: str | None, folder: Path) -> str:
    names = ("HEAD",) if ref is None else (f"refs/remotes/origin/{ref}", ref)
    for name in names:
        done = _run(folder, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
        if not done.returncode:
            return done.stdout.split()[-1]
    missing = "no commit" if ref is None else f'no branch, tag or commit "{ref}"'
    raise PackError(f"{place} has {missing}.")


def _git(lead: str, folder: Path | None, *words: str) -> str:
    done = _run(folder, *words)
    if done.returncode:
        lines = done.stderr.strip().splitlines()[-MOST_LINES:]
        raise PackError("\n".join((f"{lead}. git says:", *(f"  {line}" for line in lines))))
    return done.stdout


def _run(folder: Path | None, *words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("git")
    if program is None:
        raise PackError("git is not installed, and packs of git repositories need it; or install from a zip file.")
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
        },
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
    }
    line = [program, *SETTINGS, *words]
    return subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
    )
