"""/api/v1/packs: the node packs, and what became of each."""

from __future__ import annotations

import asyncio

import msgspec

from serving.routing import route
from serving.site import Site


class PackTrouble(msgspec.Struct):
    """Something that does not work in a pack. remedy: what to do about it; traceback: empty if nothing was raised."""

    file: str | None
    line: int | None
    message: str
    remedy: str
    traceback: str


class PackEntry(msgspec.Struct):
    """A pack. kind: weft or comfyui; state: loaded, partly, failed, disabled or loading; notes: what else it did."""

    name: str
    path: str
    version: str | None
    kind: str
    state: str
    seconds: float
    nodes: list[str]
    problems: list[PackTrouble]
    notes: list[str]


class PackList(msgspec.Struct):
    """All packs, by name."""

    packs: list[PackEntry]


@route("GET", "/api/v1/packs", summary="The node packs and what became of each", tag="packs")
async def list_packs(site: Site) -> PackList:
    """Return every pack with its nodes, its problems and their remedies.

    `packs_changed` tells on the socket and in the event stream when they are others, `node_types_changed` which node
    types came, changed or went.
    """
    notes = site.pack_proxy.notes()
    found = [
        {**report, "notes": [*report["notes"], *notes.get(report["name"].replace(".", "_x_"), ())]}
        for report in await asyncio.to_thread(site.packs.describe)
    ]
    return msgspec.convert({"packs": found}, PackList)
