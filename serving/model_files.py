"""Files of models as clients see them: lists with times and sizes, what a safetensors file says of itself, its picture."""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from files.containment import names_below
from files.folders import Folders
from serving.file_names import content_type_of

MIB = 2**20
MAX_METADATA_BYTES = MIB  # ComfyUI's; a longer header is not searched for texts
MAX_COVER_BYTES = 8 * MIB  # ComfyUI's, of a header that may hold pictures
HEADER_LENGTH = struct.Struct("<Q")


class ModelFile(msgspec.Struct, rename="camel"):
    """A model and where it lies: `path_index` counts the folders of its kind. Times in seconds since 1970."""

    name: str
    path_index: int
    modified: float
    created: float
    size: int


def list_models(folders: Folders, kind: str) -> list[ModelFile]:
    """Return the models of a kind, folder by folder."""
    return [
        ModelFile(name, index, found.st_mtime, found.st_ctime, found.st_size)
        for index, root in enumerate(folders.model_roots(kind))
        for name in sorted(names_below(root, folders.suffixes(kind)))
        if (found := _stat(root / name))
    ]


def read_metadata(path: Path, limit: int = MAX_METADATA_BYTES) -> dict[str, Any] | None:
    """Return the texts in a safetensors file's header; None if it has none, is longer than `limit` or is broken."""
    try:
        with path.open("rb") as file:
            (length,) = HEADER_LENGTH.unpack(file.read(HEADER_LENGTH.size))
            if length > limit:
                return None
            header = msgspec.json.decode(file.read(length))
    except (OSError, struct.error, msgspec.DecodeError, RecursionError):
        return None
    found = header.get("__metadata__") if isinstance(header, dict) else None
    return found if isinstance(found, dict) else None


def find_cover(model: Path) -> Path | BytesIO | None:
    """Return a model's picture: beside it, as NAME.png or NAME.preview.png, or within its metadata."""
    beside = sorted(_pictures_beside(model))
    if beside:
        return beside[0]
    texts = read_metadata(model.with_suffix(".safetensors"), MAX_COVER_BYTES) or {}
    try:
        covers = msgspec.json.decode(texts.get("ssmd_cover_images", "[]"), type=list[str])
        return BytesIO(base64.b64decode(covers[0])) if covers else None
    except (ValueError, TypeError, RecursionError):
        return None


def _pictures_beside(model: Path) -> Iterator[Path]:
    """Yield the pictures whose name is the model's; links that lead to files elsewhere are left out."""
    stems = (model.stem, f"{model.stem}.preview")
    if not model.parent.is_dir():
        return
    for path in model.parent.iterdir():
        is_picture = content_type_of(path.name).startswith("image/")
        if path.stem in stems and is_picture and path.is_file() and not path.is_symlink():
            yield path


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
