"""What the server tells the worker of its launch, since packs look at it: the port and so on, by ComfyUI's names in `args`.

launch_words(settings, folders, port=8188)  # ("--launch", '{"listen": "127.0.0.1", "port": 8188, …}')
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from files.folders import Folders
from serving.settings import MIB, ServeSettings


def launch_words(settings: ServeSettings, folders: Folders, port: int | None) -> tuple[str, str]:
    """Return the words for the worker's command line. port: that was taken, where any would do."""
    return "--launch", msgspec.json.encode(_values(settings, folders, port)).decode()


def _values(settings: ServeSettings, folders: Folders, port: int | None) -> dict[str, Any]:
    texts: dict[str, str | Path | None] = {
        "enable_cors_header": settings.cors_origin,
        "tls_keyfile": settings.tls_keyfile,
        "tls_certfile": settings.tls_certfile,
        "front_end_root": settings.front_end_root,
    }
    return {
        "listen": ",".join(settings.listen),
        "port": settings.port if port is None else port,
        "max_upload_size": settings.max_upload_bytes / MIB,
        "multi_user": settings.is_multi_user,
        "user_directory": os.path.abspath(folders.user),
        **{name: str(value) for name, value in texts.items() if value is not None},
    }
