"""pip as a program of this Python: what it would install, installing exactly that, and putting back what was there.

changes = resolve(needs, environment)  # PackError with sentences on a conflict; nothing is changed
with installed(changes, tell):
    …                                  # an error in here puts the packages back
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from cli.packs.environment import Change, Environment, environment_here, parsed
from files.packs import PackError
from files.packs.requirements import Need

Tell = Callable[[str], None]
QUIET = ("--no-input", "--disable-pip-version-check", "--no-color", "--progress-bar=off")
MOST_LINES = 12  # of what pip says; the first lines of an error are its cause
NOT_INSTALLED = "Nothing was installed or changed."


def resolve(needs: Sequence[Need], environment: Environment) -> tuple[Change, ...]:
    """Return what pip would install so that all needs are met; nothing if they are; PackError if they cannot be.

    What is met already is not looked up anywhere.
    """
    refuse(environment.pin_conflicts(needs))
    if all(environment.has(need) for need in needs):
        return ()
    with tempfile.TemporaryDirectory() as folder:
        limits, report = Path(folder, "constraints.txt"), Path(folder, "report.json")
        limits.write_text("\n".join(environment.constraints()), encoding="utf-8")
        words = [str(need.requirement) for need in needs]
        done = _pip("install", "--dry-run", "--report", str(report), "--constraint", str(limits), "--", *words)
        if done.returncode:
            raise PackError("\n".join((*environment.conflicts(needs), _said(done), NOT_INSTALLED)))
        document = json.loads(report.read_text(encoding="utf-8"))
    changes = tuple(_change(each["metadata"], environment) for each in document["install"])
    refuse(environment.broken_by(changes))
    return changes


def refuse(sentences: Sequence[str]) -> None:
    """Raise PackError if there are sentences."""
    if sentences:
        raise PackError("\n".join((*sentences, NOT_INSTALLED)))


@contextmanager
def installed(changes: Sequence[Change], tell: Tell) -> Iterator[None]:
    """Install what was resolved, that and nothing else; put the packages back if it, or what is done inside, fails."""
    if not changes:
        yield
        return
    try:
        for change in changes:
            tell(f"pip installs {change}.")
        done = _pip("install", "--no-deps", "--", *(f"{change.name}=={change.version}" for change in changes))
        if done.returncode:
            raise PackError(_said(done))
        yield
    except BaseException:
        _put_back(changes, tell)
        raise


def download(requirement: str, folder: Path) -> Path:
    """Fetch the wheel of a package, without what it needs; return its path."""
    done = _pip("download", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), "--", requirement)
    if done.returncode:
        raise PackError(f"{requirement} cannot be fetched as a wheel.\n{_said(done)}")
    return next(folder.glob("*.whl"))


def _put_back(changes: Sequence[Change], tell: Tell) -> None:
    """Bring back the versions from before, as far as they changed, and say what cannot be brought back."""
    now = environment_here().versions
    changed = [change for change in changes if now.get(canonicalize_name(change.name)) != change.before]
    new = [change.name for change in changed if change.before is None]
    old = [f"{change.name}=={change.before}" for change in changed if change.before is not None]
    if new:
        _undo(new, _pip("uninstall", "--yes", "--", *new), "removed again", tell)
    if old:
        _undo(old, _pip("install", "--no-deps", "--", *old), "put back", tell)


def _undo(names: Sequence[str], done: subprocess.CompletedProcess[str], word: str, tell: Tell) -> None:
    if not done.returncode:
        tell(f"These packages were {word}: {', '.join(names)}.")
        return
    tell(f"These packages could not be {word}, do it by hand: {', '.join(names)}.\n{_said(done)}")


def _change(metadata: dict[str, Any], environment: Environment) -> Change:
    name, version = str(metadata["name"]), str(metadata["version"])
    needs = tuple(parsed(name, metadata.get("requires_dist", ())))
    return Change(name, version, environment.versions.get(canonicalize_name(name)), needs)


def _pip(command: str, *words: str) -> subprocess.CompletedProcess[str]:
    # -P: a folder named pip where the user stands is not the pip that is meant
    line = [sys.executable, "-P", "-m", "pip", command, *QUIET, *words]
    return subprocess.run(line, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)


def _said(done: subprocess.CompletedProcess[str]) -> str:
    _, cause, rest = done.stdout.partition("The conflict is caused by:")  # pip tells that as if it were no error
    lines = [line.strip() for line in (done.stderr + cause + rest).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("WARNING", "[notice]"))] or lines
    return "\n".join(("pip says:", *(f"  {line}" for line in lines[:MOST_LINES])))
