"""The gate: with a token set, whoever has neither token nor session gets no further than the log-in page."""

from __future__ import annotations

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

from serving.access import ACCESS, SESSION_S, Verdict
from serving.failures import is_program, sentence

OPEN_PATHS = frozenset(
    {"/login", "/api/login", "/login.css", "/api/login.css", "/health", "/api/health"},
)
COOKIE = "weft_session"
SHOW_TOKEN = "This server asks for its token: as `Authorization: Bearer TOKEN`, or in a browser at /login."
TOO_OFTEN = "There were too many failed attempts; try again in a minute."


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let those through who have a session or the token."""
    access = request.app[ACCESS]
    if request.path in OPEN_PATHS or access.is_session(request.cookies.get(cookie_name(request), "")):
        return await handler(request)
    bearer, query = _bearer(request), request.query.get("token")
    token = bearer or query
    if token is None:
        return _send_away(request)
    verdict = await access.admit(token, request.remote or "")
    if verdict is not Verdict.ADMITTED:
        return refusal(request, verdict)
    if bearer is not None:
        return await handler(request)
    return await _with_session(request, handler)


def refusal(request: web.Request, verdict: Verdict) -> web.Response:
    """Return the answer to whoever is not admitted; it does not tell what was wrong."""
    if verdict is Verdict.LATER:
        answer = sentence(request, 429, TOO_OFTEN)
        answer.headers[hdrs.RETRY_AFTER] = "60"
        return answer
    answer = sentence(request, 401, SHOW_TOKEN)
    answer.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    return answer


def give_session(request: web.Request, response: web.StreamResponse) -> None:
    """Let a browser stay logged in."""
    name, value = cookie_name(request), request.app[ACCESS].new_session()
    secure = "; Secure" if request.secure else ""
    # As a header: cookies are no longer looked at when `on_response_prepare` comes.
    text = f"{name}={value}; Max-Age={SESSION_S}; Path=/; HttpOnly; SameSite=Strict{secure}"
    response.headers.add(hdrs.SET_COOKIE, text)


def cookie_name(request: web.Request) -> str:
    """Cookies are shared by all ports of a host, so that each server needs a name of its own."""
    return f"{COOKIE}_{request.url.port}"


async def add_session(request: web.Request, response: web.StreamResponse) -> None:
    """Add the cookie to the answer to a request that was admitted by its address; for `on_response_prepare`."""
    if request.get(NEEDS_SESSION):
        give_session(request, response)


NEEDS_SESSION = web.RequestKey("needs_session", bool)


async def _with_session(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give a session for the token in the address; a page is opened again without it, so that it stays in no history."""
    request[NEEDS_SESSION] = True
    if request.method == hdrs.METH_GET and "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        raise web.HTTPSeeOther(request.rel_url.without_query_params("token"))
    return await handler(request)


def _send_away(request: web.Request) -> web.Response:
    wants_page = request.method == hdrs.METH_GET and "text/html" in request.headers.get(hdrs.ACCEPT, "")
    if not wants_page or is_program(request):
        return refusal(request, Verdict.REFUSED)
    target = URL("/login").with_query(next=str(request.rel_url))
    return web.Response(status=303, headers={hdrs.LOCATION: str(target)})


def _bearer(request: web.Request) -> str | None:
    kind, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None
