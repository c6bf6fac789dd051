"""ComfyUI's `server`: PromptServer.instance, through which packs speak to browsers and add routes.

PromptServer.instance.send_sync("my_pack.done", {"node": "7"})  # a message of the socket, to all or to one client
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from protocol import BinaryEventTypes

from compat.browser_messages import letter_of, node_text
from compat.current import current_run
from compat.shims.finder import lent

__all__ = ["BinaryEventTypes", "PromptServer"]


class PromptServer:
    """What ComfyUI's server is for packs; it runs in another process, so this one only speaks to it."""

    instance: PromptServer

    def __init__(self) -> None:
        self.routes = web.RouteTableDef()
        self.supports = ["custom_nodes_from_web"]
        self.on_prompt_handlers: list[Callable[[Any], Any]] = []
        self._client_id: str | None = None
        self._node_id: str | None = None

    @property
    def client_id(self) -> str | None:
        """Whose prompt runs; what a pack set, if none does."""
        run = current_run()
        return self._client_id if run is None else run.extra.get("client_id")

    @client_id.setter
    def client_id(self, value: str | None) -> None:
        self._client_id = value

    @property
    def last_node_id(self) -> str | None:
        """Which node runs; what a pack set, if none does."""
        run = current_run()
        return self._node_id if run is None else run.node_id

    @last_node_id.setter
    def last_node_id(self, value: str | None) -> None:
        self._node_id = value

    @property
    def last_prompt_id(self) -> str | None:
        """Which prompt runs."""
        run = current_run()
        return None if run is None else run.extra.get("prompt_id")

    def send_sync(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """Send a message to the browser of a client, or to all."""
        letter = letter_of(event, data)
        lent().send(letter.event, letter.data, sid, letter.payload)

    async def send(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """Do the same, awaited."""
        self.send_sync(event, data, sid)

    send_json = send

    async def send_bytes(self, event: int, data: bytes, sid: str | None = None) -> None:
        """Send a binary message."""
        self.send_sync(event, data, sid)

    def send_progress_text(self, text: str | bytes, node_id: str, sid: str | None = None) -> None:
        """Show a text on a node while it runs."""
        self.send_sync(BinaryEventTypes.TEXT, node_text(node_id, text), sid)

    def add_on_prompt_handler(self, handler: Callable[[Any], Any]) -> None:
        """Let a function change each prompt before it is queued."""
        self.on_prompt_handlers.append(handler)


PromptServer.instance = PromptServer()
