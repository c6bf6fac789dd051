"""Site: everything that handlers work with, as one value; `request.app[SITE]` has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from files.folders import Folders
from serving.settings import ServeSettings

if TYPE_CHECKING:
    from serving.desk import Desk
    from serving.hub import Hub
    from serving.node_book import NodeBook
    from serving.worker_log import WorkerLog
    from serving.workers import Worker


@dataclass(frozen=True)
class Site:
    """A running server.

    folders: where files lie. nodes: the node types and their state. desk: takes jobs in and sees them through.
    hub: the sockets of clients. worker: the process that computes. log: what it wrote.
    """

    settings: ServeSettings
    folders: Folders
    nodes: NodeBook
    desk: Desk
    hub: Hub
    worker: Worker
    log: WorkerLog


SITE: web.AppKey[Site] = web.AppKey("site", Site)
