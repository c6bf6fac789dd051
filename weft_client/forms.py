"""Multipart forms: a file and a few fields as the body of a request."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import NamedTuple


class Form(NamedTuple):
    """A body and what its header says."""

    content_type: str
    body: bytes


def make_form(file_name: str, data: bytes, fields: Mapping[str, str]) -> Form:
    """Return a form with the file as `image`, the name under which ComfyUI's routes expect any file."""
    boundary = f"weft-{uuid.uuid4().hex}"
    parts = [_part(boundary, f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts.append(_part(boundary, f'name="image"; filename="{_quoted(file_name)}"', data))
    return Form(f"multipart/form-data; boundary={boundary}", b"".join([*parts, f"--{boundary}--\r\n".encode()]))


def _part(boundary: str, about: str, data: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode() + data + b"\r\n"


def _quoted(name: str) -> str:
    """Write a name as browsers do (WHATWG, multipart/form-data)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
