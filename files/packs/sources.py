"""Source: where a pack comes from, read out of what somebody typed.

source_of("https://example.org/rain.git@v2")  # Source(Kind.GIT, "https://example.org/rain.git", "v2")
source_of("noise-nodes==1.2").kind            # Kind.PACKAGE
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from files.packs.errors import PackError
from files.packs.find import OFF

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
SSH = re.compile(r"[\w.-]+@[\w.-]+:(?!//)")  # git@host:owner/name.git
SCHEMES = ("https", "http", "ssh", "git", "file")
MAIN = re.compile(r"-(main|master)$")  # what forges append to the name of an archive


class Kind(Enum):
    """How a pack is fetched."""

    GIT = "git"
    ZIP = "zip"
    FOLDER = "folder"
    PACKAGE = "package"  # of a package index


@dataclass(frozen=True)
class Source:
    """Where a pack comes from. place: URL, absolute path or a package's name; ref: branch, tag, commit or version."""

    kind: Kind
    place: str
    ref: str | None = None

    @property
    def is_remote(self) -> bool:
        """Whether it is fetched by a URL."""
        return "://" in self.place or SSH.match(self.place) is not None

    @property
    def pack_name(self) -> str:
        """The name that the pack has if nobody chooses one."""
        if self.kind is Kind.PACKAGE:
            return canonicalize_name(self.place)
        last = re.split(r"[/\\:]", self.place.partition("?")[0].rstrip("/\\"))[-1]
        return MAIN.sub("", last.removesuffix(".git").removesuffix(".zip"))

    def __str__(self) -> str:
        glue = "==" if self.kind is Kind.PACKAGE else "@"
        return f"{self.place}{glue}{self.ref}" if self.ref else self.place


def source_of(text: str) -> Source:
    """Return what a text means: a URL, a path that is there, or the name of a package; PackError if it is none."""
    scheme = urlsplit(text.removeprefix("git+")).scheme if "://" in text else ""
    if scheme and scheme not in SCHEMES:
        raise PackError(f"{text}: {scheme}:// is not fetched; use one of {', '.join(SCHEMES)}.")
    if scheme or SSH.match(text):
        return _remote(text)
    local = _local(text) if text else None  # an empty path would be the current folder
    return _package(text) if local is None else local


def checked_name(name: str) -> str:
    """Return a pack's name; PackError if it could be no folder of custom_nodes on every system."""
    if not SAFE_NAME.fullmatch(name) or name.lower().endswith((OFF, ".py")) or name.startswith("__"):
        raise PackError(f'"{name}" is no name for a pack: letters, digits, -, _ and dots; give another by --name.')
    return name


def _remote(text: str) -> Source:
    address = text.removeprefix("git+")
    if urlsplit(address).path.lower().endswith(".zip") and not text.startswith("git+"):
        if not address.startswith(("https://", "http://")):
            raise PackError(f"{text}: archives are fetched by https:// or http://; name a local one by its path.")
        return Source(Kind.ZIP, address)
    start = address.find("/", address.find("://") + 3) if "://" in address else address.find(":")
    place, at, ref = address[start:].partition("@")
    if at and not ref:
        raise PackError(f"{text}: after the @ a branch, a tag or a commit is expected.")
    return Source(Kind.GIT, address[:start] + place, ref or None)


def _local(text: str) -> Source | None:
    whole = Path(text).expanduser()
    if whole.exists():
        return _at(whole, None)
    place, at, ref = text.rpartition("@")
    path = Path(place).expanduser()
    if at and place and ref and path.exists():
        found = _at(path, ref)
        if found.kind is not Kind.GIT:
            raise PackError(f"{path} is no git repository, so it has no {ref}.")
        return found
    return None


def _at(path: Path, ref: str | None) -> Source:
    path = path.resolve()
    if path.is_dir():
        is_git = (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())
        return Source(Kind.GIT if is_git else Kind.FOLDER, str(path), ref)
    if path.suffix.lower() == ".zip":
        return Source(Kind.ZIP, str(path))
    raise PackError(
        f"{path} is neither a folder nor a zip file; a single .py file is copied into custom_nodes by hand."
    )


def _package(text: str) -> Source:
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        raise PackError(
            f'"{text}" is no URL, no path that is there, and no name of a package. Give one of: a git URL or path (@ref at '
            "the end), a zip file or its URL, a folder, a package's name (==version at the end)."
        ) from None
    versions = list(wanted.specifier)
    exact = len(versions) == 1 and versions[0].operator == "==" and "*" not in versions[0].version
    if wanted.url or wanted.extras or wanted.marker or (versions and not exact):
        raise PackError(f'"{text}": of a package, its name and ==version are expected.')
    return Source(Kind.PACKAGE, wanted.name, versions[0].version if versions else None)
