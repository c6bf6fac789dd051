"""What the tests of installation work on: base folders, repositories, wheels, a Python to install into. No network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import threading
import venv
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from cli.app import app

ROOT = Path(__file__).parents[3]
NODE = """
from graph.spec import node

@node(category="weather")
def Rain(value: int = 1) -> int:
    '''Let it rain.'''
    return value
"""


FULL = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (0, 0)); from cli.app import app; app()"


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    text: str


class Site:
    """A base folder, and commands on it in this process; none of them may come to installing with pip."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.packs = base / "custom_nodes"
        self.packs.mkdir(parents=True)

    def weft(self, *words: object) -> Ended:
        line = ["nodes", *map(str, words), "--base-directory", str(self.base)]
        done = CliRunner().invoke(app, line)
        return Ended(done.exit_code, done.output)

    def weft_on_a_full_disk(self, *words: object) -> Ended:
        """Run a command in a process that can make files, but write nothing into them."""
        line = [sys.executable, "-B", "-c", FULL, "nodes", *map(str, words), "--base-directory", str(self.base)]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300)
        return Ended(done.returncode, done.stdout + done.stderr)

    def state(self) -> dict[str, bytes | None]:
        """All that is there, to see that nothing changed."""
        paths = sorted(self.packs.rglob("*"))
        return {str(path): path.read_bytes() if path.is_file() else None for path in paths}


class OwnPython(Site):
    """A base folder with a Python that has what the tests have, and into which pip may install."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        home = base / "python"
        venv.create(home, with_pip=False, symlinks=True)
        self.python = home / "bin" / "python"
        self.site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
        (self.site / "shared.pth").write_text(sysconfig.get_path("purelib"))
        self.index = base / "index"
        self.index.mkdir()

    def weft(self, *words: object) -> Ended:
        environment = {
            **os.environ,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
            "PIP_CONFIG_FILE": os.devnull,
        }
        line = [self.python, ROOT / "main.py", "nodes", *map(str, words), "--base-directory", str(self.base)]
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        return Ended(done.returncode, done.stdout + done.stderr)

    def installed(self) -> set[str]:
        """The names and versions of what pip installed here."""
        return {path.name.removesuffix(".dist-info") for path in self.site.glob("*.dist-info")}


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def git(repository: Path, *words: str) -> str:
    """Run git in a repository, as somebody without settings."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *who, *words], cwd=repository, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(repository: Path, tag: str | None = None) -> str:
    """Commit all files; return the commit's id."""
    if not (repository / ".git").exists():
        git(repository, "init", "--quiet")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "a")
    if tag:
        git(repository, "tag", tag)
    return git(repository, "rev-parse", "HEAD")


def wheel(
    folder: Path, name: str, version: str, files: Mapping[str, str] | None = None, needs: tuple[str, ...] = ()
) -> Path:
    """Write a wheel; without files it has one module of its name."""
    info = f"{name}-{version}.dist-info"
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {need}" for need in needs),
    ]
    members = {
        **(files or {f"{name}.py": f"version = {version!r}\n"}),
        f"{info}/METADATA": "\n".join((*lines, "")),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in members.items():
            archive.writestr(member, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{each},,\n" for each in (*members, f"{info}/RECORD")))
    return path
