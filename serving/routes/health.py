"""Whether the server can do its work."""

from __future__ import annotations

import sqlite3

import msgspec

from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.version import weft_version


class Health(msgspec.Struct):
    """How the server is. worker: starting, ready, restarting or stopped; queue_remaining: jobs that run or wait."""

    status: str
    worker: str
    queue_remaining: int
    version: str


@route("GET", "/health", summary="Tell whether the server works", errors=(503,))
async def show_health(site: Site) -> Health:
    """Answer at once, without asking the worker: jobs are taken in and kept also while it starts.

    503 if the queue's file cannot be read, so that no job can be taken in.
    """
    try:
        site.desk.store.last_order()
    except sqlite3.Error as error:
        raise refuse(
            503, f"The queue's file cannot be read: {error}. Restart the server and look at the disk."
        ) from error
    return Health("ok", site.worker.state.value, len(site.desk.queue), weft_version())
