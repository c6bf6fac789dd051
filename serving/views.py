"""How jobs are shown: as ComfyUI's queue items, its history, and its jobs API. Values to values.

The texts of prompts are passed on as they came, without being read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from serving.jobs import NOTHING, Job, JobState, Outcome
from serving.outputs_summary import count_previewable, normalized_outputs, summary
from serving.queue_store import Documents, Record


def queue_item(job: Job, documents: Documents) -> list[Any]:
    """Return [number, id, prompt, extra_data, outputs]."""
    return [job.number, job.id, msgspec.Raw(documents.prompt), msgspec.Raw(documents.extra), list(job.outputs)]


def history_item(record: Record, documents: Documents) -> dict[str, Any]:
    """Return an entry of /history."""
    outcome = record.outcome or Outcome(record.state)
    return {
        "prompt": queue_item(record.job, documents),
        "outputs": outcome.outputs,
        "status": execution_status(outcome),
        "meta": outcome.meta,
    }


def execution_status(outcome: Outcome) -> dict[str, Any]:
    """Return how a job ended, in ComfyUI's words."""
    is_done = outcome.state is JobState.DONE
    messages = [[name, data] for name, data in outcome.messages]
    return {"status_str": "success" if is_done else "error", "completed": is_done, "messages": messages}


def job_item(record: Record) -> dict[str, Any]:
    """Return an entry of ComfyUI's list of jobs; what is not known is left out."""
    job, outcome = record.job, record.outcome
    outputs: Mapping[str, Any] = outcome.outputs if outcome is not None else NOTHING
    count, preview = summary(outputs)
    found = {
        "id": job.id,
        "status": record.state.value,
        "priority": job.number,
        "create_time": job.created_ms,
        "execution_start_time": outcome.started_ms if outcome is not None else None,
        "execution_end_time": outcome.ended_ms if outcome is not None else None,
        "execution_error": outcome.error if outcome is not None and outcome.state is JobState.FAILED else None,
        "outputs_count": count,
        "previewable_outputs_count": count_previewable(outputs),
        "preview_output": preview,
        "workflow_id": job.workflow_id,
    }
    return {name: value for name, value in found.items() if value is not None}


def whole_job(record: Record, documents: Documents) -> dict[str, Any]:
    """Return a job of ComfyUI's jobs API with all that is known of it."""
    item = job_item(record)
    if record.outcome is None:
        return item
    return {
        **item,
        "outputs": normalized_outputs(record.outcome.outputs),
        "execution_status": execution_status(record.outcome),
        "workflow": {"prompt": msgspec.Raw(documents.prompt), "extra_data": msgspec.Raw(documents.extra)},
    }
