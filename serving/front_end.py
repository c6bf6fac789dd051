"""The editor: static files at "/", ours or another one's.

The folder of `--front-end-root` or of ComfyUI's package (`--front-end comfyui`), or our own built editor. Where there is
none, "/" says so in a page of its own.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from serving.file_names import inside
from serving.refusals import refuse
from serving.settings import ServeSettings

HERE = Path(__file__).parent
OWN_EDITOR = (HERE / "editor", HERE.parent / "web" / "dist")  # in a released package; in a checkout
PAGE = HERE / "pages" / "no_editor.html"
FILE = "editor-file"  # the name of the route that takes every path that is left over
HASHED = "assets/"  # builds name files in here after their content, so that they never change
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
ASKED_AGAIN = {"Cache-Control": "no-cache"}
NEVER_STORED = {"Cache-Control": "no-store, must-revalidate", "Pragma": "no-cache", "Expires": "0"}


def add_front_end(app: web.Application, settings: ServeSettings) -> None:
    """Let an application serve the editor; the routes that it has already come first."""
    built = next((place for place in OWN_EDITOR if (place / "index.html").is_file()), None)
    folder = settings.front_end_root or built

    async def index(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE if folder is None else folder / "index.html", headers=NEVER_STORED)

    async def file(request: web.Request) -> web.FileResponse:
        name = request.match_info["path"]
        path = None if folder is None else inside(folder, name)
        if path is None or not path.is_file():
            raise refuse(404, f"There is no page and no file /{name[:200]} here.")
        return web.FileResponse(path, headers=KEPT if name.startswith(HASHED) else ASKED_AGAIN)

    app.router.add_get("/", index)
    app.router.add_get("/{path:.+}", file, name=FILE)
