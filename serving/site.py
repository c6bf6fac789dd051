"""Site: everything that handlers work with, as one value; `request.app[SITE]` has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from files.folders import Folders
from serving.images import Pictures
from serving.log_feed import LogFeed
from serving.settings import ServeSettings

if TYPE_CHECKING:
    from serving.desk import Desk
    from serving.hub import Hub
    from serving.metrics import Metrics
    from serving.node_book import NodeBook
    from serving.pack_book import PackBook
    from serving.pack_proxy import PackProxy
    from serving.worker_log import WorkerLog
    from serving.workers import Worker


@dataclass(frozen=True)
class Site:
    """A running server.

    folders: where files lie. nodes: the node types and their state. desk: takes jobs in and sees them through.
    hub: the sockets of clients. worker: the process that computes. log: what it wrote. metrics: what is counted.
    pictures: pictures made smaller for clients. log_feed: who hears the log.
    packs: the node packs, and what they give to browsers. pack_proxy: requests for routes of theirs.
    """

    settings: ServeSettings
    folders: Folders
    nodes: NodeBook
    desk: Desk
    hub: Hub
    worker: Worker
    log: WorkerLog
    metrics: Metrics
    packs: PackBook
    pack_proxy: PackProxy
    pictures: Pictures = field(default_factory=Pictures)
    log_feed: LogFeed = field(default_factory=LogFeed)


SITE: web.AppKey[Site] = web.AppKey("site", Site)
