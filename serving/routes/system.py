"""What the server runs on and what it can do."""

from __future__ import annotations

from typing import Any

from serving import system
from serving.features import server_features
from serving.routing import route
from serving.site import Site


@route("GET", "/system_stats", summary="Versions, memory and devices")
async def system_stats(site: Site) -> dict[str, Any]:
    """Return the facts of the machine; the list of devices is empty until a worker was ready."""
    return await system.system_stats(site)


@route("GET", "/features", summary="What this server can do")
async def features(site: Site) -> dict[str, Any]:
    """Return the feature flags, as the socket tells them too."""
    return server_features(site.settings)
