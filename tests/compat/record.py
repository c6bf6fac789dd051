"""Record what ComfyUI does with the packs and prompts of these tests: `python -m tests.compat.record URL`.

The packs of tests/compat/packs must be in its custom_nodes, each under its own name with `weft_` before it. It is asked for
its node types, and runs every case; what it answers is written to tests/compat/facts: names, types and values, no text of its
own except of exceptions.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any

import aiohttp

from tests.compat.cases import CASES, FACTS, RECORDED, Case, Prompt

PREFIX = "custom_nodes.weft_"


async def record(url: str) -> None:
    """Write the facts of all cases."""
    FACTS.mkdir(exist_ok=True)
    async with aiohttp.ClientSession(url) as session:
        described = await node_types(session, PREFIX)
        write("object_info", described)
        write("runs", {case.name: await runs(session, case) for case in CASES})


def write(name: str, value: Any) -> None:
    """Write one file of facts."""
    (FACTS / f"{name}.json").write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


async def node_types(session: aiohttp.ClientSession, prefix: str) -> dict[str, Any]:
    """Return the descriptions of the packs' node types, with the packs' own names."""
    async with session.get("/object_info") as answer:
        found = await answer.json()
    kept = {name: info for name, info in found.items() if info["python_module"].startswith(prefix)}
    assert len({info["python_module"] for info in kept.values()}) == len(RECORDED), "a pack is missing"
    for info in kept.values():
        info["python_module"] = "custom_nodes." + info["python_module"].removeprefix(prefix)
    return kept


async def runs(session: aiohttp.ClientSession, case: Case, pause_s: float = 1.2) -> list[Any]:
    """Run the prompts of a case, one after the other, from an empty cache."""
    async with session.post("/free", json={"unload_models": True, "free_memory": True}) as answer:
        assert answer.status == 200
    await asyncio.sleep(pause_s)  # until that was done: ComfyUI does it when it next looks at its queue
    return [await run(session, prompt, dict(case.extra)) for prompt in case.prompts]


async def run(session: aiohttp.ClientSession, prompt: Prompt, extra: dict[str, Any]) -> dict[str, Any]:
    """Run one prompt and return what was told of it."""
    client = uuid.uuid4().hex
    async with session.ws_connect(f"/ws?clientId={client}") as socket:
        asked = {"prompt": prompt, "client_id": client, "extra_data": extra}
        async with session.post("/prompt", json=asked) as answer:
            body = await answer.json()
        told: dict[str, Any] = {"errors": errors_of(body.get("node_errors") or {})}
        if "prompt_id" not in body:
            return {**told, "refused": body["error"]["type"]}
        return {**told, **await follow(session, socket, body["prompt_id"])}


def errors_of(node_errors: dict[str, Any]) -> dict[str, list[list[Any]]]:
    """Return kinds and inputs of errors, by node."""
    return {
        node_id: sorted([error["type"], error["extra_info"].get("input_name")] for error in found["errors"])
        for node_id, found in node_errors.items()
    }


async def follow(session: aiohttp.ClientSession, socket: Any, prompt_id: str) -> dict[str, Any]:
    """Return what the messages of a run, and the history after it, say."""
    told: dict[str, Any] = {"cached": [], "began": [], "executed": {}, "end": "", "blocked": []}
    while not told["end"]:
        message = await socket.receive(timeout=20)
        if message.type is not aiohttp.WSMsgType.TEXT:
            continue
        document = json.loads(message.data)
        if document["data"].get("prompt_id") == prompt_id:
            take(document["type"], document["data"], told)
    history = None
    while history is None:  # it is written a moment after the last message
        await asyncio.sleep(0.02)
        async with session.get(f"/history/{prompt_id}") as answer:
            history = (await answer.json()).get(prompt_id)
    return {**told, "outputs": history["outputs"], "meta": history.get("meta", {})}


def take(kind: str, data: dict[str, Any], told: dict[str, Any]) -> None:
    """Take a message in."""
    if kind == "execution_cached":
        told["cached"] = sorted(data["nodes"])
    elif kind == "executing" and data["node"] is not None and data["node"] not in told["began"]:
        told["began"].append(data["node"])
    elif kind == "executed" and data["output"] is not None:
        told["executed"][data["node"]] = {"output": data["output"], "display_node": data["display_node"]}
    elif kind == "execution_error" and data["exception_type"] == "ExecutionBlocked":
        told["blocked"].append([data["node_id"], data["exception_message"]])
    elif kind in ("execution_success", "execution_error", "execution_interrupted"):
        told["end"] = kind
        if kind == "execution_error":
            told["error"] = [data["node_id"], data["exception_type"], data["exception_message"].strip()]
            if data["exception_type"].startswith("comfy"):
                told["error"].pop()  # its own words
        elif kind == "execution_interrupted":
            told["error"] = [data["node_id"]]


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
