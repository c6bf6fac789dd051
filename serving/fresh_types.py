"""Descriptions of node types that may change while nothing is loaded anew: the worker is asked before they are told.

await bring_up_to_date(site)  # then site.nodes.object_info()

Only types of packs that list files, or ask something else outside, are asked; without them this costs nothing.
"""

from __future__ import annotations

import asyncio
import logging

from serving.site import Site
from serving.workers import WorkerError

logger = logging.getLogger(__name__)

PATIENCE_S = 0.5  # while a node keeps the worker busy, editors get what was last known


async def bring_up_to_date(site: Site) -> None:
    """Have the types described anew that may have changed, if the worker answers soon."""
    book = site.nodes
    if not book.has_changing_types:
        return
    try:
        async with asyncio.timeout(PATIENCE_S):
            found = await site.worker.ask("fresh_types", {"known": book.freshness})
    except (WorkerError, TimeoutError) as error:
        logger.debug("Node types are told as they were last known: %s", error)
        return
    book.describe_anew(found["digest"], found["types"] or {})
