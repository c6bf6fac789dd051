"""What every request and every answer goes through."""

from __future__ import annotations

import asyncio
import gzip
import logging
import tracemalloc
from pathlib import Path

import pytest

from serving.slow_bodies import Pace
from tests.serving.guarded import LIMIT, guarded, read_answer, run

JSON = {"Content_Type": "application/json"}
HUNDRED_MB = 100 * 2**20


def test_a_failing_handler_tells_an_id_and_the_log_tells_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            with caplog.at_level(logging.ERROR):
                answer = await server.ask("GET", "/api/data/fail")
            assert answer.status == 500
            assert answer.json["id"] in answer.json["error"]
            assert b"secret" not in answer.body
            assert f"{answer.json['id']}: GET /api/data/fail failed" in caplog.text
            assert "a secret of the handler" in caplog.text

    run(body)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/", 405)])
def test_what_is_not_there_is_told_in_json_below_api_and_in_text_elsewhere(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            text = await server.ask(method, path)
            assert (text.status, text.headers["content-type"]) == (status, "text/plain; charset=utf-8")
            assert path in text.body.decode()
            json = await server.ask("GET", "/api/nothing")
            assert (json.status, json.json) == (404, {"error": "There is nothing at /api/nothing."})
            wrong = await server.ask("OPTIONS", "/nothing")
            assert wrong.status == 200
            allowed = await server.ask("DELETE", "/")
            assert allowed.headers["allow"] == "GET,HEAD"

    run(body)


def test_a_page_runs_own_scripts_only_and_other_answers_none(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            for path in ("/", "/script.js"):
                policy = (await server.ask("GET", path)).headers["content-security-policy"].split("; ")
                assert {
                    "script-src 'self'",
                    "connect-src 'self'",
                    "frame-ancestors 'self'",
                    "object-src 'none'",
                } <= set(policy)
            for path in ("/data", "/picture", "/api/nothing"):
                policy = (await server.ask("GET", path)).headers["content-security-policy"].split("; ")
                assert {"default-src 'none'", "sandbox"} <= set(policy)

    run(body)


def test_another_editor_may_run_what_it_needs_but_talks_to_nobody_else(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, front_end_root=tmp_path) as server:
            policy = (await server.ask("GET", "/")).headers["content-security-policy"].split("; ")
            assert "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:" in policy
            assert "connect-src 'self' blob: data:" in policy

    run(body)


@pytest.mark.parametrize("path", ["/", "/data", "/api/nothing", "/api/data/fail"])
def test_every_answer_carries_the_headers(tmp_path: Path, path: str) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            for answer in (await server.ask("GET", path), await server.ask("GET", path, Host="evil.example")):
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["referrer-policy"] == "same-origin"
                assert answer.headers["cross-origin-opener-policy"] == "same-origin"
                assert answer.headers["cross-origin-resource-policy"] == "same-origin"
                assert answer.headers["x-frame-options"] == "SAMEORIGIN"

    run(body)


def test_large_answers_are_compressed_for_whoever_takes_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, compresses_here=True) as server:
            plain = await server.ask("GET", "/data")
            packed = await server.ask("GET", "/data", Accept_Encoding="gzip, br")
            assert packed.headers["content-encoding"] == "gzip"
            assert gzip.decompress(packed.body) == plain.body
            assert "content-encoding" not in plain.headers
            small = await server.ask("POST", "/data", b"{}", Accept_Encoding="gzip", **JSON)
            assert "content-encoding" not in small.headers
        async with guarded(tmp_path) as server:
            here = await server.ask("GET", "/data", Accept_Encoding="gzip")
            assert "content-encoding" not in here.headers

    run(body)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            answer = await server.ask("POST", "/data", Content_Length=str(HUNDRED_MB), **JSON)
            assert answer.status == 413
            assert answer.json == {"error": "The body is larger than 1 MiB, the most that is taken here."}
            assert server.seen == []

    run(body)


def test_a_hundred_megabytes_in_pieces_are_refused_without_being_held(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            head = f"POST /data HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            piece = b"10000\r\n" + b" " * 2**16 + b"\r\n"
            answer = asyncio.ensure_future(read_answer(reader))
            sent = 0
            tracemalloc.start()
            while sent < HUNDRED_MB and not answer.done():
                writer.write(piece)
                sent += 2**16
                await writer.drain()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert (await answer).status == 413
            assert sent < HUNDRED_MB
            assert peak < 16 * LIMIT
            assert server.seen == []
            writer.close()

    run(body)


def test_a_compressed_bomb_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            bomb = gzip.compress(b" " * (64 * LIMIT))
            assert len(bomb) < LIMIT
            answer = await server.ask("POST", "/data", bomb, Content_Encoding="gzip", **JSON)
            assert answer.status == 413

    run(body)


@pytest.mark.parametrize("text", [b'{"a":' * 100_000, b'{"a":' + b"[" * 400_000, b"{", b"\xff", b"[]", b'{"a": NaN}'])
def test_json_that_is_deep_or_none_is_a_mistake_of_the_client(tmp_path: Path, text: bytes) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            answer = await server.ask("POST", "/api/data", text, **JSON)
            assert answer.status == 400
            assert answer.json["error"].startswith("The body is not what is expected here")

    run(body)


def test_a_body_that_drips_is_given_up(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, pace=Pace(nbytes=2, every_s=0.05)) as server:
            answer = await server.ask("POST", "/api/data", b"{", Content_Length="100", **JSON)
            assert (answer.status, answer.json) == (408, {"error": "The request came too slowly."})

    run(body)


def test_a_body_that_keeps_its_pace_arrives(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, pace=Pace(nbytes=1, every_s=0.2)) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"POST /data HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 20\r\n\r\n".encode())
            for piece in b'{"a":', b"11111", b"22222", b"3333}":
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.07)
            answer = await read_answer(reader)
            assert answer.json == {"a": 11111222223333}
            writer.close()

    run(body)


def test_headers_that_drip_are_given_up(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, headers_s=0.05) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /data HTTP/1.1\r\nHost: 127")
            assert await reader.read() == b""
            writer.close()

    run(body)
