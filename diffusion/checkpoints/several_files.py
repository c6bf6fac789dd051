"""Models in several files, which loaders do not read: parts with a number in their names, and folders of diffusers.

shard = shard_of(path)       # None if the name says nothing of parts
whole = shard.whole()        # the header of all parts together
describe_folder(path)        # what a folder of diffusers holds, by its model_index.json or config.json
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from diffusion.checkpoints.description import DIFFUSERS, UNKNOWN, Description
from diffusion.checkpoints.header import Header, read_header

NUMBERED = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<end>\.\w+)")
INDEX, CONFIG, CLASS = "model_index.json", "config.json", "_class_name"
ARCHITECTURES = "architectures"  # of a config of transformers
REMEDY = "Loaders read a model from one file: get it as a single safetensors file in the original layout, or as GGUF."


class Shard(NamedTuple):
    """A part of a model by its number, of how many, and the paths of all of them."""

    number: int
    paths: tuple[Path, ...]

    @property
    def missing(self) -> tuple[Path, ...]:
        """The parts that are not there."""
        return tuple(path for path in self.paths if not path.is_file())

    def whole(self) -> Header:
        """Return the header of all parts together; CheckpointError if one is missing or damaged."""
        headers = [read_header(path) for path in self.paths]
        return Header(
            self.paths[0],
            {name: info for header in headers for name, info in header.tensors.items()},
            headers[0].metadata,
            sum(header.nbytes for header in headers),
            {name: info for header in headers for name, info in header.packed.items()},
            headers[0].is_gguf,
        )

    def note(self, what: str) -> str:
        """Say what this is a part of, and what to do."""
        name = self.paths[self.number - 1].name
        lacks = f" {', '.join(path.name for path in self.missing)} is not there." if self.missing else ""
        return f"{name}: this is part {self.number} of {len(self.paths)} of a model{what}.{lacks} {REMEDY}"


def shard_of(path: Path) -> Shard | None:
    """Return which part of a model a file is, going by its name; None if it is one by itself."""
    match = NUMBERED.fullmatch(path.name)
    if match is None or not 1 <= int(match["number"]) <= int(match["count"]) or int(match["count"]) < 2:
        return None
    count = match["count"]
    paths = (path.with_name(f"{match['stem']}-{each:05}-of-{count}{match['end']}") for each in range(1, int(count) + 1))
    return Shard(int(match["number"]), tuple(paths))


def describe_folder(path: Path) -> Description:
    """Return what a folder is."""
    nbytes = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    index, config = _read(path / INDEX), _read(path / CONFIG)
    told = index or config
    if not told:
        files = "safetensors or GGUF file"
        return Description(UNKNOWN, nbytes=nbytes, note=f"{path.name}: this is a folder; name a {files} in it.")
    title = str(told.get(CLASS) or ", ".join(map(str, told.get(ARCHITECTURES) or ())))
    parts = tuple(name for name, each in index.items() if isinstance(each, list) and any(each))
    note = f"{path.name}: this is a model in the layout of diffusers. {REMEDY}"
    return Description(DIFFUSERS, title, parts, nbytes=nbytes, note=note)


def _read(path: Path) -> dict[str, Any]:
    """Return an object of a JSON file; an empty one if there is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
