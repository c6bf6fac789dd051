"""/view: files of the output, input and temp folders, whole, in parts, as previews or as single channels."""

from __future__ import annotations

import asyncio
import posixpath
from pathlib import Path

import msgspec
from aiohttp import hdrs, web

from files.folders import split_annotation
from serving.etags import etag_of
from serving.file_names import OCTET_STREAM, disposition, inside
from serving.images import Encoded, PictureError, Preview, alpha_of, as_preview, colours_of
from serving.refusals import refuse
from serving.routing import route
from serving.sent_file import NOSNIFF, SentFile, file_headers
from serving.site import Site

DEFAULT_QUALITY = 90


class ViewQuery(msgspec.Struct):
    """Which file, and how. preview: `webp` or `jpeg`, perhaps with a quality (`webp;80`); channel: rgba, rgb or a."""

    filename: str = ""
    type: str = "output"
    subfolder: str = ""
    preview: str | None = None
    channel: str = ""


@route(
    "GET",
    "/view",
    summary="A file of the output, input or temp folder",
    errors=(403, 404, 413, 415, 416, 422),
    produces=OCTET_STREAM,
)
async def view(request: web.Request, site: Site, query: ViewQuery) -> web.StreamResponse:
    """Send a file; ranges work on whole files. What could carry a script (SVG, HTML, …) is a download."""
    path = await asyncio.to_thread(find_file, site, query)
    name = posixpath.basename(split_annotation(query.filename)[0])
    try:
        if query.preview is not None:
            preview = read_preview(query)
            made = site.pictures.make(path, str(preview), lambda picture: as_preview(picture, preview))
        elif query.channel == "rgb":
            made = site.pictures.make(path, "rgb", colours_of)
        elif query.channel == "a":
            made = site.pictures.make(path, "a", alpha_of)
        else:
            return SentFile(path, file_headers(name))
        return picture_response(request, path, name, await made)
    except PictureError as error:
        raise refuse(error.status, str(error)) from error
    except OSError as error:
        raise refuse(404, f"{name} is gone: {error.strerror}.") from error


def find_file(site: Site, query: ViewQuery) -> Path:
    """Return the file that a query means: 400, 403 or 404 if there is none."""
    name, annotated = split_annotation(query.filename)
    root = site.folders.root(annotated or query.type)
    if not query.filename:
        raise refuse(404, "No filename is given.")
    if root is None:
        raise refuse(400, f'type: "{query.type}" is no folder; expected input, output or temp.')
    inside(root, name, 400)
    path = inside(root, posixpath.join(query.subfolder, name))
    if not path.is_file():
        raise refuse(404, f"{name} is not there.")
    return path


def read_preview(query: ViewQuery) -> Preview:
    """Return what the parameters `preview` and `channel` ask for, as ComfyUI reads them."""
    wanted, *rest = (query.preview or "").split(";")
    last = rest[-1] if rest else wanted
    quality = min(100, int(last[:4])) if last.isascii() and last.isdigit() else DEFAULT_QUALITY
    format = wanted if wanted in ("webp", "jpeg") and "a" not in query.channel else "webp"
    return Preview(format, quality, query.channel)


def picture_response(request: web.Request, path: Path, name: str, made: Encoded) -> web.Response:
    """Return a picture that was made of a file; 304 if the client has it."""
    headers = {hdrs.CONTENT_DISPOSITION: disposition("inline", name), hdrs.CACHE_CONTROL: "no-cache", **NOSNIFF}
    response = web.Response(body=made.data, content_type=made.content_type, headers=headers)
    response.etag = etag_of(path)
    known = request.if_none_match or ()
    if any(tag.value in ("*", response.etag.value) for tag in known if response.etag):
        unchanged = web.Response(status=304, headers=headers)
        unchanged.etag = response.etag
        return unchanged
    return response
