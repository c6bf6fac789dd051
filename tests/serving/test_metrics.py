"""Numbers for Prometheus: what they count, and that labels stay few whatever clients send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from serving.jobs import JobState, Outcome
from serving.metrics import METRICS, Figures, Metrics, read_memory
from serving.routes.metrics import show_metrics
from serving.routing import Route, add_routes, refuse
from serving.workers import Died, WorkerState

FIGURES = Figures(
    jobs=dict.fromkeys(JobState, 0) | {JobState.DONE: 7},
    queue_remaining=3,
    is_paused=True,
    sockets=2,
    worker=WorkerState.READY,
    memory={"server": 1000, "worker": 2000},
)
Talk = Callable[[TestClient[web.Request, web.Application]], Awaitable[None]]


async def show(number: int) -> int:
    if number == 404:
        raise refuse(404, "Not there.")
    return 1 // number


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    return response


def after(talk: Talk) -> dict[tuple[str, ...], float]:
    """Let someone talk to a server; return what /metrics says then, by name and the values of labels."""

    async def run() -> str:
        metrics = Metrics()
        metrics.watch(lambda: FIGURES)
        metrics.job_over(Outcome(JobState.DONE, started_ms=1000, ended_ms=3000))
        metrics.job_over(Outcome(JobState.CANCELLED, ended_ms=3000))
        metrics.hear(Died("killed"))
        app = web.Application(middlewares=[metrics.measure])
        app[METRICS] = metrics
        routes = [Route("GET", "/numbers/{number}", show, "", ""), Route("GET", "/stream", stream, "", "")]
        add_routes(app, [*routes, Route("GET", "/metrics", show_metrics, "", "")])
        async with TestClient(TestServer(app)) as client:
            await talk(client)
            response = await client.get("/metrics")
            assert response.status == 200
            return await response.text()

    samples = (each for family in text_string_to_metric_families(asyncio.run(run())) for each in family.samples)
    return {(each.name, *each.labels.values()): each.value for each in samples}


async def silence(client: TestClient[web.Request, web.Application]) -> None:
    """Ask nothing."""


def test_figures_of_the_moment_are_told() -> None:
    found = after(silence)
    assert found["weft_jobs", "completed"] == 7
    assert found["weft_queue_remaining",] == 3
    assert found["weft_queue_paused",] == 1
    assert found["weft_sockets",] == 2
    assert [found["weft_worker_state", state.value] for state in WorkerState] == [0, 1, 0, 0]
    assert found["weft_memory_bytes", "worker"] == 2000


def test_jobs_that_ran_count_with_their_seconds_and_deaths_of_the_worker_too() -> None:
    found = after(silence)
    assert found["weft_job_seconds_sum", "completed"] == 2
    assert ("weft_job_seconds_count", "cancelled") not in found
    assert found["weft_worker_deaths_total",] == 1


def test_requests_count_under_the_template_of_their_route() -> None:
    async def talk(client: TestClient[web.Request, web.Application]) -> None:
        for number in (1, 2, 3, 404, 0):
            await client.get(f"/numbers/{number}")

    found = after(talk)
    counts = [found["weft_http_requests_total", "GET", "/numbers/{number}", status] for status in ("200", "404", "500")]
    assert counts == [3, 1, 1]
    assert found["weft_http_request_seconds_count", "GET", "/numbers/{number}"] == 5


def test_addresses_and_methods_that_nobody_knows_are_one_label() -> None:
    async def talk(client: TestClient[web.Request, web.Application]) -> None:
        for number in range(20):
            await client.get(f"/nowhere/{number}")
            await client.request(f"METHOD{number}", "/numbers/1")

    labels = {name[1:] for name in after(talk) if name[0] == "weft_http_requests_total"}
    assert labels <= {("none", "none", "404"), ("none", "none", "405")}


def test_streams_have_no_seconds() -> None:
    async def talk(client: TestClient[web.Request, web.Application]) -> None:
        await (await client.get("/stream")).read()

    found = after(talk)
    assert found["weft_http_requests_total", "GET", "/stream", "200"] == 1
    assert ("weft_http_request_seconds_count", "GET", "/stream") not in found


def test_two_servers_in_one_process_have_numbers_of_their_own() -> None:
    first, second = Metrics(), Metrics()
    first.hear(Died("killed"))
    assert b"weft_worker_deaths_total 0.0" in second.text("")[0]


def test_memory_of_this_process_is_read() -> None:
    assert read_memory()["server"] > 2**20
