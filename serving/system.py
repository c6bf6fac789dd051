"""Facts of the machine and the versions, as /system_stats shows them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from serving.site import Site
from serving.version import weft_version
from serving.workers import WorkerError

COMFYUI_VERSION = "0.33.0"  # whose API this server speaks
FRONT_END_VERSION = "1.49.6"  # what that version asks for
TEMPLATES_VERSION = "0.11.44"
PACKAGES: Mapping[str, str] = {
    "comfyui-frontend-package": FRONT_END_VERSION,
    "comfyui-workflow-templates": TEMPLATES_VERSION,
    "comfyui-embedded-docs": "0.5.10",
}
ANSWER_S = 0.5  # how long the worker may take; it may be in the middle of something


async def system_stats(site: Site) -> dict[str, Any]:
    """Return what ComfyUI tells, with `weft_version` beside it. The devices are the worker's to know."""
    stats = await worker_stats(site)
    system = {
        "os": sys.platform,
        **memory(),
        "comfyui_version": COMFYUI_VERSION,
        "weft_version": weft_version(),
        "required_frontend_version": FRONT_END_VERSION,
        "installed_templates_version": version_of("comfyui-workflow-templates"),
        "required_templates_version": TEMPLATES_VERSION,
        "comfy_package_versions": [
            {"name": name, "installed": version_of(name), "required": required} for name, required in PACKAGES.items()
        ],
        "python_version": sys.version,
        "pytorch_version": stats.get("pytorch_version"),
        "embedded_python": False,
        "deploy_environment": "local",
        "argv": list(site.settings.argv),
    }
    return {"system": system, "devices": stats.get("devices", [])}


async def worker_stats(site: Site) -> Mapping[str, Any]:
    """Return what the worker says of itself now, or said when it was ready; nothing if it never was."""
    try:
        found = await asyncio.wait_for(site.worker.ask("stats"), ANSWER_S)
    except (WorkerError, TimeoutError):
        found = site.desk.stats
    return found if isinstance(found, Mapping) else {}


def memory() -> dict[str, int]:
    """Return the machine's memory in bytes."""
    import psutil

    found = psutil.virtual_memory()
    return {"ram_total": found.total, "ram_free": found.available}


def version_of(package: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
