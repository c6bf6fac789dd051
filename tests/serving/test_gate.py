"""A server with a token: nobody gets in without it, and guessing is slow."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path

import pytest

from serving.access import SESSION_S
from serving.errors import StartError
from serving.failure_limit import MAX_ADDRESSES, FailureLimit, Rate, network_of
from serving.routes.login import local_path
from serving.token_file import FILE_NAME, settle_token
from tests.serving.guarded import TOKEN, Answer, FakeClock, Guarded, guarded, run

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
PAGE = {"Accept": "text/html"}


def cookie(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


async def log_in(server: Guarded, token: str) -> Answer:
    return await server.ask("POST", "/login", f"token={token}&next=/data".encode(), **FORM)


def test_without_a_token_nothing_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            for path in ("/", "/data", "/api/data", "/script.js", "/nothing", "/ws", "/login/../data", "//login"):
                for method in ("GET", "POST"):
                    answer = await server.ask(method, path)
                    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert server.seen == []
            assert (await server.ask("GET", "/health")).status == 200

    run(body)


def test_a_bearer_token_lets_in_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            assert (await server.ask("GET", "/data", Authorization=f"Bearer {TOKEN}")).status == 200
            for wrong in (f"Bearer {TOKEN}x", "Bearer ", "Basic eDp5", TOKEN, f"Bearer {'x' * 5000}", "Bearer \xff"):
                assert (await server.ask("GET", "/data", Authorization=wrong)).status == 401

    run(body)


def test_a_browser_is_sent_to_the_log_in_page_and_back(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            sent = await server.ask("GET", "/data?a=1&b=2", **PAGE)
            assert (sent.status, sent.headers["location"]) == (303, "/login?next=/data?a%3D1%26b%3D2")
            form = await server.ask("GET", sent.headers["location"], **PAGE)
            assert b'value="/data?a=1&amp;b=2"' in form.body
            assert (await server.ask("GET", "/login.css")).headers["content-type"] == "text/css"
            done = await log_in(server, TOKEN.replace(" ", "+"))
            assert (done.status, done.headers["location"]) == (303, "/data")
            assert (await server.ask("GET", "/data", Cookie=cookie(done))).status == 200

    run(body)


def test_the_log_in_page_needs_nothing_from_outside_and_no_script(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            page = (await server.ask("GET", "/login", **PAGE)).body.decode()
            assert "<script" not in page
            assert " style=" not in page
            assert "://" not in page
            assert re.findall(r'(?:src|href|action)="([^"]*)"', page) == ["data:,", "/login.css", "/login"]

    run(body)


def test_the_cookie_is_for_this_server_only(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            given = await server.ask(
                "POST", "/login", b'{"token": "%s"}' % TOKEN.encode(), Content_Type="application/json"
            )
            attributes = [each.strip() for each in given.headers["set-cookie"].split(";")]
            assert (given.status, attributes[0].partition("=")[0]) == (200, f"weft_session_{server.port}")
            assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={SESSION_S}"} <= set(attributes)
            assert "Secure" not in attributes  # it would not come back over plain HTTP
            assert TOKEN not in given.headers["set-cookie"]

    run(body)


def test_a_session_ends_and_cannot_be_forged(tmp_path: Path) -> None:
    async def body() -> None:
        clock = FakeClock()
        async with guarded(tmp_path, token=TOKEN, clock=clock) as server:
            name, _, value = cookie(await log_in(server, TOKEN.replace(" ", "+"))).partition("=")
            ends, nonce, signature = value.split(".")
            forged = (
                f"{int(ends) + 9}.{nonce}.{signature}",
                f"{ends}.{nonce}.",
                "",
                "..",
                f"{ends}.{nonce}",
                "x.y.z",
                "é.é.é",
            )
            for wrong in forged:
                assert (await server.ask("GET", "/data", Cookie=f"{name}={wrong}")).status == 401
            clock.now_s += SESSION_S - 2
            assert (await server.ask("GET", "/data", Cookie=f"{name}={value}")).status == 200
            clock.now_s += 3
            assert (await server.ask("GET", "/data", Cookie=f"{name}={value}")).status == 401

    run(body)


def test_a_token_in_the_address_becomes_a_session(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            query = f"?token={TOKEN.replace(' ', '%20')}"
            picture = await server.ask("GET", f"/data{query}", Accept="image/*")
            assert picture.status == 200
            assert (await server.ask("GET", "/data", Cookie=cookie(picture))).status == 200
            upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
            socket = await server.ask("GET", f"/ws{query}", Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", **upgrade)
            assert (socket.status, "set-cookie" in socket.headers) == (101, True)
            page = await server.ask("GET", f"/{query}&a=1", **PAGE)
            assert (page.status, page.headers["location"], "set-cookie" in page.headers) == (303, "/?a=1", True)
            wrong = await server.ask("GET", "/data?token=wrong")
            assert (wrong.status, "set-cookie" in wrong.headers) == (401, False)

    run(body)


def test_failures_are_counted_whatever_the_way_and_forgotten_with_time(tmp_path: Path) -> None:
    async def body() -> None:
        clock = FakeClock()
        async with guarded(tmp_path, token=TOKEN, clock=clock) as server:
            answers = await asyncio.gather(
                *(log_in(server, "wrong") for _ in range(6)),
                *(server.ask("GET", "/data", Authorization="Bearer wrong") for _ in range(6)),
                *(server.ask("GET", "/data?token=wrong") for _ in range(6)),
            )
            assert sorted(answer.status for answer in answers) == [401] * 10 + [429] * 8
            late = await log_in(server, TOKEN.replace(" ", "+"))
            assert (late.status, "set-cookie" in late.headers) == (429, False)
            clock.now_s += 60
            assert (await log_in(server, TOKEN.replace(" ", "+"))).status == 303

    run(body)


def test_a_session_is_not_held_up_by_the_failures_of_others(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            session = cookie(await log_in(server, TOKEN.replace(" ", "+")))
            for _ in range(12):
                await log_in(server, "wrong")
            assert (await server.ask("GET", "/data", Cookie=session)).status == 200

    run(body)


def test_any_number_of_right_tokens_is_no_failure(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            for _ in range(30):
                assert (await server.ask("GET", "/data", Authorization=f"Bearer {TOKEN}")).status == 200

    run(body)


def test_the_log_in_answers_wrong_empty_and_odd_tokens_alike(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, token=TOKEN) as server:
            answers = [await log_in(server, token) for token in ("wrong", "", "%ff%00", "x" * 3000)]
            assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}
            assert (await server.ask("POST", "/login", b"x" * 20_000, **FORM)).status == 413
            odd = {"Content_Type": "multipart/form-data; boundary=b; charset=none"}
            assert (await server.ask("POST", "/login", b"--b\r\n\r\n\xff", **odd)).status == 401
            assert (await server.ask("POST", "/login", b"[]", Content_Type="application/json")).status == 400

    run(body)


def test_failures_are_limited_per_address_and_in_total() -> None:
    clock = FakeClock()
    limit = FailureLimit(clock, Rate(2, 10.0), Rate(3, 10.0))
    assert [limit.take("10.0.0.1") for _ in range(3)] == [0, 0, 10]
    assert [limit.take("10.0.0.2"), limit.take("10.0.0.3")] == [0, 10]
    clock.now_s += 10
    assert limit.take("10.0.0.3") == 0
    limit.give_back("10.0.0.3")
    assert limit.take("10.0.0.3") == 0


def test_the_limit_remembers_a_bounded_number_of_addresses() -> None:
    limit = FailureLimit(FakeClock(), Rate(1, 10.0), Rate(10**9, 1.0))
    for number in range(MAX_ADDRESSES + 1):
        assert limit.take(f"net{number}") == 0
    assert limit.take("net1") > 0
    assert limit.take("net0") == 0  # forgotten
    assert len(limit._buckets) == MAX_ADDRESSES


def test_one_person_has_one_network() -> None:
    assert network_of("2001:db8::1%eth0") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1") == "10.0.0.1"


def test_the_token_is_kept_as_a_hash_for_the_owner_only(tmp_path: Path) -> None:
    settle_token(tmp_path, TOKEN)
    path = tmp_path / FILE_NAME
    assert TOKEN.encode() not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_token_survives_a_restart_and_may_be_changed(tmp_path: Path) -> None:
    made = settle_token(tmp_path, None)
    assert made.token is not None
    assert (len(made.token), made.is_new) == (32, True)
    again = settle_token(tmp_path, None)
    assert (again.token, again.is_new, again.stored) == (None, False, made.stored)
    assert again.stored.matches(made.token)
    named = settle_token(tmp_path, "another")
    assert (named.token, named.is_new) == ("another", False)
    assert settle_token(tmp_path, None).stored.matches("another")
    assert not settle_token(tmp_path, None).stored.matches(made.token)


def test_a_stored_token_lets_in_after_a_restart(tmp_path: Path) -> None:
    async def body() -> None:
        settle_token(tmp_path, TOKEN)
        async with guarded(tmp_path, wants_token=True) as server:
            assert (await server.ask("GET", "/data", Authorization="Bearer wrong")).status == 401
            for _ in range(2):
                assert (await server.ask("GET", "/data", Authorization=f"Bearer {TOKEN}")).status == 200
            assert (await server.ask("GET", "/data", Authorization="Bearer wrong")).status == 401

    run(body)


def test_a_damaged_token_file_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{")
    with pytest.raises(StartError, match=r"access\.json is not the stored token"):
        settle_token(tmp_path, None)


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "http://evil.example", "", "javascript:x", "/a\nb"]
)
def test_the_log_in_leads_nowhere_else(target: str) -> None:
    assert local_path(target) == "/"
