"""Prompts, seen and changed before they are checked; the queue, looked at and added to."""

from aiohttp import web
from comfy.cli_args import args
from server import PromptServer

server = PromptServer.instance
queue = server.prompt_queue


class Shown:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": ""})}}

    RETURN_TYPES = ()
    FUNCTION = "show"
    OUTPUT_NODE = True
    CATEGORY = "test"

    def show(self, text):
        return {"ui": {"text": [text]}}


def change(data):
    for node in data["prompt"].values():
        if node["inputs"].get("text") == "change me":
            node["inputs"]["text"] = "changed"
    return data


def fail(data):
    raise ValueError("a handler that fails changes nothing")


server.add_on_prompt_handler(change)
server.on_prompt_handlers.append(fail)


@server.routes.get("/prompts/queue")
def look(request):
    running, pending = queue.get_current_queue()
    return web.json_response(
        {
            "running": [item[1] for item in running],
            "pending": [item[1] for item in pending],
            "currently_running": [item[1] for item in queue.currently_running.values()],
            "remaining": queue.get_tasks_remaining(),
            "history": {key: entry["status"]["status_str"] for key, entry in queue.get_history().items()},
        }
    )


@server.routes.post("/prompts/put")
async def put(request):
    asked = await request.json()
    number = server.number
    server.number += 1
    queue.put((number, asked["id"], asked["prompt"], {"client_id": "put"}, asked["outputs"], {}))
    return web.json_response({"number": number})


@server.routes.post("/prompts/clear")
async def clear(request):
    deleted = queue.delete_queue_item(lambda item: True)
    queue.wipe_queue()
    queue.wipe_history()
    queue.set_flag("free_memory", True)
    return web.json_response(deleted)


@server.routes.get("/prompts/launch")
async def launch(request):
    user = server.user_manager.get_request_user_filepath(request, "prompts/x.json", create_dir=False)
    return web.json_response({"port": server.port, "args": args.port, "listen": args.listen, "address": server.address,
                              "user": user})  # fmt: skip


NODE_CLASS_MAPPINGS = {"T Shown": Shown}
