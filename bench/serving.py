"""What the server costs: from its start to its first answer, and from a prompt to its end, beside bare parts in the same run.

    python bench/serving.py  # prints the table; exit code 1 if a figure is above its limit

ComfyUI's figures (0.33.0) are medians on a machine of the same kind: 2 cores, no GPU. Each row also has what the bare
parts cost here and now: the same bytes through aiohttp alone, or the interpreter's own start.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiohttp import web
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.serving.live_server import LiveServer, live_server  # noqa: E402

STARTS, PROMPTS, LARGE = 5, 300, 9
FIRST_PROMPTS = 300
NODES, FOLLOWED = 5_000, 1_001
SPIN_S = 5.0
AT_REST_S = 0.02  # of processor time in a second
MB = 1_000_000
IMPORTS = "import aiohttp.web, msgspec, networkx, prometheus_client, sqlite3"


@dataclass(frozen=True)
class Row:
    """A figure with its limit, ComfyUI's, and the bare parts' (None: there are none)."""

    name: str
    value: float
    limit: float
    comfyui: float
    bare: float | None
    unit: str

    @property
    def is_good(self) -> bool:
        """Within the limit."""
        return self.value <= self.limit


def main() -> int:
    """Measure all and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        rows = [start_row(base)]
        with live_server(base) as server:
            server.wait_until_ready()
            wait_until_at_rest(server.worker())
            rows += [memory_row(server), *asyncio.run(rows_of(server))]
    show(rows)
    return 0 if all(row.is_good for row in rows) else 1


def start_row(base: Path) -> Row:
    """Time from the start of the process to its first answer; node types are known from an earlier start."""
    with live_server(base) as server:
        server.wait_until_ready()
    seconds, bare = [], []
    for _ in range(STARTS):
        begin = time.perf_counter()
        with live_server(base) as server:
            server.get("/queue")
            seconds.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", IMPORTS], check=True)
        bare.append(time.perf_counter() - begin)
    return Row("start to first answer", statistics.median(seconds), 1.0, 10.7, statistics.median(bare), "s")


def wait_until_at_rest(process: psutil.Process) -> None:
    """Wait until a worker has imported what its first job with a model wants, which takes both cores some seconds."""
    used_s = -1.0
    while (now_s := sum(process.cpu_times()[:2])) - used_s > AT_REST_S:
        used_s = now_s
        time.sleep(1.0)


def memory_row(server: LiveServer) -> Row:
    """Resident memory of the idle server process; the worker is another one."""
    code = f"{IMPORTS}; import psutil; print(psutil.Process().memory_info().rss)"
    bare = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    used = psutil.Process(server.process.pid).memory_info().rss
    return Row("idle server process", used / MB, 120, 650, bare / MB, "MB")


async def rows_of(server: LiveServer) -> list[Row]:
    """Measure what needs a client."""
    async with aiohttp.ClientSession(server.url) as session, bare_server() as bare:
        return [
            await tiny_row(session, bare),
            await spinning_row(session, bare),
            *[
                await large_row(session, bare, name, prompt)
                for name, prompt in (("chain", chain(NODES)), ("wide", wide(NODES)))
            ],
            *await followed_rows(session),
        ]


async def tiny_row(session: aiohttp.ClientSession, bare: aiohttp.ClientSession) -> Row:
    """Time from POST /prompt of two tiny nodes to the message that the job is over.

    The first prompts do not count: in them Python and SQLite warm up, which costs each of them some 0.3 ms.
    """
    milliseconds = []
    async with session.ws_connect("/ws?clientId=tiny") as socket:
        for number in range(FIRST_PROMPTS + PROMPTS):
            begin = time.perf_counter()
            await post(session, tiny(number), "tiny")
            await until_over(socket)
            milliseconds.append((time.perf_counter() - begin) * 1e3)
    median = statistics.median(milliseconds[FIRST_PROMPTS:])
    return Row("tiny prompt, POST to its end", median, 2.0, 5.5, await bare_ms(bare, tiny(0)), "ms")


async def spinning_row(session: aiohttp.ClientSession, bare: aiohttp.ClientSession) -> Row:
    """The 99th percentile of GET /queue while a node computes in pure Python."""
    job_id = await post(session, {"1": {"class_type": "Spin", "inputs": {"seconds": SPIN_S}}}, "spin")
    while not (await get(session, "/queue"))["queue_running"]:
        await asyncio.sleep(0.01)
    milliseconds, end = [], time.perf_counter() + SPIN_S * 0.9
    while time.perf_counter() < end:
        milliseconds.append(await timed_ms(lambda: get(session, "/queue")))
    while job_id not in await get(session, f"/history/{job_id}"):
        await asyncio.sleep(0.05)
    own = [await timed_ms(lambda: get(bare, "/")) for _ in range(600)]
    return Row("GET /queue at p99 while a node spins", percentile(milliseconds), 3.0, 11.8, percentile(own), "ms")


async def large_row(
    session: aiohttp.ClientSession, bare: aiohttp.ClientSession, name: str, prompt: dict[str, Any]
) -> Row:
    """Time of POST /prompt of many nodes; the queue is paused, so that none of them runs."""
    await session.patch("/api/v1/queue", json={"paused": True})
    body = json.dumps({"prompt": prompt, "client_id": "large"}).encode()
    milliseconds = []
    for _ in range(LARGE):
        begin = time.perf_counter()
        async with session.post("/prompt", data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 200, await answer.text()
            await answer.read()
        milliseconds.append((time.perf_counter() - begin) * 1e3)
    await session.post("/queue", json={"clear": True})
    await session.patch("/api/v1/queue", json={"paused": False})
    return Row(
        f"POST of {NODES:,} nodes, {name}",
        statistics.median(milliseconds),
        30.0,
        72.0,
        await bare_ms(bare, prompt),
        "ms",
    )


async def followed_rows(session: aiohttp.ClientSession) -> list[Row]:
    """Seconds and bytes of a graph of many trivial nodes, followed over the socket."""
    seconds, sizes = [], []
    async with session.ws_connect("/ws?clientId=many", max_msg_size=0) as socket:
        await asyncio.sleep(0.2)
        for number in range(5):
            begin = time.perf_counter()
            await post(session, wide(FOLLOWED, number), "many")
            sizes.append(await until_over(socket) / MB)
            seconds.append(time.perf_counter() - begin)
    return [
        Row(f"{FOLLOWED:,} nodes followed", statistics.median(seconds), 0.3, 7.6, None, "s"),
        Row(f"{FOLLOWED:,} nodes followed, received", statistics.median(sizes), 2.0, 205.0, None, "MB"),
    ]


def tiny(number: int) -> dict[str, Any]:
    """Return a prompt of two nodes that no cache has."""
    return {
        "1": {"class_type": "PrimitiveInt", "inputs": {"value": number}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }


def chain(nodes: int) -> dict[str, Any]:
    """Return a prompt in which each node reads the one before."""
    found: dict[str, Any] = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}}
    }
    for number in range(2, nodes):
        found[str(number)] = {"class_type": "ImageInvert", "inputs": {"image": [str(number - 1), 0]}}
    found[str(nodes)] = {"class_type": "PreviewImage", "inputs": {"images": [str(nodes - 1), 0]}}
    return found


def wide(nodes: int, start: int = 0) -> dict[str, Any]:
    """Return a prompt of pairs that know nothing of each other."""
    found: dict[str, Any] = {}
    for number in range(0, nodes - 1, 2):
        found[f"{number}"] = {"class_type": "PrimitiveInt", "inputs": {"value": start * nodes + number}}
        found[f"{number + 1}"] = {"class_type": "PreviewAny", "inputs": {"source": [f"{number}", 0]}}
    return found


async def post(session: aiohttp.ClientSession, prompt: dict[str, Any], client_id: str) -> str:
    """Queue a prompt; return its id."""
    async with session.post("/prompt", json={"prompt": prompt, "client_id": client_id}) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["prompt_id"])


async def until_over(socket: aiohttp.ClientWebSocketResponse) -> int:
    """Read until a job is over; return the bytes that came."""
    received = 0
    async for message in socket:
        received += len(message.data)
        if message.type is aiohttp.WSMsgType.TEXT and '"node":null' in message.data:
            break
    return received


async def get(session: aiohttp.ClientSession, path: str) -> Any:
    """Return the JSON of an answer."""
    async with session.get(path) as answer:
        return await answer.json()


async def timed_ms(work: Callable[[], Awaitable[Any]]) -> float:
    """Return how long something took."""
    begin = time.perf_counter()
    await work()
    return (time.perf_counter() - begin) * 1e3


def percentile(values: list[float], share: float = 0.99) -> float:
    """Return the value that a share of all does not exceed."""
    return sorted(values)[int(len(values) * share)]


async def bare_ms(bare: aiohttp.ClientSession, prompt: dict[str, Any]) -> float:
    """Return how long aiohttp alone takes for the same body: sent, received, parsed by json."""
    body = json.dumps({"prompt": prompt}).encode()

    async def send() -> None:
        async with bare.post("/", data=body) as answer:
            await answer.read()

    return statistics.median([await timed_ms(send) for _ in range(20)])


@asynccontextmanager
async def bare_server() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client of a server in another process that does nothing but parse."""
    with bare_process() as port:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session


@contextmanager
def bare_process() -> Iterator[int]:
    """Start that process."""
    process = subprocess.Popen(
        [sys.executable, __file__, "bare"], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def be_bare() -> None:
    """Be that process."""

    async def answer(request: web.Request) -> web.Response:
        json.loads(await request.read() or b"{}")
        return web.json_response({"exec_info": {}})

    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def show(rows: list[Row]) -> None:
    """Print the table."""
    table = Table("what", "here", "limit", "ComfyUI", "bare parts", "of ComfyUI's")
    for row in rows:
        bare = "" if row.bare is None else f"{row.bare:.3g} {row.unit}"
        mark = "" if row.is_good else " ✗"
        cells = (f"{row.value:.3g} {row.unit}{mark}", f"{row.limit:g} {row.unit}", f"{row.comfyui:g} {row.unit}")
        table.add_row(row.name, *cells, bare, f"{row.value / row.comfyui:.2f}")
    Console(width=130).print(table)


if __name__ == "__main__":
    if sys.argv[1:] == ["bare"]:
        asyncio.run(be_bare())
    else:
        sys.exit(main())
