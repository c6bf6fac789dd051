"""The browsers that are connected, as packs look at them: `PromptServer.instance.sockets`.

"me" in sockets, len(sockets)
await sockets["me"].send_json({"type": "rain", "data": {}})
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from compat.browser_messages import Letter
from compat.shims.finder import lent


def features() -> dict[str, Any]:
    """Return what each connected client can do, by its id."""
    found: dict[str, Any] = lent().ask("clients") or {}
    return found


class Client:
    """One of them."""

    closed = False

    def __init__(self, client_id: str) -> None:
        self._id = client_id

    async def send_json(self, data: Mapping[str, Any]) -> None:
        """Send a message: `type` and `data`."""
        self._send(Letter(str(data.get("type")), data.get("data")))

    async def send_str(self, data: str) -> None:
        """Send a message as it is written."""
        await self.send_json(json.loads(data))

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message, its number before it."""
        self._send(Letter("binary", payload=bytes(data)))

    def _send(self, letter: Letter) -> None:
        lent().send(letter.event, letter.data, self._id, letter.payload)


class Clients(Mapping[str, Client]):
    """All of them, as they are now; to be looked at only."""

    def __getitem__(self, key: str) -> Client:
        if key not in features():
            raise KeyError(key)
        return Client(key)

    def __iter__(self) -> Iterator[str]:
        return iter(features())

    def __len__(self) -> int:
        return len(features())


class Metadata(Mapping[str, Mapping[str, Any]]):
    """What each of them said of itself."""

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        return {"feature_flags": features()[key]}

    def __iter__(self) -> Iterator[str]:
        return iter(features())

    def __len__(self) -> int:
        return len(features())
