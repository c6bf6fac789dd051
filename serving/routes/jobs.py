"""/api/jobs: ComfyUI's jobs API, with status, sort and pages."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from serving.intake import Refused, checked_id
from serving.job_pages import Page
from serving.jobs import JobState
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.views import job_item, whole_job

ALL = tuple(state.value for state in JobState)
SORTS = ("created_at", "execution_duration")


class JobsQuery(msgspec.Struct):
    """Which jobs. status: words joined by commas; sort_by: created_at or execution_duration; sort_order: asc or desc."""

    status: str | None = None
    workflow_id: str | None = None
    sort_by: str = "created_at"
    sort_order: str = "desc"
    limit: str | None = None
    offset: str | None = None


class JobIds(msgspec.Struct):
    """The jobs to end."""

    job_ids: list[str]


@route("GET", "/api/jobs", summary="List jobs")
async def get_jobs(site: Site, query: JobsQuery) -> dict[str, Any]:
    """Return a page of jobs, whatever their state."""
    page = _page(query)
    records, total = site.desk.store.page(page)
    return {
        "jobs": [job_item(record) for record in records],
        "pagination": {
            "offset": page.offset,
            "limit": page.limit,
            "total": total,
            "has_more": page.offset + len(records) < total,
        },
    }


@route("GET", "/api/jobs/{job_id}", summary="Show a job", errors=(404,))
async def get_job(site: Site, job_id: str) -> dict[str, Any]:
    """Return all that is known of a job."""
    record = site.desk.store.find(job_id)
    if record is None:
        raise refuse(404, "Job not found")
    return whole_job(record, site.desk.documents(job_id))


@route("POST", "/api/jobs/{job_id}/cancel", summary="End a job")
async def cancel_job(site: Site, job_id: str) -> dict[str, bool]:
    """End a job that runs or waits; others are left as they are."""
    return {"cancelled": bool(site.desk.cancel([job_id]))}


@route("POST", "/api/jobs/cancel", summary="End several jobs", errors=(400,), accepts=JobIds)
async def cancel_jobs(request: web.Request, site: Site) -> dict[str, bool]:
    """End those of `job_ids` that run or wait; 400 names ids that are none."""
    try:
        body = msgspec.json.decode(await request.read())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(400, "Request body must be valid JSON") from error
    job_ids = body.get("job_ids") if isinstance(body, dict) else None
    if not isinstance(job_ids, list):
        raise refuse(400, "job_ids must be a list")
    invalid = [job_id if isinstance(job_id, str) else repr(job_id) for job_id in job_ids if not _is_id(job_id)]
    if invalid:
        raise refuse(400, "job_ids contains invalid id(s)", invalid_ids=invalid)
    return {"cancelled": bool(site.desk.cancel(job_ids))}


def _page(query: JobsQuery) -> Page:
    words = [word.strip().lower() for word in (query.status or "").split(",") if word.strip()]
    if unknown := [word for word in words if word not in ALL]:
        raise refuse(400, f"Invalid status value(s): {', '.join(unknown)}. Valid values: {', '.join(ALL)}")
    sort_by, sort_order = query.sort_by.lower(), query.sort_order.lower()
    if sort_by not in SORTS:
        raise refuse(400, "sort_by must be 'created_at' or 'execution_duration'")
    if sort_order not in ("asc", "desc"):
        raise refuse(400, "sort_order must be 'asc' or 'desc'")
    limit = None if query.limit is None else _whole(query.limit, "limit")
    if limit is not None and limit <= 0:
        raise refuse(400, "limit must be a positive integer")
    offset = max(0, 0 if query.offset is None else _whole(query.offset, "offset"))
    states = tuple(JobState(word) for word in words) or tuple(JobState)
    return Page(
        states=states,
        workflow_id=query.workflow_id,
        by_duration=sort_by == "execution_duration",
        descending=sort_order == "desc",
        limit=limit,
        offset=offset,
    )


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise refuse(400, f"{name} must be an integer") from error


def _is_id(job_id: Any) -> bool:
    try:
        return job_id is not None and checked_id(job_id) is not None
    except Refused:
        return False
