"""Routes of every kind, added in every way."""

import asyncio
import hashlib
import os

from aiohttp import web
from server import PromptServer

HERE = os.path.dirname(os.path.abspath(__file__))
server = PromptServer.instance
routes = server.routes
streams = []


@routes.get("/plain/hello/{name}")
async def hello(request):
    return web.json_response(
        {
            "name": request.match_info["name"],
            "query": dict(request.query),
            "path": request.path,
            "host": request.host,
            "remote": request.remote,
            "headers": sorted(request.headers),
        },
        headers={"X-Plain": "yes"},
    )


@routes.post("/plain/json")
async def echo(request):
    return web.json_response({"got": await request.json()}, status=201)


@routes.put("/plain/thing")
@routes.patch("/plain/thing")
@routes.delete("/plain/thing")
async def thing(request):
    return web.Response(text=request.method)


@routes.post("/plain/upload")
async def upload(request):
    form = await request.post()
    data = form["file"].file.read()
    return web.json_response(
        {"name": form["file"].filename, "sha": hashlib.sha256(data).hexdigest(), "note": form["note"]}
    )


@routes.post("/plain/count")
async def count(request):
    nbytes = 0
    async for piece in request.content.iter_any():
        nbytes += len(piece)
    return web.json_response({"nbytes": nbytes})


@routes.get("/plain/stream")
async def stream(request):
    """Send pieces until the client goes; each waits until the test has seen the one before."""
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        for number in range(int(request.query.get("pieces", "1000000"))):
            await response.write(f"{number}\n".encode())
            await asyncio.sleep(0.01)
    except ConnectionError:
        streams.append("left")
        raise
    return response


@routes.get("/plain/streams")
async def left(request):
    return web.json_response(streams)


@routes.get("/plain/waits")
async def waits(request):
    await asyncio.sleep(600)
    return web.Response()


@routes.get("/plain/fails")
async def fails(request):
    raise RuntimeError("on purpose")


@routes.get("/plain/page")
async def page(request):
    return web.Response(text="<script>1</script>", content_type="text/html")


@routes.view("/plain/view")
class View(web.View):
    async def get(self):
        return web.Response(text="view")


@routes.get("/plain/redirect")
async def redirect(request):
    raise web.HTTPFound("/plain/view")


@routes.get("/plain/socket")
async def socket(request):
    response = web.WebSocketResponse()
    await response.prepare(request)
    return response


@routes.get("/queue")
async def queue(request):
    return web.Response(text="not asked")


@routes.post("/object_info")
async def not_taken(request):
    return web.Response(text="a method that the server has not")


@routes.get("/models/plain_special")
async def special(request):
    return web.json_response("written out further than /models/{folder}")


async def added(request):
    return web.Response(text=request.app["plain"])


server.app["plain"] = "kept"
server.app.router.add_get("/plain/added", added)
server.app.add_routes([web.static("/plain/static", os.path.join(HERE, "files"))])
routes.static("/plain/table", os.path.join(HERE, "files"))
assert not server.app.frozen


@web.middleware
async def unused(request, handler):
    return await handler(request)


server.app.middlewares.append(unused)


async def note_start(app):
    app["started"] = True


server.app.on_startup.append(note_start)
server.loop.create_task(asyncio.sleep(0))

NODE_CLASS_MAPPINGS = {}
