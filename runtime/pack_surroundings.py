"""What node packs find around them in a worker: ComfyUI's modules, a server to ask, routes that are served.

around = PackSurroundings(link, inbox, Lending(settings, {"port": 8188}))
around.lend(studio, registry=lambda: shelf.registry, interrupt=worker.interrupt)  # before packs are imported
around.settle()  # after they were: their routes are served, their folders known to the server
around.close()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compat.routes.additions import prompt_server
from compat.shims.finder import install
from graph.protocol import PackRoutes
from graph.registry import Registry
from runtime.engine import Studio
from runtime.machine import LocalMachine
from runtime.model_places import ModelPlacesTeller
from runtime.server_questions import ServerQuestions
from runtime.settings import Settings
from runtime.worker_inbox import Inbox
from runtime.worker_link import Link

if TYPE_CHECKING:
    from runtime.pack_routes import PackRouteServer


@dataclass(frozen=True)
class Lending:
    """What packs may see of this process. launch: what only the server knows, by ComfyUI's names in `args`."""

    settings: Settings
    launch: Mapping[str, Any] = field(default_factory=dict)


class PackSurroundings:
    """Those of one worker."""

    def __init__(self, link: Link, inbox: Inbox, lending: Lending) -> None:
        self._link = link
        self._lending = lending
        self._questions = ServerQuestions(link.send)
        self._routes: PackRouteServer | None = None  # until a pack imports `server`: aiohttp is not loaded for nothing
        self._places: ModelPlacesTeller | None = None
        inbox.settle = self._questions.settle

    def lend(self, studio: Studio, registry: Callable[[], Registry], interrupt: Callable[[], None]) -> None:
        """Let packs import ComfyUI's modules from now on."""
        machine = LocalMachine(
            studio,
            self._lending.settings,
            say=self._link.send,
            ask=self._questions.ask,
            interrupt=interrupt,
            registry=registry,
            launch=self._lending.launch,
        )
        install(machine)
        self._places = ModelPlacesTeller(studio.folders, self._link.send)

    def settle(self) -> None:
        """Serve what packs added, and tell the server."""
        if self._routes is None and prompt_server() is not None:
            from runtime.pack_routes import PackRouteServer

            self._routes = PackRouteServer(self._link.send)
        if self._routes is None:
            self._link.send(PackRoutes(b"{}"))
        else:
            self._routes.publish()
        self.tell_places()

    def tell_places(self) -> None:
        """Tell the server if a pack added folders of models."""
        if self._places is not None:
            self._places.tell()

    def close(self) -> None:
        """Leave nothing behind; the process ends."""
        if self._routes is not None:
            self._routes.close()
