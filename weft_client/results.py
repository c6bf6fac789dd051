"""What comes back: events while a job runs, its result, and the files in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from weft_client.connection import Connection

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"})
OVER = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True)
class JobEvent:
    """Something that happened in a job: a message of ComfyUI's WebSocket (`executing`, `progress`, `executed` …)."""

    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class OutputFile:
    """A file that a job wrote. folder: `output`, `temp` or `input`."""

    filename: str
    subfolder: str
    folder: str
    node_id: str
    connection: Connection = field(repr=False, compare=False)

    @property
    def is_picture(self) -> bool:
        """Whether the file is a picture, by its name."""
        return PurePosixPath(self.filename).suffix.lower() in PICTURES

    def bytes(self) -> bytes:
        """Return what is in the file."""

        def fetch() -> bytes:
            with self.connection.open("GET", "/view", **self._query) as response:
                return response.read()

        return self.connection.patiently(fetch)

    def save(self, path: str | Path) -> Path:
        """Write the file to a path, or into a folder under its own name; return where it is."""
        target = Path(path)
        if target.is_dir():
            target /= PurePosixPath(self.filename.replace("\\", "/")).name
        with self.connection.open("GET", "/view", **self._query) as response, target.open("wb") as file:
            shutil.copyfileobj(response, file)
        return target

    @property
    def _query(self) -> dict[str, Any]:
        return {"filename": self.filename, "subfolder": self.subfolder, "type": self.folder}


@dataclass(frozen=True)
class Result:
    """What became of a job. state: `completed`, `failed` or `cancelled`; outputs: what nodes show, by node id."""

    job_id: str
    state: str
    outputs: Mapping[str, Any]
    error: Mapping[str, Any]
    connection: Connection = field(repr=False, compare=False)

    def files(self) -> list[OutputFile]:
        """Return all files that nodes show: pictures, videos, sounds …"""
        return [each for node_id, shown in self.outputs.items() for each in self._files_of(node_id, shown)]

    def images(self) -> list[OutputFile]:
        """Return the pictures, saved ones and previews."""
        return [each for each in self.files() if each.is_picture]

    def texts(self) -> list[str]:
        """Return the texts that nodes show."""
        shown = (values.get("text", ()) for values in self.outputs.values() if isinstance(values, Mapping))
        return [str(text) for texts in shown for text in ([texts] if isinstance(texts, str) else texts)]

    def _files_of(self, node_id: str, shown: Any) -> Iterator[OutputFile]:
        groups = shown.values() if isinstance(shown, Mapping) else ()
        for entry in (entry for group in groups if isinstance(group, list) for entry in group):
            if isinstance(entry, Mapping) and "filename" in entry:
                folder, subfolder = entry.get("type", "output"), entry.get("subfolder", "")
                yield OutputFile(entry["filename"], subfolder, folder, node_id, self.connection)
