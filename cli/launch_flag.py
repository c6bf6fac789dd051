"""LaunchFlag: what the table of `weft serve` says of one flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

EVERYWHERE = "0.0.0.0,::"  # what --listen means without an address
MAX_PORT = 65_535


class Section(Enum):
    """Under which heading `--help` shows a flag."""

    SERVER = "Server"
    ACCESS = "Access"
    FOLDERS = "Folders"
    ENGINE = "Engine, as in `weft run`"
    IDLE = "Without effect here"


@dataclass(frozen=True)
class LaunchFlag:
    """One flag, named without dashes.

    values: argparse's nargs, 0 for a switch. bare: what the flag means without a value. repeats: it may be given more
    than once. group: of the flags of a group only one may be given. is_for_worker: it is passed on as it is.
    """

    name: str
    section: Section
    help: str
    values: int | str | None = 0
    metavar: str | None = None
    kind: Callable[[str], object] = str
    bare: object = None
    repeats: bool = False
    choices: tuple[str, ...] | None = None
    group: str = ""
    is_for_worker: bool = False

    @property
    def field(self) -> str:
        """The attribute of what was parsed."""
        return self.name.replace("-", "_")
