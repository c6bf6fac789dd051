"""/userdata: files that front ends keep in the user's folder, workflows above all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import hdrs, web

from serving.file_names import OCTET_STREAM, check_new_name
from serving.file_store import CHUNK_BYTES, move, place, receiving, telling_disk_errors, too_large
from serving.refusals import refuse
from serving.routing import route
from serving.sent_file import SentFile, file_headers
from serving.site import Site
from serving.user_files import (
    Entry,
    FileInfo,
    file_info,
    list_entries,
    shown_path,
    user_path,
    walk_files,
)
from serving.users import root_of

USER_CSS = "user.css"  # the one file that front ends load as it is
# What ComfyUI's editor asks for at its start and is content to find empty; a missing file would be an error in its log.
EMPTY_FILES = {USER_CSS: ("text/css", ""), "comfy.templates.json": ("application/json", "[]")}


class ListQuery(msgspec.Struct):
    """What to list. The words are "true" or anything else."""

    dir: str = ""
    recurse: str = ""
    full_info: str = ""
    split: str = ""


class PathQuery(msgspec.Struct):
    """A folder."""

    path: str = ""


class WriteQuery(msgspec.Struct):
    """How to write: overwrite="false" refuses to replace a file."""

    overwrite: str = "true"
    full_info: str = ""


@route("GET", "/userdata", summary="Files of a folder of the user", errors=(403, 404))
async def list_userdata(request: web.Request, site: Site, query: ListQuery) -> list[Any]:
    """Return names from that folder; with `split` their parts too, with `full_info` sizes and times."""
    if not query.dir:
        raise refuse(400, "Directory not provided")
    folder = user_path(root_of(request, site.settings), query.dir)
    if not folder.is_dir():
        raise refuse(404, "Directory not found")
    is_deep = query.recurse.lower() == "true"
    found = await asyncio.to_thread(lambda: list(walk_files(folder, is_deep=is_deep)))
    if query.full_info.lower() == "true":
        return [file_info(path, name) for name, path in found]
    if query.split.lower() == "true":
        return [[name, *name.split("/")] for name, _ in found]
    return [name for name, _ in found]


@route("GET", "/v2/userdata", summary="All files and folders below a folder of the user", errors=(404,))
async def list_userdata_v2(request: web.Request, site: Site, query: PathQuery) -> list[Entry]:
    """Return entries, folders first."""
    name = unquote(query.path)
    folder = user_path(root_of(request, site.settings), name or ".", 400)
    if not name and not folder.exists():
        return []
    if not folder.exists():
        raise refuse(404, "Requested path not found")
    if not folder.is_dir():
        raise refuse(400, "Requested path is not a directory")
    return await asyncio.to_thread(list_entries, folder, shown_path(name))


@route("GET", "/userdata/{file}", summary="A file of the user", errors=(403, 404, 416), produces=OCTET_STREAM)
async def get_userdata(request: web.Request, site: Site, file: str) -> web.StreamResponse:
    """Send a file as a download, so that it is never shown as a page of this server."""
    root = root_of(request, site.settings)
    if file in EMPTY_FILES and not user_path(root, file).exists():
        content_type, text = EMPTY_FILES[file]
        return web.Response(text=text, content_type=content_type)
    path = _existing(root, file)
    if not path.is_file():
        raise refuse(404, f"{file} is a folder.")
    headers = file_headers(path.name, is_download=True)
    if path == user_path(root, USER_CSS):
        headers |= {hdrs.CONTENT_TYPE: "text/css", hdrs.CONTENT_DISPOSITION: "inline"}
    return SentFile(path, headers)


@route("GET", "/user.css", summary="The user's own styles", produces="text/css", described=False)
async def get_user_css(request: web.Request, site: Site) -> web.StreamResponse:
    """Send what ComfyUI's editor loads beside its own styles."""
    return await get_userdata(request, site, USER_CSS)


@route("POST", "/userdata/{file}", summary="Write a file of the user", errors=(403, 409, 413, 507))
async def post_userdata(request: web.Request, site: Site, file: str, query: WriteQuery) -> str | FileInfo:
    """Write the body as a file; its folders are made."""
    limit = site.settings.max_upload_bytes
    path = _new(root_of(request, site.settings), file)
    may_overwrite = query.overwrite != "false"
    if not may_overwrite and path.exists():
        raise refuse(409, "File already exists")
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    async with receiving(_chunks(request), path.parent, limit) as incoming:
        with telling_disk_errors():
            if not move(incoming.path, path, overwrite=may_overwrite):
                raise refuse(409, "File already exists")
    return _answer(file, path, query)


@route("DELETE", "/userdata/{file}", summary="Delete a file of the user", errors=(403, 404))
async def delete_userdata(request: web.Request, site: Site, file: str) -> web.Response:
    """Delete a file."""
    path = _existing(root_of(request, site.settings), file)
    if path.is_dir():
        raise refuse(400, f"{file} is a folder; only files are deleted.")
    with telling_disk_errors():
        path.unlink(missing_ok=True)
    return web.Response(status=204)


@route("POST", "/userdata/{file}/move/{dest}", summary="Move a file of the user", errors=(403, 404, 409))
async def move_userdata(request: web.Request, site: Site, file: str, dest: str, query: WriteQuery) -> str | FileInfo:
    """Give a file or folder another name."""
    root = root_of(request, site.settings)
    source = _existing(root, file)
    if source.is_dir() and request.can_read_body:  # a file to write in a folder that is called "move"
        return await post_userdata(request, site, f"{file}/move/{dest}", query)
    target = _new(root, dest)
    if target.is_dir() or (query.overwrite == "false" and target.exists()):
        raise refuse(409, "File already exists")
    with telling_disk_errors():
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            os.rename(source, target)
        elif query.overwrite == "false":
            if not move(source, target, overwrite=False):
                raise refuse(409, "File already exists")
        else:
            place(source, target)
    return _answer(dest, target, query)


# Proxies that serve the editor below a path of theirs decode "%2F" on the way, so that names come with their slashes.


@route("GET", "/userdata/{path:.+}", summary="A file of the user", described=False)
async def get_below(request: web.Request, site: Site, path: str) -> web.StreamResponse:
    """Send a file in a folder."""
    return await get_userdata(request, site, path)


@route("POST", "/userdata/{path:.+}", summary="Write or move a file of the user", described=False)
async def post_below(request: web.Request, site: Site, path: str, query: WriteQuery) -> str | FileInfo:
    """Write the body as a file in a folder; without a body, and with "/move/" in the name, move a file."""
    source, found, dest = path.partition("/move/")
    if found and not request.can_read_body:
        return await move_userdata(request, site, source, dest, query)
    return await post_userdata(request, site, path, query)


@route("DELETE", "/userdata/{path:.+}", summary="Delete a file of the user", described=False)
async def delete_below(request: web.Request, site: Site, path: str) -> web.Response:
    """Delete a file in a folder."""
    return await delete_userdata(request, site, path)


def _existing(root: Path, name: str) -> Path:
    path = user_path(root, name)
    if not path.exists() or path == user_path(root, "."):
        raise refuse(404, f"{name} is not there.")
    return path


def _new(root: Path, name: str) -> Path:
    """Return where to write; 403 outside the user's folder, 400 if a folder has that name."""
    path = user_path(root, name)
    check_new_name(shown_path(name))
    if path.is_dir():
        raise refuse(400, f"{name} is a folder; choose another name.")
    return path


def _answer(name: str, path: Path, query: WriteQuery) -> str | FileInfo:
    shown = shown_path(name)
    return file_info(path, shown) if query.full_info.lower() == "true" else shown


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_chunked(CHUNK_BYTES):
        yield chunk
