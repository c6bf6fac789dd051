"""Metrics: numbers of the server for Prometheus, in a registry of their own.

    metrics = Metrics()
    app = web.Application(middlewares=[metrics.measure])
    desk = Desk(..., on_finish=metrics.job_over)
    metrics.watch(lambda: read_figures(site))  # what is asked when someone looks
    metrics.text(accept="")                    # (b"# HELP weft_jobs ...", "text/plain; ...")

Labels are bounded: a request counts under its route's template, whatever its address.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import NamedTuple

import psutil
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from serving.jobs import JobState, Outcome
from serving.site import Site
from serving.workers import Died, WorkerState

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
JOB_SECONDS = (0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
NO_ROUTE = "none"  # of requests that no route answers


class Figures(NamedTuple):
    """What is true of a server now. memory: bytes by process (`server`, `worker`)."""

    jobs: Mapping[JobState, int]
    queue_remaining: int
    is_paused: bool
    sockets: int
    worker: WorkerState
    memory: Mapping[str, int]


def read_figures(site: Site) -> Figures:
    """Look at a server."""
    queue = site.desk.queue
    return Figures(
        site.desk.store.counts(), len(queue), queue.is_paused, site.hub.connected, site.worker.state, read_memory()
    )


def read_memory() -> dict[str, int]:
    """Return the resident bytes of this process and of all that it started."""
    own = psutil.Process(os.getpid())
    return {"server": own.memory_info().rss, "worker": sum(map(_resident_bytes, own.children(recursive=True)))}


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended meanwhile
        return 0


class Metrics:
    """The counters of one server process, and what is asked for at each look."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        route = ("method", "route")
        self._requests = Counter(
            "weft_http_requests", "Requests that were answered.", (*route, "status"), registry=registry
        )
        self._request_seconds = Histogram(
            "weft_http_request_seconds",
            "How long answers took; streams do not count.",
            route,
            buckets=REQUEST_SECONDS,
            registry=registry,
        )
        self._job_seconds = Histogram(
            "weft_job_seconds",
            "How long jobs ran, by how they ended.",
            ("state",),
            buckets=JOB_SECONDS,
            registry=registry,
        )
        self._deaths = Counter("weft_worker_deaths", "How often the worker died.", registry=registry)

    def watch(self, read: Callable[[], Figures]) -> None:
        """Show what `read` gives at each look."""
        self.registry.register(_FiguresCollector(read))

    def job_over(self, outcome: Outcome) -> None:
        """Count a job that is over; one that never began has no duration."""
        if outcome.started_ms is not None and outcome.ended_ms is not None:
            self._job_seconds.labels(outcome.state.value).observe((outcome.ended_ms - outcome.started_ms) / 1000)

    def hear(self, message: object) -> None:
        """Count the worker's deaths among what it says."""
        if isinstance(message, Died):
            self._deaths.inc()

    @web.middleware
    async def measure(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a request and its seconds."""
        started = time.perf_counter()
        try:
            response = await handler(request)
        except web.HTTPException as error:
            self._count(request, error.status, time.perf_counter() - started)
            raise
        except Exception:
            self._count(request, 500, time.perf_counter() - started)
            raise
        is_stream = isinstance(response, web.WebSocketResponse) or response.content_type == "text/event-stream"
        self._count(request, response.status, None if is_stream else time.perf_counter() - started)
        return response

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return all numbers in the format that suits an Accept header, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _count(self, request: web.Request, status: int, seconds: float | None) -> None:
        resource = request.match_info.route.resource
        labels = (request.method, resource.canonical) if resource is not None else (NO_ROUTE, NO_ROUTE)
        if labels[0] not in hdrs.METH_ALL:
            labels = (NO_ROUTE, labels[1])
        self._requests.labels(*labels, str(status)).inc()
        if seconds is not None:
            self._request_seconds.labels(*labels).observe(seconds)


METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)


class _FiguresCollector(Collector):
    """Asks for figures when someone looks."""

    def __init__(self, read: Callable[[], Figures]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        figures = self._read()
        yield _gauge(
            "weft_jobs",
            "Jobs by state, as far as the history goes back.",
            "state",
            {state.value: count for state, count in figures.jobs.items()},
        )
        yield GaugeMetricFamily("weft_queue_remaining", "Jobs that run or wait.", figures.queue_remaining)
        yield GaugeMetricFamily("weft_queue_paused", "1 while the queue starts no job.", figures.is_paused)
        yield GaugeMetricFamily("weft_sockets", "Clients that are connected by WebSocket.", figures.sockets)
        yield _gauge(
            "weft_worker_state",
            "1 for the state that the worker is in.",
            "state",
            {state.value: state is figures.worker for state in WorkerState},
        )
        yield _gauge("weft_memory_bytes", "Resident memory.", "process", figures.memory)


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for word, value in values.items():
        family.add_metric((word,), value)
    return family
