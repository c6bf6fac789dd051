"""/queue and /history, as ComfyUI has them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from serving.routing import route
from serving.site import Site
from serving.views import history_item, queue_item

AT_ONCE = 20  # entries of the history; some 2 ms


class QueueBody(msgspec.Struct):
    """What to do: take all out that wait, or some by id."""

    clear: bool = False
    delete: list[str] = []


class HistoryQuery(msgspec.Struct):
    """Which part of the history: at most so many; from the end, if there is no offset."""

    max_items: int | None = None
    offset: int | None = None


@route("GET", "/queue", summary="List the jobs that run and wait")
async def get_queue(site: Site) -> dict[str, Any]:
    """Return queue_running and queue_pending: [number, id, prompt, extra_data, outputs] each."""
    desk = site.desk
    running = [desk.queue.running] if desk.queue.running is not None else []
    return {
        "queue_running": [queue_item(job, desk.documents(job.id)) for job in running],
        "queue_pending": [queue_item(job, desk.documents(job.id)) for job in desk.queue.pending],
    }


@route("POST", "/queue", summary="Take waiting jobs out")
async def post_queue(site: Site, body: QueueBody) -> None:
    """Take all waiting jobs out (`clear`), or those of `delete`; the one that runs goes on."""
    waiting = {job.id for job in site.desk.queue.pending}
    site.desk.cancel(waiting if body.clear else [job_id for job_id in body.delete if job_id in waiting])


@route("GET", "/history", summary="List the jobs that are over")
async def get_history(site: Site, query: HistoryQuery) -> dict[str, Any]:
    """Return them by id, the oldest first."""
    store, limit, offset = site.desk.store, query.max_items, query.offset
    if limit is not None and limit <= 0:
        return {}
    if offset is None or offset < 0:
        offset = max(0, store.finished_count() - limit) if limit is not None else 0
    return await _history_of(site, store.finished(limit, offset))


@route("GET", "/history/{prompt_id}", summary="Show a job that is over")
async def get_history_of(site: Site, prompt_id: str) -> dict[str, Any]:
    """Return it by its id; an empty object if there is none."""
    record = site.desk.store.find(prompt_id)
    if record is None or record.outcome is None or record.outcome.started_ms is None:
        return {}
    return {prompt_id: history_item(record, site.desk.documents(prompt_id))}


async def _history_of(site: Site, job_ids: Sequence[str]) -> dict[str, Any]:
    """Return the entries of jobs, as far as they are not forgotten meanwhile; after every few, others have their turn."""
    entries: dict[str, Any] = {}
    for start in range(0, len(job_ids), AT_ONCE):
        for job_id in job_ids[start : start + AT_ONCE]:
            record = site.desk.store.find(job_id)
            if record is not None:
                entries[job_id] = msgspec.Raw(msgspec.json.encode(history_item(record, site.desk.documents(job_id))))
        await asyncio.sleep(0)
    return entries


@route("POST", "/history", summary="Forget jobs that are over")
async def post_history(site: Site, body: QueueBody) -> None:
    """Forget all (`clear`) or those of `delete`. Files that they wrote stay."""
    if body.clear:
        site.desk.store.forget_all()
    else:
        site.desk.store.forget(body.delete)
