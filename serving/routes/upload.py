"""Uploads: pictures and other files into the input, output and temp folders, and masks onto pictures that are there."""

from __future__ import annotations

import asyncio
import json
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from files.folders import split_annotation
from serving.file_names import inside
from serving.file_store import place, place_new, telling_disk_errors, temporary_beside, write_all
from serving.images import PictureError, with_mask
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.uploads import Form, receiving_form

MASK_FORMATS: Mapping[str, str] = {".png": "png", ".webp": "webp"}


class Uploaded(msgspec.Struct):
    """Where an upload is: what `/view` and LoadImage take."""

    name: str
    subfolder: str
    type: str


class ImageForm(msgspec.Struct):
    """What is uploaded, and where to.

    image: the file; any file, not only pictures.
    type: input, temp or output.
    overwrite: "true" replaces a file of that name.
    """

    image: bytes
    type: str = "input"
    subfolder: str = ""
    overwrite: str = "false"


class MaskForm(ImageForm):
    """A mask for a picture that is there.

    image: a picture whose alpha is the mask.
    original_ref: the other picture, as JSON with filename, subfolder and type.
    """

    original_ref: str = ""


class Original(msgspec.Struct):
    """The picture that a mask is for."""

    filename: str
    subfolder: str = ""
    type: str = "output"


@route("POST", "/upload/image", summary="Put a file into a folder", errors=(403, 413, 507), form=ImageForm)
async def upload_image(request: web.Request, site: Site) -> Uploaded:
    """Take a form with `image`, `type`, `subfolder`, `overwrite`; another file of that name makes it "name (1).png"."""
    async with receiving_form(request, "image", site.folders.input, site.settings.max_upload_bytes) as form:
        return await asyncio.to_thread(_settle, site, form, form.file.path)


@route(
    "POST",
    "/upload/mask",
    summary="Put a picture with a mask into a folder",
    errors=(403, 404, 413, 415, 422, 507),
    form=MaskForm,
)
async def upload_mask(request: web.Request, site: Site) -> Uploaded:
    """Take a form as for `/upload/image` with `original_ref`: that picture is stored with the alpha of the upload."""
    async with receiving_form(request, "image", site.folders.input, site.settings.max_upload_bytes) as form:
        original = _find_original(site, form.fields.get("original_ref"))
        target_format = MASK_FORMATS.get(posixpath.splitext(form.file_name)[1].lower())
        if target_format is None:
            raise refuse(
                400, f"{form.file_name} does not end in {' or '.join(MASK_FORMATS)}; masks need a format with alpha."
            )
        try:
            found = await site.pictures.run(lambda: with_mask(original, form.file.path, target_format))
        except PictureError as error:
            raise refuse(error.status, str(error)) from error
        return await asyncio.to_thread(_settle_data, site, form, found.data)


def _settle_data(site: Site, form: Form, data: bytes) -> Uploaded:
    near = temporary_beside(form.file.path)
    try:
        with telling_disk_errors(), near.open("xb", buffering=0) as file:
            write_all(file.fileno(), data)
        return _settle(site, form, near)
    finally:
        near.unlink(missing_ok=True)


def _settle(site: Site, form: Form, source: Path) -> Uploaded:
    """Move a file to where its form wants it."""
    kind = form.fields.get("type") or "input"
    root = _root(site, kind)
    subfolder = form.fields.get("subfolder", "")
    folder = inside(root, posixpath.normpath(subfolder) if subfolder else ".", 400)
    target = inside(root, posixpath.join(folder_name(subfolder), form.file_name), 400)
    if target.is_dir() or not target.is_relative_to(folder):
        raise refuse(400, f"{form.file_name} is a folder or leads elsewhere; choose another name.")
    if form.fields.get("overwrite") in ("true", "1"):
        place(source, target)
        return Uploaded(form.file_name, subfolder, kind)
    placed = place_new(source, target)
    return Uploaded(posixpath.join(posixpath.dirname(form.file_name), placed.name), subfolder, kind)


def folder_name(subfolder: str) -> str:
    """Return a subfolder as part of a name."""
    return "" if subfolder in ("", ".") else posixpath.normpath(subfolder)


def _find_original(site: Site, text: str | None) -> Path:
    """Return the file of an `original_ref`."""
    try:
        original = msgspec.convert(json.loads(text or ""), Original)
    except (ValueError, RecursionError) as error:
        raise refuse(400, f"original_ref is not a picture: {error}; expected {{filename, subfolder, type}}.") from error
    name, annotated = split_annotation(original.filename)
    root = _root(site, annotated or original.type)
    inside(root, name, 400)
    path = inside(root, posixpath.join(folder_name(original.subfolder), name))
    if not path.is_file():
        raise refuse(404, f"{original.filename} is not there; upload it before its mask.")
    return path


def _root(site: Site, kind: Any) -> Path:
    root = site.folders.root(kind)
    if root is None:
        raise refuse(400, f'type: "{kind}" is no folder; expected input, output or temp.')
    return root
