"""What stands before every handler, in this order: sentences for failures, names and origins, tokens, sizes, compression.

app = web.Application(client_max_size=…)
guard(app, settings, known=settle_access(settings))
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from serving.access import ACCESS, Access
from serving.failures import failures_in_sentences, note_begun, sentence
from serving.gate import add_session, gate
from serving.origins import HostNames, foreign_fault
from serving.response_headers import header_signal, is_from_elsewhere
from serving.settings import ServeSettings, is_loopback
from serving.slow_bodies import USUAL_PACE, Pace, slow_body_middleware
from serving.token_file import Known

WITH_OWN_LIMIT = ("/userdata/", "/api/userdata/")  # these stream to the disk
COMPRESSED_TYPES = ("application/json", "text/plain", "text/html", "text/css", "text/javascript")
LEAST_COMPRESSED_BYTES = 1024
KNOWN_HOSTS = 64  # Host headers that need not be read again; clients send the same one every time
UNSAFE = ("POST", "PUT", "DELETE", "PATCH")


def guard(
    app: web.Application,
    settings: ServeSettings,
    known: Known | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    pace: Pace = USUAL_PACE,
) -> None:
    """Let an application answer only whom it should. known: the token it asks for; None: none."""
    app.middlewares.extend([failures_in_sentences, sites_middleware(settings), refuse_simple_bodies])
    if known is not None:
        app[ACCESS] = Access(known.stored, known.token, clock)
        app.middlewares.append(gate)
        app.on_response_prepare.append(add_session)
    app.middlewares.extend(
        [refuse_large_json, slow_body_middleware(pace), compress_middleware(settings.compresses_here)]
    )
    is_foreign = settings.front_end_root is not None
    app.on_response_prepare.append(header_signal(is_foreign=is_foreign, cors_origin=settings.cors_origin))
    app.on_response_prepare.append(note_begun)


def sites_middleware(settings: ServeSettings) -> Middleware:
    """Return a middleware that refuses requests by other names and from other pages, and answers OPTIONS."""
    admit = lru_cache(KNOWN_HOSTS)(HostNames.of(settings.listen, settings.allow_hosts).admit)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) != 1 or not admit(hosts[0]):
            return sentence(request, 403, _unknown_host(hosts))
        fault = foreign_fault(request.method, request.headers, settings.cors_origin)
        if fault is not None:
            return sentence(request, 403, fault)
        return web.Response() if request.method == hdrs.METH_OPTIONS else await handler(request)

    return check


@web.middleware
async def refuse_simple_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse bodies from other origins that a browser sends without asking first, but for forms with files."""
    is_simple = request.content_type in ("text/plain", "application/x-www-form-urlencoded")
    if request.method in UNSAFE and request.can_read_body and is_simple and is_from_elsewhere(request):
        return sentence(request, 415, "From another origin a body is application/json or multipart/form-data here.")
    return await handler(request)


@web.middleware
async def refuse_large_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse JSON that says itself that it is too large, before any of it is read; else reading ends at the limit."""
    is_json = request.content_type == "application/json" and not request.path.startswith(WITH_OWN_LIMIT)
    if is_json and (request.content_length or 0) > request.client_max_size:
        raise web.HTTPRequestEntityTooLarge(request.client_max_size, request.content_length or 0)
    return await handler(request)


def compress_middleware(compresses_here: bool) -> Middleware:
    """Return a middleware that compresses text for whoever takes gzip; for this machine it would only cost time."""

    @web.middleware
    async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not _is_worth_it(response) or "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return response
        if compresses_here or not is_loopback(request.remote or ""):
            response.enable_compression(web.ContentCoding.gzip)
            response.headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
        return response

    return compress


def _is_worth_it(response: web.StreamResponse) -> bool:
    if not isinstance(response, web.Response) or response.content_type not in COMPRESSED_TYPES or response.prepared:
        return False
    body = response.body
    is_large = isinstance(body, bytes) and len(body) >= LEAST_COMPRESSED_BYTES
    return is_large and hdrs.CONTENT_ENCODING not in response.headers


def _unknown_host(hosts: list[str]) -> str:
    if len(hosts) != 1:
        return "The request has no Host header, or several."
    return f'This server is not called "{hosts[0][:200]}"; `--allow-host NAME` lets it answer to a name.'
