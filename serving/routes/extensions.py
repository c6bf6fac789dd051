"""What node packs give to browsers: scripts, translations, example workflows, subgraphs and replacements of nodes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import hdrs, web

from serving.file_names import content_type_of, inside
from serving.file_store import telling_disk_errors
from serving.packs import (
    EXAMPLE_FOLDERS,
    find_examples,
    find_scripts,
    find_subgraphs,
    gather_translations,
    pack_folders,
)
from serving.refusals import refuse
from serving.routing import route
from serving.sent_file import NOSNIFF, SentFile
from serving.site import Site

PACKS = "custom_nodes"
SENT_TYPES = frozenset({"application/json", "image/png", "image/jpeg", "image/webp"})


@route("GET", "/extensions", summary="The scripts that browsers load")
async def list_extensions(site: Site) -> list[str]:
    """Return paths below this server: the front end's own scripts, then those of packs."""
    folders = await asyncio.to_thread(_script_folders, site)
    return [f"/extensions/{quote(name)}/{quote(script)}" for name, folder in folders for script in find_scripts(folder)]


@route("GET", "/extensions/{pack}/{path:.*}", summary="A file of a pack for browsers", errors=(403, 404))
async def get_extension(site: Site, pack: str, path: str) -> web.StreamResponse:
    """Send a file as what it is: whoever installed the pack trusts its scripts."""
    for name, folder in _script_folders(site):
        if name == pack and (found := inside(folder, path)).is_file():
            return SentFile(
                found, {hdrs.CONTENT_TYPE: content_type_of(path), hdrs.CACHE_CONTROL: "no-cache", **NOSNIFF}
            )
    raise refuse(404, f"There is no {path} of {pack}.")


@route("GET", "/i18n", summary="Translations of packs by language")
async def translations(site: Site) -> dict[str, Any]:
    """Return the texts of `locales` folders."""
    return await asyncio.to_thread(gather_translations, site.folders.model_roots(PACKS))


@route("GET", "/workflow_templates", summary="Example workflows of packs by pack")
async def list_templates(site: Site) -> dict[str, list[str]]:
    """Return the names of the examples."""
    return await asyncio.to_thread(find_examples, site.folders.model_roots(PACKS))


@route("GET", "/workflow_templates/{pack}/{name}", summary="An example workflow of a pack", errors=(403, 404))
async def get_template(site: Site, pack: str, name: str) -> web.StreamResponse:
    """Send an example, or the picture beside it."""
    for folder in pack_folders(site.folders.model_roots(PACKS)):
        for examples in EXAMPLE_FOLDERS if folder.name == pack else ():
            if (path := inside(folder / examples, name)).is_file() and content_type_of(name) in SENT_TYPES:
                return SentFile(path, {hdrs.CONTENT_TYPE: content_type_of(name), **NOSNIFF})
    raise refuse(404, f"There is no example {name} of {pack}.")


@route("GET", "/global_subgraphs", summary="Subgraphs of packs")
async def list_subgraphs(site: Site) -> dict[str, Any]:
    """Return what there is, by id, without the graphs."""
    found = await asyncio.to_thread(find_subgraphs, site.folders.model_roots(PACKS))
    return {each.id: each.describe() for each in found}


@route("GET", "/global_subgraphs/{id}", summary="A subgraph of a pack")
async def get_subgraph(site: Site, id: str) -> web.Response:
    """Return a subgraph with its graph as text; null if there is none of that id."""
    for each in await asyncio.to_thread(find_subgraphs, site.folders.model_roots(PACKS)):
        if each.id == id:
            with telling_disk_errors():
                text = await asyncio.to_thread(each.path.read_text, encoding="utf-8")
            return web.json_response({**each.describe(), "data": text})
    return web.json_response(None)


@route("GET", "/node_replacements", summary="Nodes that replace others")
async def replacements(site: Site) -> dict[str, Any]:
    """Return what packs say, by the name of the node that is replaced."""
    return dict(site.packs.replacements)


def _script_folders(site: Site) -> list[tuple[str, Path]]:
    """Return the folders that `/extensions` serves: those of the front end and of packs, by name."""
    root = site.settings.front_end_root
    own = sorted(path for path in (root / "extensions").glob("*/")) if root is not None else []
    return [(folder.name, folder) for folder in own] + list(site.packs.web_folders.items())
