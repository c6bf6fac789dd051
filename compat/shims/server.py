"""ComfyUI's `server`: PromptServer.instance, through which packs speak to browsers, add routes and see prompts.

PromptServer.instance.send_sync("my_pack.done", {"node": "7"})  # a message of the socket, to all or to one client

@PromptServer.instance.routes.get("/my_pack/names")
async def names(request): ...
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from typing import Any

from aiohttp import web
from protocol import BinaryEventTypes

from compat.browser_messages import letter_of, node_text
from compat.current import current_run
from compat.routes.app import PackApp, PackRoutes
from compat.routes.clients import Clients, Metadata
from compat.routes.loop import PackLoop, start_loop
from compat.routes.owners import OwnedList, current
from compat.routes.prompt_queue import PromptQueue
from compat.routes.user_manager import UserManager
from compat.shim_module import missing
from compat.shims.finder import lent

__all__ = ["BinaryEventTypes", "PromptServer", "web"]
logger = logging.getLogger(__name__)

OnPrompt = Callable[[Any], Any]


class PromptServer:
    """What ComfyUI's server is for packs; it runs in another process, so this one only speaks to it."""

    instance: PromptServer

    def __init__(self) -> None:
        self.routes = PackRoutes()
        self.app = PackApp(self.routes)
        self.supports = ["custom_nodes_from_web"]
        self.on_prompt_handlers: list[OnPrompt] = OwnedList[OnPrompt]()
        self.prompt_queue = PromptQueue(self)
        self.user_manager = UserManager()
        self.sockets = Clients()
        self.sockets_metadata = Metadata()
        self.client_session = None  # as before ComfyUI's server has begun
        self._client_id: str | None = None
        self._node_id: str | None = None

    @cached_property
    def loop(self) -> PackLoop:
        """The event loop in which routes run."""
        return start_loop()

    @property
    def address(self) -> str:
        """Where the server listens."""
        return str(lent().launch.get("listen", "127.0.0.1")).partition(",")[0]

    @property
    def port(self) -> int:
        """Its port."""
        return int(lent().launch.get("port", 8188))

    @property
    def number(self) -> int:
        """The number of the next prompt, by which it is in its place in the queue."""
        return int(lent().ask("number") or 0)

    @number.setter
    def number(self, value: int) -> None:
        """Do nothing: the server counts, also what packs queue."""

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
        """Send a message to the browser of a client, or to all; from any thread."""
        letter = letter_of(event, data)
        lent().send(letter.event, letter.data, sid, letter.payload)

    async def send(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """Do the same, awaited."""
        self.send_sync(event, data, sid)

    send_json = send

    async def send_bytes(self, event: int, data: bytes, sid: str | None = None) -> None:
        """Send a binary message."""
        self.send_sync(event, data, sid)

    async def send_image(self, image_data: Any, sid: str | None = None) -> None:
        """Send a picture of work in progress: its format, the picture and its longest side."""
        self.send_sync(BinaryEventTypes.UNENCODED_PREVIEW_IMAGE, image_data, sid)

    async def send_image_with_metadata(self, image_data: Any, metadata: Any = None, sid: str | None = None) -> None:
        """Send a picture with what it is of."""
        self.send_sync(BinaryEventTypes.PREVIEW_IMAGE_WITH_METADATA, (image_data, metadata), sid)

    def send_progress_text(self, text: str | bytes, node_id: str, sid: str | None = None) -> None:
        """Show a text on a node while it runs."""
        self.send_sync(BinaryEventTypes.TEXT, node_text(node_id, text), sid)

    def get_queue_info(self) -> dict[str, Any]:
        """Return how many prompts run and wait."""
        return {"exec_info": {"queue_remaining": self.prompt_queue.get_tasks_remaining()}}

    def queue_updated(self) -> None:
        """Tell browsers how many prompts there are."""
        self.send_sync("status", {"status": self.get_queue_info()})

    def add_routes(self) -> None:
        """Do nothing: what packs added is served when they are loaded."""

    def add_on_prompt_handler(self, handler: OnPrompt) -> None:
        """Let a function change each prompt before it is checked and queued."""
        self.on_prompt_handlers.append(handler)

    def trigger_on_prompt(self, json_data: Any) -> Any:
        """Return a prompt as the functions of packs change it; one that fails changes nothing."""
        for handler in current(self.on_prompt_handlers):
            try:
                json_data = handler(json_data)
            except Exception:
                logger.exception("A pack's on_prompt handler failed; the prompt goes on as it was.")
        return json_data

    def __getattr__(self, name: str) -> Any:
        return missing("server.PromptServer.instance", name)


PromptServer.instance = PromptServer()
