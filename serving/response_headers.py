"""The headers that every answer carries: what a browser may do with it.

A page may load scripts from this server only and talk to no other. Another editor (`--front-end-root`, ComfyUI's) may run
inline scripts too, which those need, but still talks to no other server. What is no page runs nothing at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import hdrs, web

from serving.origins import ANY_ORIGIN, is_same_origin

Signal = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
CSP = "Content-Security-Policy"
_COMMON = {
    "default-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob: data:",
    "font-src": "'self' data:",
    "style-src": "'self' 'unsafe-inline'",
    "worker-src": "'self' blob:",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
OWN_PAGE: Mapping[str, str] = {**_COMMON, "script-src": "'self'", "connect-src": "'self'", "object-src": "'none'"}
FOREIGN_PAGE: Mapping[str, str] = {
    **_COMMON,
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "connect-src": "'self' blob: data:",
    "object-src": "'self'",
}
NO_PAGE: Mapping[str, str] = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "frame-ancestors": "'self'",
    "sandbox": "",
}
PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/javascript", "application/javascript")  # scripts: for workers
FIXED: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser would send `Origin: null` to ourselves
    "Cross-Origin-Opener-Policy": "same-origin",
}
CORS_METHODS = "POST, GET, DELETE, PUT, OPTIONS, PATCH"
CORS_HEADERS = "Content-Type, Authorization, Comfy-User, Last-Event-ID"


def header_signal(*, is_foreign: bool, cors_origin: str | None) -> Signal:
    """Return what adds the headers, for `on_response_prepare`; a handler's own stay. is_foreign: the editor is not ours."""
    page, other = policy(FOREIGN_PAGE if is_foreign else OWN_PAGE), policy(NO_PAGE)
    shared = {**FIXED, **cors_headers(cors_origin)}

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.setdefault(CSP, page if response.content_type in PAGE_TYPES else other)
        for name, value in shared.items():
            headers.setdefault(name, value)
        headers[hdrs.SERVER] = "weft"  # nobody needs to know which version of what answers

    return add


def policy(directives: Mapping[str, str]) -> str:
    """Return the text of a policy."""
    return "; ".join(f"{name} {value}".strip() for name, value in directives.items())


def cors_headers(origin: str | None) -> Mapping[str, str]:
    """Return what lets pages of an origin read the answers, as ComfyUI does, but no credentials for any origin at all."""
    if origin is None:
        return {"Cross-Origin-Resource-Policy": "same-origin"}
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: CORS_METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: CORS_HEADERS,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if origin == ANY_ORIGIN:
        return headers
    return {**headers, hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS: "true", hdrs.VARY: hdrs.ORIGIN}


def is_from_elsewhere(request: web.Request) -> bool:
    """Whether a page of another origin sent the request, which was allowed."""
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is not None and not is_same_origin(origin, request.headers.get(hdrs.HOST, ""))
