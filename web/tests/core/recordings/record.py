"""Record what a server tells of runs, for tests of the editor: `python record.py http://127.0.0.1:8188` beside `weft serve`.

Each recording is a file here: the job ids, and the messages in order with the seconds since the first. Pictures are cut
to their first bytes, paths to their last part. `npm run format` afterwards.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import aiohttp

HERE = Path(__file__).parent
PICTURE_BYTES = 16
FOLDERS = re.compile(r"(?:/[\w.-]+){2,}/")  # of the machine that it is recorded on
SAMPLE = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "weft-demo.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a red house"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": ""}},
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 128, "height": 128, "batch_size": 1}},
    "5": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["3", 0],
            "latent_image": ["4", 0],
            "seed": 1,
            "steps": 6,
            "cfg": 4.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
        },
    },
    "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "recorded"}},
}


def changed(node: str, **inputs: Any) -> dict[str, Any]:
    """Return the sample with other inputs of one node."""
    return {**SAMPLE, node: {**SAMPLE[node], "inputs": {**SAMPLE[node]["inputs"], **inputs}}}


def inside_subgraph(seed: int) -> dict[str, Any]:
    """Return the sample as a server flattens it if nodes 5 and 6 are in a subgraph at node 12."""
    names = {"5": "12:5", "6": "12:6"}
    return {
        names.get(key, key): {
            **node,
            "inputs": {
                name: [names.get(value[0], value[0]), value[1]] if isinstance(value, list) else value
                for name, value in node["inputs"].items()
            },
        }
        for key, node in changed("5", seed=seed).items()
    }


RECORDINGS: dict[str, list[dict[str, Any]]] = {
    "whole": [changed("5", seed=int(time.time()))],
    "cached": [SAMPLE, SAMPLE],
    "changed": [SAMPLE, changed("5", seed=int(time.time()) + 2)],
    "subgraph": [inside_subgraph(seed=int(time.time()) + 1)],
    "failed": [
        {
            "1": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "recorded"}},
        }
    ],
    "cancelled": [changed("5", steps=1000, seed=int(time.time()) + 3)],
}


def shown(message: aiohttp.WSMessage, began: float) -> dict[str, Any]:
    """Return a message as the recording holds it."""
    at = round(time.monotonic() - began, 3)
    if message.type is aiohttp.WSMsgType.TEXT:
        return {"at": at, **json.loads(FOLDERS.sub("", message.data))}
    head = 8 + int.from_bytes(message.data[4:8], "big")
    return {"at": at, "binary": base64.b64encode(message.data[: head + PICTURE_BYTES]).decode()}


async def record(session: aiohttp.ClientSession, url: str, name: str, prompts: list[dict[str, Any]]) -> None:
    """Run some prompts one after the other and write down what is told."""
    client = uuid.uuid4().hex
    jobs: list[str] = []
    messages: list[dict[str, Any]] = []
    async with session.ws_connect(f"{url}/ws?clientId={client}") as socket:
        await socket.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
        began = time.monotonic()
        for prompt in prompts:
            async with session.post(f"{url}/api/v1/jobs", json={"workflow": prompt, "client_id": client}) as answer:
                job = await answer.json()
                assert answer.status == 200, job
            jobs.append(job["id"])
            async for message in socket:
                messages.append(shown(message, began))
                text = messages[-1]
                if name == "cancelled" and text.get("type") == "progress":
                    await session.post(f"{url}/api/v1/jobs/{job['id']}/cancel")
                if text.get("type") == "executing" and text["data"]["node"] is None:
                    break
    lines = ",\n".join(json.dumps(each) for each in messages)
    (HERE / f"{name}.json").write_text(f'{{"jobs": {json.dumps(jobs)}, "messages": [\n{lines}\n]}}\n')


async def upload_broken_picture(session: aiohttp.ClientSession, url: str) -> None:
    """Upload a file that is no picture whatever its name says."""
    form = aiohttp.FormData()
    form.add_field("image", b"not a picture", filename="broken.png")
    form.add_field("overwrite", "true")
    async with session.post(f"{url}/upload/image", data=form) as answer:
        assert answer.status == 200, await answer.text()


async def main(url: str) -> None:
    """Record all."""
    async with aiohttp.ClientSession() as session:
        await upload_broken_picture(session, url)
        for name, prompts in RECORDINGS.items():
            await record(session, url, name, prompts)
            print(name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
