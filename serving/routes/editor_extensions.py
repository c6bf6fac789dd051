"""Scripts of packs for this editor; `docs/editor-extensions.md` says how they are written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec
from aiohttp import hdrs, web

from serving.editor_scripts import find_editor_scripts, find_web_folders, joined
from serving.file_names import OCTET_STREAM, content_type_of, inside
from serving.packs import OWN_SCRIPTS
from serving.refusals import refuse
from serving.routing import route
from serving.sent_file import NOSNIFF, SentFile
from serving.site import Site

PACKS = "custom_nodes"
NOT_LOADED = ("failed", "disabled")  # states of packs whose scripts have nothing to work with


class EditorExtension(msgspec.Struct):
    """A pack's scripts for this editor. version: changes with any of its files; scripts: names below its folder `weft/`."""

    pack: str
    version: str
    scripts: list[str]


@route("GET", "/api/v1/editor-extensions", summary="The scripts that packs bring for this editor")
async def list_editor_extensions(site: Site) -> list[EditorExtension]:
    """Return the packs that have scripts in `weft/` of their web folder."""
    found = await asyncio.to_thread(lambda: find_editor_scripts(_web_folders(site)))
    return [EditorExtension(pack, version, list(names)) for pack, _, version, names in found]


@route(
    "GET",
    "/api/v1/editor-extensions/{pack}/{version}/{path:.*}",
    summary="A file that a pack brings for this editor",
    errors=(403, 404, 416),
    produces=OCTET_STREAM,
)
async def get_editor_extension(site: Site, pack: str, version: str, path: str) -> web.StreamResponse:
    """Send a file of `weft/` as what it is.

    The version stands in the path so that a changed script and all modules that it imports have new addresses: browsers
    keep a module for as long as the page is open. It is not looked at.
    """
    folder = (await asyncio.to_thread(_web_folders, site)).get(pack)
    found = None if folder is None else inside(folder / OWN_SCRIPTS, path)
    if found is None or not found.is_file():
        raise refuse(404, f"There is no {path[:200]} of {pack[:200]} for this editor.")
    return SentFile(found, {hdrs.CONTENT_TYPE: content_type_of(path), hdrs.CACHE_CONTROL: "no-cache", **NOSNIFF})


def _web_folders(site: Site) -> Mapping[str, Path]:
    """Return the web folders of packs that are loaded or still being loaded, by the name under which they are served."""
    missing = {report["name"] for report in site.packs.describe() if report["state"] in NOT_LOADED}
    found = find_web_folders(site.folders.model_roots(PACKS))
    there = {name: folder for name, folder in found.items() if name not in missing}
    return joined(site.packs.web_folders, there)
