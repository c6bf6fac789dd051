"""What files are called over HTTP: which names clients may give, what type a name means, how a name is told in a header."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from files.containment import FolderError, resolved_below
from serving.refusals import refuse

MAX_NAME_BYTES = 255  # of one part of a path; what common file systems take
OCTET_STREAM = "application/octet-stream"

# The interpreter's own table, so that answers do not depend on the machine's, and what it lacks.
CONTENT_TYPES: Mapping[str, str] = {
    **mimetypes.MimeTypes().types_map[True],
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".js": "text/javascript",
    ".jxl": "image/jxl",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mkv": "video/x-matroska",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".yaml": "text/plain",
}
SHOWN_FAMILIES = frozenset({"image", "video", "audio", "model"})
SHOWN_TEXTS = frozenset({"text/plain", "text/csv", "text/markdown", "application/json"})


def content_type_of(name: str) -> str:
    """Return the type by the end of a name."""
    return CONTENT_TYPES.get(os.path.splitext(name)[1].lower(), OCTET_STREAM)


def is_shown(content_type: str) -> bool:
    """Return whether a browser may show a type in place: it can carry no script. What is not known cannot be shown."""
    is_xml = content_type.endswith("xml")  # SVG among them
    return content_type in SHOWN_TEXTS or (content_type.partition("/")[0] in SHOWN_FAMILIES and not is_xml)


def disposition(kind: str, name: str) -> str:
    """Return a Content-Disposition (RFC 6266): the name in ASCII, and whole in UTF-8 if that is not the same."""
    ascii_name = "".join(sign if " " <= sign <= "~" and sign not in '"\\%' else "_" for sign in name)
    if ascii_name == name:
        return f'{kind}; filename="{name}"'
    whole = quote(name.encode("utf-8", "replace"), safe="")
    return f"{kind}; filename=\"{ascii_name}\"; filename*=UTF-8''{whole}"


def check_new_name(name: str) -> str:
    """Return the name of a file to write, "/" between its folders; 400 if a file system or a header would stumble over it."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise refuse(
            400, f"{_brief(name)} is no name of a file; expected a name, or folders and a name with single slashes."
        )
    if "\\" in name or not all(sign.isprintable() for sign in name):
        raise refuse(400, f"{_brief(name)} has a backslash or a sign that cannot be printed; choose another name.")
    if any(len(part.encode()) > MAX_NAME_BYTES for part in parts):
        raise refuse(400, f"{_brief(name)} is longer than {MAX_NAME_BYTES} bytes; choose a shorter name.")
    return name


def inside(root: Path, name: str, status: int = 403) -> Path:
    """Return the real path of a name that a client gave; refused with `status` if that is outside the root."""
    try:
        return resolved_below(root, name)
    except FolderError as error:
        raise refuse(status, str(error)) from error


def _brief(name: str) -> str:
    return ascii(name if len(name) <= 80 else f"{name[:77]}…")
