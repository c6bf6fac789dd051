"""PackCheck: all that `weft nodes check` tells of a pack. It crosses from the process that looked as JSON."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from runtime.packs.report import PackProblem, PackState

V1, V3, BOTH = "V1", "V3", "V1, V3"


@dataclass(frozen=True)
class Feature:
    """Something of ComfyUI that a pack uses. api: of which generation; nodes: where, if it belongs to nodes."""

    api: str
    name: str
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lack:
    """A name that is not here. is_optional: the pack goes on without it; is_late: wanted only when a function runs."""

    name: str
    file: str
    line: int
    is_optional: bool = False
    is_late: bool = False


@dataclass(frozen=True)
class Patch:
    """A name of ComfyUI that a pack replaces although nothing of Weft goes through it. No line: it was seen to happen."""

    name: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Script:
    """A file for browsers, and the editor that loads it: `weft` or `comfyui`."""

    file: str
    editor: str


@dataclass(frozen=True)
class Requirement:
    """What is not installed, or not as the pack wants it. found: the version that there is; file: of an import."""

    text: str
    found: str | None = None
    file: str | None = None
    line: int | None = None
    is_optional: bool = False


@dataclass(frozen=True)
class PackCheck:
    """What was found. state: as in a PackReport, of a process that has this pack alone."""

    name: str
    path: str
    kind: str
    state: str = PackState.FAILED.value
    version: str | None = None
    seconds: float = 0.0
    nodes: tuple[str, ...] = ()
    problems: tuple[PackProblem, ...] = ()
    notes: tuple[str, ...] = ()
    features: tuple[Feature, ...] = ()
    lacking: tuple[Lack, ...] = ()
    patches: tuple[Patch, ...] = ()
    scripts: tuple[Script, ...] = ()
    requirements: tuple[Requirement, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether all of it works, as far as can be seen before anything runs."""
        wanted: list[Lack | Requirement] = [*self.lacking, *self.requirements]
        return self.state == PackState.LOADED.value and all(each.is_optional for each in wanted)

    def document(self) -> bytes:
        """Return it as JSON."""
        return msgspec.json.encode(self)


def read_check(document: bytes) -> PackCheck:
    """Return what `document` gave."""
    return msgspec.json.decode(document, type=PackCheck)
