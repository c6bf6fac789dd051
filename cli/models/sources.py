"""Where a file comes from: an address, or a file of a model hub.

source_of("org/repo/vae/model.safetensors", None).address
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from cli.report import UsageError

HUB_FILE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+?)(@(?P<revision>[\w.-]+))?/(?P<file>[^\s?#]+)")
PAGE = "/blob/"  # the page of a file of a hub, in place of the file itself
FILE = "/resolve/"


class Remote(NamedTuple):
    """A file to fetch. is_hub: it is one of a model hub, which may want a token and tells the file's SHA-256."""

    address: str
    name: str
    is_hub: bool


def source_of(text: str, endpoint: str | None) -> Remote:
    """Return what a text names; UsageError if it is neither an address nor a file of a hub."""
    if "://" in text:
        return _address(text)
    match = HUB_FILE.fullmatch(text)
    if match is None or ".." in text.split("/"):
        raise UsageError(
            f'"{text}" is no source; write an address (https://…) or a file of a model hub: ORG/REPOSITORY/FILE.'
        )
    from huggingface_hub import hf_hub_url

    revision = match["revision"] or "main"
    address = hf_hub_url(match["repo"], match["file"], revision=revision, endpoint=(endpoint or "").rstrip("/") or None)
    return Remote(address, match["file"].rsplit("/", 1)[-1], True)


def _address(text: str) -> Remote:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f'"{text}" cannot be fetched; addresses begin with https:// or http://.')
    path = parts.path.replace(PAGE, FILE, 1) if PAGE in parts.path else parts.path
    return Remote(parts._replace(path=path, fragment="").geturl(), unquote(path.rsplit("/", 1)[-1]), False)
