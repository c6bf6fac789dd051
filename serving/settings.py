"""ServeSettings: what the user chose for the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MIB = 2**20
DEFAULT_PORT = 8188  # ComfyUI's, which clients know
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ServeSettings:
    """Choices of one server process. `worker_command`: what starts a worker, with the engine's flags."""

    worker_command: Sequence[str]
    listen: tuple[str, ...] = (LOOPBACK,)
    port: int = DEFAULT_PORT
    user: Path = Path("user")  # settings, workflows, the queue
    front_end_root: Path | None = None  # None: our editor
    max_upload_bytes: int = 100 * MIB
    token: str | None = None
    tls_keyfile: Path | None = None
    tls_certfile: Path | None = None
    cors_origin: str | None = None
    argv: Sequence[str] = ()  # what was typed; /system_stats shows it
    features: Mapping[str, Any] = field(default_factory=dict)  # `--feature-flag`
