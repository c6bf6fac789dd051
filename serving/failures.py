"""What goes wrong in a request, as an answer: a sentence, in JSON where a program asks.

An exception of a handler is an answer with status 500 and an id; its traceback stands in the log under that id only.
"""

from __future__ import annotations

import logging
import secrets

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from serving.queue_store import StoreError
from serving.refusals import JSON

logger = logging.getLogger(__name__)

SENTENCES = {
    404: "There is nothing at {path}.",
    405: "{method} is not possible at {path}.",
    408: "The request came too slowly.",
    413: "The body is larger than {limit_mib:g} MiB, the most that is taken here.",
    415: "This kind of body is not taken at {path}.",
    417: "This expectation cannot be met.",
    500: "The server failed where it should not; its log tells more under {id}.",
}
MIB = 2**20
IS_BEGUN = web.RequestKey("is_begun", bool)  # the answer is on its way


@web.middleware
async def failures_in_sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a sentence whatever is raised."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if not _is_bare(error):
            raise
        return _answer(request, error)
    except web.RequestPayloadError as error:
        return sentence(request, 400, f"The body cannot be read: {error}.")
    except TimeoutError as error:
        return _answer_slow(request, error)
    except StoreError as error:
        return sentence(request, 507, str(error))
    except Exception as error:
        return _answer_failure(request, error)


def sentence(request: web.Request, status: int, text: str, **details: object) -> web.Response:
    """Return an answer that is a sentence: JSON below /api and for programs, else plain text."""
    if is_program(request):
        body = msgspec.json.encode({"error": text, **details})
        return web.Response(body=body, status=status, content_type=JSON)
    return web.Response(text=f"{text}\n", status=status)


def is_program(request: web.Request) -> bool:
    """Whether JSON is better understood than text."""
    is_api = request.path.startswith("/api/") or request.content_type == JSON
    return is_api or "json" in request.headers.get(hdrs.ACCEPT, "")


def _is_bare(error: web.HTTPException) -> bool:
    """Whether it is as aiohttp raised it, without a sentence of ours."""
    is_ours = error.status < 400 or error.content_type == JSON
    return not is_ours and (error.status == 413 or error.text in (None, f"{error.status}: {error.reason}"))


def _answer(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    limit_mib = request.client_max_size / MIB
    text = SENTENCES.get(error.status, f"{error.reason}.")
    answer = sentence(request, error.status, text.format(path=request.path, method=request.method, limit_mib=limit_mib))
    for name in (hdrs.ALLOW, hdrs.RETRY_AFTER):
        if name in error.headers:
            answer.headers[name] = error.headers[name]
    return answer


def _answer_slow(request: web.Request, error: TimeoutError) -> web.Response:
    """A body that came too slowly; any other time-out is a failure as others are."""
    if request.content.exception() is not error:
        return _answer_failure(request, error)
    answer = sentence(request, 408, SENTENCES[408])
    answer.force_close()
    return answer


def _answer_failure(request: web.Request, error: Exception) -> web.Response:
    if request.transport is None and isinstance(error, ConnectionError):
        raise error  # the client has gone; nobody is left to be told
    name = secrets.token_hex(4)
    logger.error("%s: %s %s failed", name, request.method, request.path, exc_info=error)
    if request.get(IS_BEGUN):
        raise error  # the answer is on its way already: the connection is closed in its middle
    return sentence(request, 500, SENTENCES[500].format(id=name), id=name)


async def note_begun(request: web.Request, response: web.StreamResponse) -> None:
    """Remember that an answer has begun; for `on_response_prepare`."""
    request[IS_BEGUN] = True
