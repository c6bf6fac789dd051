"""Which models there are, what they say of themselves, and their pictures."""

from __future__ import annotations

import asyncio
import posixpath
from typing import Any

import msgspec
from aiohttp import web

from files.containment import FolderError, contained
from graph.nearest import did_you_mean
from serving.file_names import inside
from serving.images import Encoded, PictureError, Preview, as_preview, on_picture
from serving.model_files import ModelFile, find_cover, list_models, read_metadata
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.workers import WorkerError

NOT_MODELS = frozenset({"configs", "custom_nodes"})
COVER = Preview("webp", 80, "rgba")


class ModelFolder(msgspec.Struct):
    """A kind of models, the folders in which they lie, and how their files end."""

    name: str
    folders: list[str]
    extensions: list[str]


class NameQuery(msgspec.Struct):
    """The name of a model."""

    filename: str = ""


@route("GET", "/models", summary="The kinds of models")
async def list_kinds(site: Site) -> list[str]:
    """Return the names that `/models/{folder}` takes."""
    return list(site.folders.models)


@route("GET", "/models/{folder}", summary="The models of a kind", errors=(404,))
async def list_names(site: Site, folder: str) -> list[str]:
    """Return names as nodes take them."""
    return await asyncio.to_thread(site.folders.model_names, known(site, folder))


class ModelDescription(msgspec.Struct, rename={"kind": "is"}):
    """What a file of models is.

    networks: what a checkpoint holds; details: what else its names and sizes tell; note: what is wrong with it.
    """

    kind: str
    family: str
    networks: list[str]
    details: list[str]
    precision: str
    weights: int
    bytes: int
    metadata: dict[str, str]
    note: str


@route("GET", "/api/v1/models/{folder}/{filename:.*}", summary="What a file of models is", errors=(404, 503))
async def describe_model(site: Site, folder: str, filename: str) -> ModelDescription:
    """Return what the file's header tells: family, networks, precision. The worker reads it."""
    names = await asyncio.to_thread(site.folders.model_names, known(site, folder))
    if filename not in names:
        raise refuse(404, f'There is no file "{filename}" among the {folder}{did_you_mean(filename, names)}')
    try:
        told = await site.worker.ask("model", {"folder": folder, "name": filename})
    except WorkerError as error:
        raise refuse(503, str(error)) from error
    return msgspec.convert(told, ModelDescription)


@route("GET", "/embeddings", summary="The embeddings that prompts may name")
async def list_embeddings(site: Site) -> list[str]:
    """Return names without their ends."""
    names = await asyncio.to_thread(site.folders.model_names, "embeddings")
    return [posixpath.splitext(name)[0] for name in names]


@route("GET", "/experiment/models", summary="The kinds of models with their folders")
async def list_folders(site: Site) -> list[ModelFolder]:
    """Return where the models of each kind lie."""
    return [
        ModelFolder(kind, [str(root) for root in roots], sorted(site.folders.suffixes(kind)))
        for kind, roots in site.folders.models.items()
        if kind not in NOT_MODELS
    ]


@route("GET", "/experiment/models/{folder}", summary="The models of a kind with their sizes", errors=(404,))
async def list_files(site: Site, folder: str) -> list[ModelFile]:
    """Return the files of all folders of a kind."""
    return await asyncio.to_thread(list_models, site.folders, known(site, folder))


@route(
    "GET",
    "/experiment/models/preview/{folder}/{path_index}/{filename:.*}",
    summary="A model's picture",
    errors=(403, 404, 413, 415, 422),
)
async def show_cover(site: Site, folder: str, path_index: int, filename: str) -> web.Response:
    """Return the picture beside a model or within it, as WebP. path_index: which folder of the kind."""
    roots = site.folders.model_roots(known(site, folder))
    if not filename:
        raise refuse(400, "No model is named.")
    if not 0 <= path_index < len(roots):
        raise refuse(404, f"There are {len(roots)} folders of {folder}; {path_index} is none of them.")
    model = inside(roots[path_index], filename)
    try:
        made = await site.pictures.run(lambda: _cover(model))
    except PictureError as error:
        raise refuse(error.status, str(error)) from error
    return web.Response(body=made.data, content_type=made.content_type)


@route("GET", "/view_metadata/{folder_name}", summary="What a safetensors file says of itself", errors=(404,))
async def view_metadata(site: Site, folder_name: str, query: NameQuery) -> dict[str, Any]:
    """Return the texts in a model's header."""
    found = await asyncio.to_thread(_metadata, site, known(site, folder_name), query.filename)
    if found is None:
        raise refuse(404, f"There are no metadata of {query.filename or 'a file without a name'}.")
    return found


def known(site: Site, kind: str) -> str:
    """Return a kind of models that there is; else 404."""
    try:
        site.folders.model_roots(kind)
    except FolderError as error:
        raise refuse(404, str(error)) from error
    return kind


def _metadata(site: Site, kind: str, name: str) -> dict[str, Any] | None:
    """Return the metadata of the first file of that name. Links may lead anywhere, as they may for nodes."""
    if not name.endswith(".safetensors"):
        return None
    try:
        paths = [contained(root, name) for root in site.folders.model_roots(kind)]
    except FolderError:
        return None
    return next((read_metadata(path) for path in paths if path.is_file()), None)


def _cover(model: Any) -> Encoded:
    source = find_cover(model)
    if source is None:
        raise PictureError(f"There is no picture of {model.name}.", 404)
    return on_picture(source, lambda picture: as_preview(picture, COVER))
