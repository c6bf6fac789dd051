"""Pack: a folder or a single Python file in a folder of node packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

OFF = ".disabled"  # how a name ends that is switched off; ComfyUI-Manager also has a folder of that name


@dataclass(frozen=True)
class Pack:
    """A node pack. name: its folder's, or its file's without `.py`; path: that folder or file."""

    name: str
    path: Path
    is_file: bool = False

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.path.parent if self.is_file else self.path

    @property
    def entry(self) -> Path:
        """The file that is imported first; a folder need not have it."""
        return self.path if self.is_file else self.path / "__init__.py"

    @property
    def module(self) -> str:
        """The name under which it is imported. A dot would cut it: `my.pack` is imported as `my_x_pack`."""
        return f"custom_nodes.{self.name.replace('.', '_x_')}"


def find_packs(roots: Iterable[Path]) -> list[Pack]:
    """Return the packs in some folders, by name; of two with one name the one in the earlier folder.

    Hidden ones, `__pycache__` and its like, what is switched off (`NAME.disabled`) and files of other kinds are none.
    """
    found: dict[str, Pack] = {}
    for path in _entries(roots):
        if not path.name.endswith(OFF) and (pack := _pack_at(path)) is not None:
            found.setdefault(pack.name, pack)
    return [found[name] for name in sorted(found, key=lambda name: (name.lower(), name))]


def find_switched_off(roots: Iterable[Path]) -> list[Pack]:
    """Return the packs that are switched off: `NAME.disabled`, and what lies in a folder `.disabled`."""
    roots = list(roots)
    named = [path for path in _entries(roots) if path.name.endswith(OFF)]
    moved = list(_entries(root / OFF for root in roots))
    packs = [_pack_at(path, path.name.removesuffix(OFF)) for path in (*named, *moved)]
    return [pack for pack in packs if pack is not None]


def _entries(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        for path in sorted(root.iterdir()) if root.is_dir() else ():
            if not path.name.startswith((".", "__")):
                yield path


def _pack_at(path: Path, name: str | None = None) -> Pack | None:
    name = path.name if name is None else name
    if path.is_dir():
        return Pack(name, path)
    return Pack(name.removesuffix(".py"), path, is_file=True) if name.endswith(".py") and path.is_file() else None
