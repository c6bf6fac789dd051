"""/prompt: take a workflow in. /interrupt and /free: end what runs, let go of memory."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from serving.desk import Submission
from serving.intake import Asked, Refused, take_in
from serving.prompt_errors import plain_error
from serving.routing import as_response, route
from serving.site import Site
from serving.workers import WorkerError

USAGE_SOURCE = "Comfy-Usage-Source"


class PromptBody(msgspec.Struct):
    """What clients send. prompt: nodes by id in API format; number: smaller runs earlier; front: before all others."""

    prompt: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    prompt_id: Any = None
    client_id: str | None = None
    number: float | None = None
    front: bool = False
    extra_data: dict[str, Any] | None = None
    partial_execution_targets: list[str | int] | None = None


class PromptTaken(msgspec.Struct):
    """The job that waits now, and what is wrong with the outputs that are left out."""

    prompt_id: str
    number: float
    node_errors: dict[str, Any]


class PromptRefused(msgspec.Struct):
    """Why a workflow is not queued, in ComfyUI's shape.

    error: type, message and details of the whole; node_errors: all that is wrong, by node.
    """

    error: dict[str, Any]
    node_errors: dict[str, Any]


class InterruptBody(msgspec.Struct):
    """Which job to end; the one that runs, if it is left out."""

    prompt_id: str | None = None


class FreeBody(msgspec.Struct):
    """What to let go of."""

    unload_models: bool = False
    free_memory: bool = False


REFUSALS = dict.fromkeys((400, 503, 507), PromptRefused)


@route("GET", "/prompt", summary="Tell how many jobs are not over")
async def get_prompt(site: Site) -> dict[str, Any]:
    """Return `{"exec_info": {"queue_remaining": N}}`."""
    return site.desk.status()


@route("POST", "/prompt", summary="Queue a workflow", errors=REFUSALS, accepts=PromptBody)
async def post_prompt(request: web.Request, site: Site) -> PromptTaken | web.StreamResponse:
    """Check the workflow and put it into the queue.

    400 lists every problem of every node at once. Outputs that are in order run even if others are not.
    """
    try:
        body = _read(await _shown_to_packs(site, await request.read()))
        taken = await take_in(site, _asked(body, request))
    except Refused as refused:
        response = as_response(refused.body)
        response.set_status(refused.status)
        return response
    return PromptTaken(taken.job.id, taken.job.number, dict(taken.node_errors))


@route("POST", "/interrupt", summary="End the job that runs", accepts=InterruptBody)
async def interrupt(request: web.Request, site: Site) -> None:
    """End the job that runs, or the one with `prompt_id` if that runs."""
    wanted = _lenient(await request.read()).prompt_id
    running = site.desk.queue.running
    if running is not None and wanted in (None, "", running.id):
        site.desk.cancel([running.id])


@route("POST", "/free", summary="Let go of memory")
async def free(site: Site, body: FreeBody) -> None:
    """Let go of weights (`unload_models`), and of kept results too (`free_memory`), once no job runs."""
    if body.unload_models or body.free_memory:
        site.desk.free(models=True, results=body.free_memory)


async def _shown_to_packs(site: Site, data: bytes) -> bytes:
    """Return the body as packs change it, if some have asked to see prompts."""
    try:
        return await site.pack_proxy.show_prompt(data)
    except WorkerError as error:
        raise Refused(plain_error("server_error", str(error), "The worker does not answer"), 503) from error


def _read(data: bytes) -> PromptBody:
    try:
        body = msgspec.json.decode(data, type=PromptBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(plain_error("invalid_prompt", f"The body is not what is expected here: {error}.")) from error
    if body.prompt is msgspec.UNSET:
        raise Refused(plain_error("no_prompt", 'The body has no "prompt"; put the nodes by id there.'))
    return body


def _asked(body: PromptBody, request: web.Request) -> Asked:
    extra = dict(body.extra_data or {})
    if body.client_id is not None:
        extra["client_id"] = body.client_id
    if USAGE_SOURCE in request.headers:
        extra.setdefault("comfy_usage_source", request.headers[USAGE_SOURCE])
    client_id = extra.get("client_id")
    job = Submission(
        b"",
        (),
        extra,
        job_id=body.prompt_id,
        number=body.number,
        front=body.front,
        client_id=client_id if isinstance(client_id, str) else None,
    )
    targets = body.partial_execution_targets
    return Asked(bytes(body.prompt), None if targets is None else [str(target) for target in targets], job)  # type: ignore[arg-type]


def _lenient(data: bytes) -> InterruptBody:
    """Return the body; whatever is no such object means: the job that runs."""
    try:
        return msgspec.json.decode(data, type=InterruptBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return InterruptBody()
