"""Who may call the server, by which name, from which page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.origins import HostNames, foreign_fault, is_same_origin
from tests.serving.guarded import guarded, run

PAGE = "http://evil.example"
UNSAFE = ("POST", "PUT", "DELETE", "PATCH")
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"} | {
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="
}
NAMES = ["Host", "Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode"]
PIECES = ["http://", "[", "]", "@", ":", "a", "0", "/", ".", "::1", "cross-site", "null", "\u0660", "\ud800"]
JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8188", "localhost", "LOCALHOST.:1", "127.9.9.9", "[::1]:8188", "box.lan:80"]
)
def test_the_names_of_this_machine_and_those_allowed_are_admitted(host: str) -> None:
    assert HostNames.of(("127.0.0.1",), ("Box.lan",)).admit(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "192.168.0.7", "0.0.0.0:8188", "", "127.0.0.1:x", "a@127.0.0.1", "127.0.0.1/x"],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not HostNames.of(("127.0.0.1",)).admit(host)


def test_listening_everywhere_admits_any_address_but_no_foreign_name() -> None:
    names = HostNames.of(("0.0.0.0", "::"), machine="Box")
    assert all(map(names.admit, ("192.168.0.7:8188", "[fe80::1]", "box", "box.local:8188", "localhost")))
    assert not names.admit("evil.example")


def test_a_listen_address_is_a_name() -> None:
    names = HostNames.of(("192.168.0.7",))
    assert names.admit("192.168.0.7:8188")
    assert not names.admit("192.168.0.8")


@pytest.mark.parametrize(
    ("origin", "host", "is_same"),
    [
        ("http://127.0.0.1:8188", "127.0.0.1:8188", True),
        ("https://box.lan", "box.lan", True),
        ("https://box.lan", "box.lan:443", True),
        ("http://BOX.lan:80", "box.lan", True),
        ("http://127.0.0.1:8189", "127.0.0.1:8188", False),
        ("http://localhost:8188", "127.0.0.1:8188", False),
        ("http://127.0.0.1:8188.evil.example", "127.0.0.1:8188", False),
        ("null", "", False),
        ("file://", "", False),
        ("", "", False),
    ],
)  # fmt: skip
def test_an_origin_is_the_same_by_name_and_port(origin: str, host: str, is_same: bool) -> None:
    assert is_same_origin(origin, host) is is_same


@given(
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(PIECES), max_size=6).map("".join)),
)
def test_whatever_the_headers_hold_is_judged_without_an_error(method: str, headers: dict[str, str]) -> None:
    fault = foreign_fault(method, headers, "http://my.page")
    assert fault is None or headers.keys() & {"Origin", "Sec-Fetch-Site"}
    assert HostNames.of(("127.0.0.1",)).admit(headers.get("Host", "")) in (True, False)


def test_a_rebound_name_reaches_no_handler(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            for host in ("evil.example", f"evil.example:{server.port}", "192.168.0.7"):
                answer = await server.ask("GET", "/api/data", Host=host)
                assert answer.status == 403
                assert f'not called "{host}"' in answer.json["error"]
            assert (await server.ask("GET", "/api/data", Host="")).status == 400
            two = b"GET /data HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
            assert (await server.send(two)).status in (400, 403)
            assert server.seen == []
            assert (await server.ask("GET", "/api/data", Host=f"localhost:{server.port}")).status == 200

    run(body)


def test_pages_of_other_origins_reach_no_handler(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            for origin in (PAGE, "null", f"http://127.0.0.1:{server.port + 1}", f"http://localhost:{server.port}"):
                for method in UNSAFE:
                    assert (await server.ask(method, "/data", b"{}", Origin=origin, **JSON)).status == 403
                assert (await server.ask("GET", "/data", Origin=origin)).status == 403
                assert (await server.ask("OPTIONS", "/data", Origin=origin)).status == 403
                assert (await server.ask("GET", "/ws", Origin=origin, **UPGRADE)).status == 403
            for site in ("cross-site", "same-site"):
                for method in ("GET", *UNSAFE):
                    assert (
                        await server.ask(method, "/data", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors")
                    ).status == 403
                framed = {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"}
                assert (await server.ask("GET", "/", Sec_Fetch_Site=site, **framed)).status == 403
            assert server.seen == []

    run(body)


def test_the_own_page_and_clients_without_a_page_work(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            own = f"http://127.0.0.1:{server.port}"
            for headers in (
                {},
                {"Origin": own},
                {"Origin": own, "Sec_Fetch_Site": "same-origin"},
                {"Sec_Fetch_Site": "none"},
            ):
                for method in UNSAFE:
                    answer = await server.ask(method, "/data", b'{"a": 1}', **JSON, **headers)
                    assert (answer.status, answer.json) == (200, {"a": 1})
                assert (await server.ask("GET", "/data", **headers)).status == 200
                assert (await server.ask("GET", "/ws", **UPGRADE, **headers)).status == 101

    run(body)


def test_a_link_from_another_site_may_be_followed(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path) as server:
            visit = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
            assert (await server.ask("GET", "/", **visit)).status == 200
            assert (await server.ask("POST", "/data", **visit)).status == 403

    run(body)


def test_cors_lets_in_the_origin_that_was_named_and_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, cors_origin=PAGE) as server:
            answer = await server.ask("POST", "/data", b"{}", Origin=PAGE, Sec_Fetch_Site="cross-site", **JSON)
            assert answer.status == 200
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert answer.headers["access-control-allow-credentials"] == "true"
            asked = await server.ask("OPTIONS", "/data", Origin=PAGE, Access_Control_Request_Method="POST")
            assert (asked.status, asked.headers["access-control-allow-methods"]) == (
                200,
                "POST, GET, DELETE, PUT, OPTIONS, PATCH",
            )
            picture = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}
            assert (await server.ask("GET", "/data", Referer=f"{PAGE}/page", **picture)).status == 200
            assert (await server.ask("GET", "/data", Referer="http://other.example/", **picture)).status == 403
            assert (await server.ask("GET", "/data", Origin="http://other.example")).status == 403
            assert (await server.ask("GET", "/data", Origin="null")).status == 403

    run(body)


def test_cors_for_any_origin_never_allows_credentials(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, cors_origin="*") as server:
            answer = await server.ask("GET", "/data", Origin=PAGE, Sec_Fetch_Site="cross-site")
            assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
            assert "access-control-allow-credentials" not in answer.headers
            assert (await server.ask("GET", "/data", Host="evil.example", Origin=PAGE)).status == 403

    run(body)


def test_bodies_that_need_no_question_are_refused_from_other_origins_only(tmp_path: Path) -> None:
    async def body() -> None:
        async with guarded(tmp_path, cors_origin="*") as server:
            for kind in ("text/plain", "application/x-www-form-urlencoded", "text/plain;charset=UTF-8"):
                assert (await server.ask("POST", "/data", b"{}", Origin=PAGE, Content_Type=kind)).status == 415
                own = f"http://127.0.0.1:{server.port}"
                assert (await server.ask("POST", "/data", b"{}", Origin=own, Content_Type=kind)).status == 200
                assert (await server.ask("POST", "/data", b"{}", Content_Type=kind)).status == 200

    run(body)
