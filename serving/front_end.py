"""The editor: static files at "/", ours or another one's.

A folder with an index.html, named by `--front-end-root`, or that of ComfyUI's package (`--front-end comfyui`), or our
own built editor. Where there is none, "/" says so in a page of its own.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

from serving.settings import ServeSettings

COMFYUI = "comfyui"
COMFYUI_PACKAGE = "comfyui_frontend_package"
OWN_EDITOR = Path(__file__).parent.parent / "web" / "dist"
PAGE = Path(__file__).parent / "pages" / "no_editor.html"
NEVER_STORED = {"Cache-Control": "no-store, must-revalidate", "Pragma": "no-cache", "Expires": "0"}


class FrontEndError(Exception):
    """There is no such editor; the sentence says what to do."""


def front_end_folder(name: str | None, root: Path | None) -> Path | None:
    """Return the folder of the chosen editor; None for ours if it is not built. FrontEndError for any other."""
    if root is not None:
        if not (root / "index.html").is_file():
            raise FrontEndError(
                f"--front-end-root {root}: there is no index.html in it; name the folder of a built editor."
            )
        return root.resolve()
    if name is None:
        return OWN_EDITOR if (OWN_EDITOR / "index.html").is_file() else None
    if name != COMFYUI:
        raise FrontEndError(f'--front-end {name}: there is no such editor; write "{COMFYUI}", or leave it out.')
    found = find_spec(COMFYUI_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise FrontEndError(f"--front-end {COMFYUI}: run pip install comfyui-frontend-package first.")
    return Path(next(iter(found.submodule_search_locations))) / "static"


def add_front_end(app: web.Application, settings: ServeSettings) -> None:
    """Let an application serve the editor; the routes that it has already come first."""
    folder = settings.front_end_root

    async def index(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE if folder is None else folder / "index.html", headers=NEVER_STORED)

    app.router.add_get("/", index)
    if folder is not None:
        app.router.add_static("/", folder)
