"""The editor: static files at "/", ours or another one's.

The folder of `--front-end-root` or of ComfyUI's package (`--front-end comfyui`), or our own built editor. Where there is
none, "/" says so in a page of its own.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from serving.settings import ServeSettings

OWN_EDITOR = Path(__file__).parent.parent / "web" / "dist"
PAGE = Path(__file__).parent / "pages" / "no_editor.html"
NEVER_STORED = {"Cache-Control": "no-store, must-revalidate", "Pragma": "no-cache", "Expires": "0"}


def add_front_end(app: web.Application, settings: ServeSettings) -> None:
    """Let an application serve the editor; the routes that it has already come first."""
    built = OWN_EDITOR if (OWN_EDITOR / "index.html").is_file() else None
    folder = settings.front_end_root or built

    async def index(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE if folder is None else folder / "index.html", headers=NEVER_STORED)

    app.router.add_get("/", index)
    if folder is not None:
        app.router.add_static("/", folder)
