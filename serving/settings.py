"""ServeSettings: what the user chose for the server."""

from __future__ import annotations

import ipaddress
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
    wants_token: bool = False  # ask for a token although none was named: the stored one, or a new one
    allow_hosts: tuple[str, ...] = ()  # more names under which the server may be called
    tls_keyfile: Path | None = None
    tls_certfile: Path | None = None
    cors_origin: str | None = None
    argv: Sequence[str] = ()  # what was typed; /system_stats shows it
    features: Mapping[str, Any] = field(default_factory=dict)  # `--feature-flag`
    compresses_here: bool = False  # compress answers to this machine too
    is_multi_user: bool = False
    opens_browser: bool = False
    is_quick_test: bool = False  # end as soon as the worker is ready

    @property
    def asks_token(self) -> bool:
        """Whoever connects must show a token: it was asked for, or the server listens to other machines."""
        return self.token is not None or self.wants_token or not all(map(is_loopback, self.listen))


def is_loopback(address: str) -> bool:
    """Whether an address, or the name `localhost`, can be reached from this machine only."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"
