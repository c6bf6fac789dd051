"""Messages to browsers: from nodes, from threads of theirs, and from routes."""

import threading

from aiohttp import web
from server import BinaryEventTypes, PromptServer

server = PromptServer.instance


class Tell:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": ""}), "way": (["mine", "all", "thread", "text", "binary"],)},
                "hidden": {"unique_id": "UNIQUE_ID"}}  # fmt: skip

    RETURN_TYPES = ()
    FUNCTION = "tell"
    OUTPUT_NODE = True
    CATEGORY = "test"

    @classmethod
    def IS_CHANGED(cls, **inputs):
        return float("nan")

    def tell(self, text, way, unique_id):
        if way == "mine":
            server.send_sync("routes.told", {"text": text, "node": server.last_node_id}, server.client_id)
        elif way == "all":
            server.send_sync("routes.told", {"text": text})
        elif way == "thread":
            threads = [threading.Thread(target=server.send_sync, args=("routes.told", {"text": f"{text} {number}"}))
                       for number in range(8)]  # fmt: skip
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        elif way == "text":
            server.send_progress_text(text, unique_id, server.client_id)
        else:
            server.send_sync(BinaryEventTypes.TEXT, text.encode())
        return {"ui": {"text": [text]}}


@server.routes.post("/messages/send")
async def send(request):
    asked = await request.json()
    await server.send_json("routes.told", {"text": asked["text"]}, asked.get("sid"))
    return web.json_response(sorted(server.sockets))


@server.routes.get("/messages/metadata")
async def metadata(request):
    return web.json_response({sid: dict(found) for sid, found in server.sockets_metadata.items()})


NODE_CLASS_MAPPINGS = {"T Tell": Tell}
