"""/internal: what ComfyUI's front end asks for beside the public API: the log, the folders, the files in them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec

from files.containment import is_shown
from serving.log_feed import entry_of, terminal_size
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site


class Subscription(msgspec.Struct, rename="camel"):
    """Whether a client wants to hear the log."""

    client_id: str
    enabled: bool


@route("GET", "/internal/logs", summary="The log as one text")
async def get_logs(site: Site) -> str:
    """Return the recent lines, each with its time."""
    return "".join(f"{line['t']} - {line['m']}\n" for line in site.log.entries())


@route("GET", "/internal/logs/raw", summary="The log as entries")
async def get_raw_logs(site: Site) -> dict[str, Any]:
    """Return the recent lines and the size of the terminal."""
    return {"entries": [entry_of(line) for line in site.log.entries()], "size": terminal_size()}


@route("PATCH", "/internal/logs/subscribe", summary="Hear the log, or hear it no more")
async def subscribe(site: Site, body: Subscription) -> None:
    """Send `logs` messages to a client's socket from now on."""
    if body.enabled:
        site.log_feed.add(body.client_id, site.log, site.hub)
    else:
        site.log_feed.remove(body.client_id)


@route("GET", "/internal/folder_paths", summary="The folders of each kind of models")
async def folder_paths(site: Site) -> dict[str, list[str]]:
    """Return paths on the server."""
    return {kind: [str(root) for root in roots] for kind, roots in site.folders.models.items()}


@route("GET", "/internal/files/{directory_type}", summary="The files of the input, output or temp folder")
async def list_files(site: Site, directory_type: str) -> list[str]:
    """Return names with the folder's word, the latest first."""
    root = site.folders.root(directory_type)
    if root is None:
        raise refuse(400, "Invalid directory type")
    return [f"{name} [{directory_type}]" for name in await asyncio.to_thread(_latest_first, root)]


def _latest_first(folder: Path) -> list[str]:
    """Return the files of a folder that are not hidden."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        found = [(each.stat().st_mtime, each.name) for each in entries if each.is_file() and is_shown(each.name)]
    return [name for _, name in sorted(found, reverse=True)]
