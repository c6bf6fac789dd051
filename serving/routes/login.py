"""The log-in page: a form without scripts, which gives a browser a session for the token."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template
from urllib.parse import parse_qsl

import msgspec
from aiohttp import hdrs, web

from serving.access import ACCESS, Verdict
from serving.gate import TOO_OFTEN, give_session, refusal
from serving.refusals import refuse
from serving.routing import read_body, route

PAGES = Path(__file__).resolve().parent.parent / "pages"
MAX_FORM_BYTES = 2**14
NOT_ADMITTED = {Verdict.REFUSED: "That is not the token.", Verdict.LATER: TOO_OFTEN}
NEVER_STORED = {hdrs.CACHE_CONTROL: "no-store"}


class Credentials(msgspec.Struct):
    """What is typed into the form. `next`: where to go then, a path of this server."""

    token: str = ""
    next: str = "/"


@route("GET", "/login", summary="The log-in page", described=False)
async def show_login(request: web.Request) -> web.Response:
    """Show the form; without a token there is nothing to log in to."""
    target = local_path(request.query.get("next", "/"))
    if ACCESS not in request.app:
        raise web.HTTPSeeOther(target)
    return _page(target)


@route("POST", "/login", summary="Get a session cookie for the token", described=False)
async def log_in(request: web.Request) -> web.Response:
    """Take a form, or JSON from programs."""
    if ACCESS not in request.app:
        raise web.HTTPSeeOther("/")
    is_json = request.content_type == "application/json"
    typed = await _read(request, is_json=is_json)
    verdict = await request.app[ACCESS].admit(typed.token, request.remote or "")
    if verdict is not Verdict.ADMITTED:
        return refusal(request, verdict) if is_json else _page(local_path(typed.next), verdict)
    answer = web.Response() if is_json else web.Response(status=303, headers={hdrs.LOCATION: local_path(typed.next)})
    give_session(request, answer)
    return answer


@route("GET", "/login.css", summary="The log-in page's style", described=False)
async def show_style(request: web.Request) -> web.FileResponse:
    """Send the style sheet, which is shown before a token is."""
    return web.FileResponse(PAGES / "login.css")


def local_path(target: str) -> str:
    """Return where to go if that is on this server, else "/"."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_local else "/"


async def _read(request: web.Request, *, is_json: bool) -> Credentials:
    if (request.content_length or 0) > MAX_FORM_BYTES:
        raise refuse(413, f"A log-in has at most {MAX_FORM_BYTES} bytes.")
    if is_json:
        credentials: Credentials = read_body(await request.clone(client_max_size=MAX_FORM_BYTES).read(), Credentials)
        return credentials
    data = await request.clone(client_max_size=MAX_FORM_BYTES).read()
    fields = dict(parse_qsl(data.decode("utf-8", "replace")))
    return Credentials(fields.get("token", "").strip(), fields.get("next", "/"))


def _page(target: str, verdict: Verdict | None = None) -> web.Response:
    page = Template((PAGES / "login.html").read_text(encoding="utf-8"))
    told = "" if verdict is None else NOT_ADMITTED[verdict]
    text = page.substitute(next=html.escape(target), told=told)
    status = {None: 200, Verdict.LATER: 429}.get(verdict, 401)
    return web.Response(text=text, content_type="text/html", status=status, headers=NEVER_STORED)
