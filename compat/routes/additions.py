"""What packs added to ComfyUI's server, for whoever runs the process: nothing is imported to find out.

prompt_server()                       # PromptServer.instance, if a pack imported `server`
adds_to_server("custom_nodes.rain")   # whether a pack added routes, or sees prompts
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from compat.routes.owners import current, owner_of
from compat.shim_module import ShimModule
from compat.shims.finder import NAMES, OURS

SERVER, CLASS = "server", "PromptServer"


def prompt_server() -> Any:
    """Return PromptServer.instance; None if no pack has imported it."""
    module = sys.modules.get(SERVER)
    if not isinstance(module, ShimModule) or CLASS not in vars(module):
        return None
    return vars(module)[CLASS].instance


def adds_to_server(module: str) -> bool:
    """Return whether a pack, by its module's name, adds anything to ComfyUI's server."""
    server = prompt_server()
    if server is None:
        return False
    owned = (owner_of(items, item) for items in _lists(server) for item in current(items))
    return any(owner.module is not None and owner.module is sys.modules.get(module) for owner in owned)


def added_web_folders() -> dict[str, str]:
    """Return what packs put into `nodes.EXTENSION_WEB_DIRS`: folders for browsers by name."""
    names = vars(sys.modules[OURS]).get(NAMES) if OURS in sys.modules else None
    return {} if names is None else {str(name): str(folder) for name, folder in names.web_folders.items()}


def _lists(server: Any) -> Iterator[Iterable[Any]]:
    app = server.app
    yield from (app.routes.items, app.direct, app.subapps, app.middlewares, app.on_startup, app.cleanup_ctx)
    yield server.on_prompt_handlers
