"""/api/v1/jobs and /api/v1/queue: jobs with priorities and labels, pause, reorder, retry."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import msgspec

from graph.errors import FormatError
from graph.formats import Form, form_of, read_workflow, to_api
from serving.desk import Submission
from serving.intake import SPECS_WAIT_S, Asked, Refused, take_in
from serving.job_pages import Page
from serving.jobs import Job, JobState
from serving.queue_store import Record
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site

MOST_LABELS, LONGEST_LABEL = 32, 200
Priority = Annotated[int, msgspec.Meta(ge=-1000, le=1000, description="Larger runs earlier; 0 is usual.")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL)]
Labels = Annotated[list[Label], msgspec.Meta(max_length=MOST_LABELS)]
TAG = "jobs (v1)"


class NewJob(msgspec.Struct):
    """A job to queue. workflow: an API document or an editor's; outputs: the nodes to run to, all output nodes if left out."""

    workflow: dict[str, Any]
    outputs: list[str] | None = None
    priority: Priority = 0
    labels: Labels = []
    client_id: str | None = None
    id: str | None = None
    extra_data: dict[str, Any] = {}


class JobChange(msgspec.Struct):
    """What to change of a job that waits. place: where it stands among those that wait, 0 is next."""

    priority: Priority | None = None
    labels: Labels | None = None
    place: Annotated[int, msgspec.Meta(ge=0)] | None = None


class JobView(msgspec.Struct, omit_defaults=True):
    """A job. Times are in milliseconds since 1970. place: among those that wait, 0 is next. node: which one runs now."""

    id: str
    state: str
    created_ms: int
    priority: int = 0
    labels: list[str] = []
    node_count: int = 0
    attempts: int = 0
    place: int | None = None
    node: str | None = None
    client_id: str | None = None
    workflow_id: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    outputs: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    node_errors: dict[str, Any] | None = None


class JobPage(msgspec.Struct):
    """A page of jobs, and how many there are on all pages."""

    jobs: list[JobView]
    total: int


class ListQuery(msgspec.Struct):
    """Which jobs, the newest first. state: pending, in_progress, completed, failed or cancelled. text: words that are all
    in the texts they ran with (prompts, names of models), in their labels or in the names of their files."""

    state: Literal["pending", "in_progress", "completed", "failed", "cancelled"] | None = None
    label: str | None = None
    text: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0


class QueueView(msgspec.Struct):
    """The queue: the job that runs, and those that wait, the next one first."""

    paused: bool
    running: JobView | None
    pending: list[JobView]


class QueueChange(msgspec.Struct):
    """Whether the queue starts jobs."""

    paused: bool


@route("POST", "/api/v1/jobs", summary="Queue a job", tag=TAG, errors=(503, 507))
async def create_job(site: Site, body: NewJob) -> JobView:
    """Check a workflow and queue it. 400 lists every problem of every node, in `node_errors`."""
    prompt, extra = await _prompt_of(site, body)
    job = Submission(
        b"",
        (),
        extra,
        job_id=body.id,
        priority=body.priority,
        client_id=body.client_id,
        labels=tuple(body.labels),
    )
    return await _queue(site, Asked(prompt, body.outputs, job))


@route("GET", "/api/v1/jobs", summary="List jobs", tag=TAG)
async def get_jobs(site: Site, query: ListQuery) -> JobPage:
    """Return jobs of all states or of one, the newest first."""
    states = tuple(JobState) if query.state is None else (JobState(query.state),)
    ids = await _searched(site, query.text) if query.text.strip() else None
    page = Page(states, None, query.label, ids, limit=query.limit, offset=query.offset, only_begun=False)
    records, total = site.desk.store.page(page)
    return JobPage([_view(site, record) for record in records], total)


@route("GET", "/api/v1/jobs/{job_id}", summary="Show a job", tag=TAG, errors=(404,))
async def get_job(site: Site, job_id: str) -> JobView:
    """Return a job; what it shows is in `outputs`, by node id."""
    return _view(site, _record(site, job_id))


@route("GET", "/api/v1/jobs/{job_id}/workflow", summary="Show what a job runs", tag=TAG, errors=(404,))
async def get_workflow(site: Site, job_id: str) -> dict[str, Any]:
    """Return the API document (`prompt`) and what was sent along (`extra_data`, which may hold the editor's document)."""
    _record(site, job_id)
    documents = site.desk.documents(job_id)
    return {"prompt": msgspec.Raw(documents.prompt), "extra_data": msgspec.Raw(documents.extra)}


@route("PATCH", "/api/v1/jobs/{job_id}", summary="Change a job that waits", tag=TAG, errors=(404, 409))
async def change_job(site: Site, job_id: str, body: JobChange) -> JobView:
    """Give a waiting job another priority, labels or place; 409 if it runs or is over."""
    _record(site, job_id)
    try:
        if body.priority is not None or body.labels is not None:
            labels = None if body.labels is None else tuple(body.labels)
            site.desk.change(job_id, priority=body.priority, labels=labels)
        if body.place is not None:
            site.desk.move(job_id, body.place)
    except KeyError as error:
        raise refuse(409, f"Job {job_id} does not wait any more, so that it cannot be changed.") from error
    return _view(site, _record(site, job_id))


@route("POST", "/api/v1/jobs/{job_id}/cancel", summary="End a job", tag=TAG, errors=(404,))
async def cancel_job(site: Site, job_id: str) -> JobView:
    """Take a waiting job out, or ask the one that runs to end; a job that is over stays as it is."""
    _record(site, job_id)
    site.desk.cancel([job_id])
    return _view(site, _record(site, job_id))


@route("POST", "/api/v1/jobs/{job_id}/retry", summary="Queue a job again", tag=TAG, errors=(404, 409, 503, 507))
async def retry_job(site: Site, job_id: str) -> JobView:
    """Queue a new job with the same workflow, priority and labels; 409 if the job is not over."""
    record = _record(site, job_id)
    if not record.state.is_over:
        raise refuse(409, f"Job {job_id} is {record.state.value}; only a job that is over can be queued again.")
    documents = site.desk.documents(job_id)
    job = record.job
    again = Submission(
        b"",
        (),
        msgspec.json.decode(documents.extra, type=dict[str, Any]),
        priority=job.priority,
        client_id=job.client_id,
        labels=job.labels,
    )
    return await _queue(site, Asked(documents.prompt, job.outputs, again))


@route("DELETE", "/api/v1/jobs/{job_id}", summary="Forget a job that is over", tag=TAG, errors=(404, 409))
async def delete_job(site: Site, job_id: str) -> None:
    """Forget a job; files that it wrote stay. 409 if it is not over."""
    if not _record(site, job_id).state.is_over:
        raise refuse(409, f"Job {job_id} is not over; cancel it first.")
    site.desk.store.forget([job_id])


@route("GET", "/api/v1/queue", summary="Show the queue", tag=TAG)
async def get_queue(site: Site) -> QueueView:
    """Return the job that runs and those that wait."""
    queue = site.desk.queue
    pending = [_waiting(job, place) for place, job in enumerate(queue.pending)]
    running = None if queue.running is None else _view(site, _record(site, queue.running.id))
    return QueueView(queue.is_paused, running, pending)


@route("PATCH", "/api/v1/queue", summary="Pause or resume the queue", tag=TAG)
async def change_queue(site: Site, body: QueueChange) -> QueueView:
    """Pause: the job that runs goes on, no other begins, not after a restart either."""
    if body.paused:
        site.desk.pause()
    else:
        site.desk.resume()
    return await get_queue(site)


async def _searched(site: Site, text: str) -> tuple[str, ...]:
    """Return the ids of the jobs that have all words of a text; others are served meanwhile."""
    found: list[str] = []
    for ids in site.desk.store.search(text):
        found += ids
        await asyncio.sleep(0)
    return tuple(found)


async def _prompt_of(site: Site, body: NewJob) -> tuple[bytes, dict[str, Any]]:
    """Return the API document of a workflow in either format; an editor's own goes into the metadata of pictures."""
    try:
        if form_of(body.workflow) is Form.API:
            return msgspec.json.encode(body.workflow), body.extra_data
        registry = await site.nodes.wait(SPECS_WAIT_S)
        prompt = to_api(read_workflow(body.workflow, registry.find))
    except FormatError as error:
        raise refuse(400, str(error)) from error
    return msgspec.json.encode(prompt), {"extra_pnginfo": {"workflow": body.workflow}, **body.extra_data}


async def _queue(site: Site, asked: Asked) -> JobView:
    try:
        taken = await take_in(site, asked)
    except Refused as refused:
        error = refused.body["error"]
        sentence = error["details"] or error["message"]
        raise refuse(refused.status, sentence, node_errors=refused.body["node_errors"]) from refused
    view = _view(site, _record(site, taken.job.id))
    view.node_errors = dict(taken.node_errors) or None
    return view


def _record(site: Site, job_id: str) -> Record:
    found = site.desk.store.find(job_id)
    if found is None:
        raise refuse(404, f"There is no job {job_id}.")
    return found


def _view(site: Site, record: Record) -> JobView:
    pending = site.desk.queue.pending
    place = next((index for index, job in enumerate(pending) if job.id == record.job.id), None)
    view = _waiting(record.job, place, record.state)
    current = site.desk.current_of(record.job.id)
    view.node = None if current is None else current["node"]
    outcome = record.outcome
    if outcome is not None:
        view.started_ms, view.ended_ms = outcome.started_ms, outcome.ended_ms
        view.outputs = dict(outcome.outputs)
        view.error = None if outcome.error is None else dict(outcome.error)
    return view


def _waiting(job: Job, place: int | None, state: JobState = JobState.PENDING) -> JobView:
    return JobView(
        id=job.id,
        state=state.value,
        created_ms=job.created_ms,
        priority=job.priority,
        labels=list(job.labels),
        node_count=job.node_count,
        attempts=job.attempts,
        place=place,
        client_id=job.client_id,
        workflow_id=job.workflow_id,
    )
