"""Many clients and many jobs at once: nothing is lost for those that read, and one that does not read hurts nobody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.serving.live_server import LiveServer, live_server

CLIENTS, JOBS, SUBMITTED_AT_ONCE = 200, 1000, 50
MOST_GROWTH_BYTES = 300 * 2**20
PATIENCE_S = 180
PROMPT = {
    "1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}},
    "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
}


async def follow(
    session: aiohttp.ClientSession, client_id: str, jobs: int, connected: asyncio.Event
) -> list[dict[str, Any]]:
    """Read all messages of a client until its jobs are over."""
    messages = []
    async with session.ws_connect(f"/ws?clientId={client_id}") as socket:
        messages.append(json.loads((await socket.receive()).data))
        connected.set()
        while jobs:
            message = json.loads((await socket.receive()).data)
            messages.append(message)
            if message["type"] == "executing" and message["data"]["node"] is None:
                jobs -= 1
    return messages


async def stare(session: aiohttp.ClientSession, client_id: str) -> aiohttp.ClientWebSocketResponse:
    """Connect and read nothing."""
    return await session.ws_connect(f"/ws?clientId={client_id}", max_msg_size=0)


async def submit(session: aiohttp.ClientSession, client_id: str, gate: asyncio.Semaphore) -> str:
    """Queue a job for a client."""
    async with gate, session.post("/prompt", json={"prompt": PROMPT, "client_id": client_id}) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["prompt_id"])


async def crowd(server: LiveServer) -> None:
    """Connect all, submit all, and compare what each was told with what it asked for."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(server.url, connector=connector) as session, asyncio.timeout(PATIENCE_S):
        names = [f"client {number}" for number in range(CLIENTS)]
        there = [asyncio.Event() for _ in names]
        share = JOBS // CLIENTS
        followers = [
            asyncio.create_task(follow(session, *each, event))
            for *each, event in zip(names, [share] * CLIENTS, there, strict=True)
        ]
        await asyncio.gather(*(event.wait() for event in there))
        idle = await stare(session, "idle")
        gate = asyncio.Semaphore(SUBMITTED_AT_ONCE)
        sent = await asyncio.gather(*(submit(session, name, gate) for name in names for _ in range(share)))
        for number, told in enumerate(await asyncio.gather(*followers)):
            own = sent[number * share : (number + 1) * share]
            check(told, own)
        assert len(await (await session.get("/history")).json()) == JOBS
        await idle.close()


def check(told: list[dict[str, Any]], own: list[str]) -> None:
    """Assert that a client was told everything of its own jobs, in order, and nothing of others'."""
    assert told[0]["type"] == "status"
    for job_id in own:
        types = [each["type"] for each in told if each["data"].get("prompt_id") == job_id]
        order = ["execution_start", "execution_cached", "execution_success", "executing"]
        assert [each for each in types if each in order[:3]] == order[:3]
        assert types[-1] == "executing"
    others = {each["data"]["prompt_id"] for each in told if "prompt_id" in each["data"]} - set(own)
    assert not others


def test_two_hundred_clients_and_a_thousand_jobs(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        asyncio.run(crowd(server))
        assert process.memory_info().rss - before < MOST_GROWTH_BYTES
        assert server.get("/health")["queue_remaining"] == 0
