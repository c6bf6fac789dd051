"""Ports, TLS and what is said at the start."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from aiohttp import web

from serving.access import ACCESS, Access
from serving.announcement import announce, local_url, warnings_of
from serving.errors import StartError
from serving.gate import give_session
from serving.listening import bind, listening
from serving.settings import ServeSettings
from serving.tls import tls_context
from serving.token_file import settle_token
from tests.serving.guarded import FakeClock, run


def chosen(*listen: str, port: int = 0) -> ServeSettings:
    return ServeSettings(("true",), listen=listen or ("127.0.0.1",), port=port)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return make_pair(tmp_path, "server")


def make_pair(folder: Path, name: str) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def test_port_0_takes_one_free_port_at_all_addresses() -> None:
    with bind(chosen("127.0.0.1", "127.0.0.2")) as sockets:
        ports = {each.getsockname()[1] for each in sockets}
    assert len(sockets) == 2
    assert len(ports) == 1
    assert ports != {0}


def test_a_port_in_use_is_told() -> None:
    with bind(chosen()) as (taken,):
        port = taken.getsockname()[1]
        with (
            pytest.raises(StartError, match=f"Port {port} at 127.0.0.1 is in use; choose another by --port"),
            bind(chosen(port=port)),
        ):
            pass


def test_a_port_is_free_again_at_once(tmp_path: Path) -> None:
    async def body() -> None:
        app = web.Application()
        with bind(chosen()) as sockets:
            port = sockets[0].getsockname()[1]
            async with listening(app, sockets, shutdown_s=0.1):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await reader.readline()
        writer.close()
        with bind(chosen(port=port)) as sockets:
            assert sockets[0].getsockname()[1] == port

    run(body)


@pytest.mark.parametrize("address", ["192.0.2.1", "no such name", "256.1.1.1", "a" * 70, "a..b"])
def test_an_address_that_is_not_this_machine_is_told(address: str) -> None:
    with pytest.raises(StartError, match="is no address of this machine"), bind(chosen(address)):
        pass


def test_https_answers_and_its_cookie_is_secure(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    async def body() -> None:
        async def handler(request: web.Request) -> web.Response:
            response = web.Response(text="over TLS")
            give_session(request, response)
            return response

        app = web.Application()
        known = settle_token(tmp_path, "a token of the tests")
        app[ACCESS] = Access(known.stored, known.token, FakeClock())
        app.router.add_get("/", handler)
        with bind(chosen()) as sockets:
            async with listening(app, sockets, tls_context(*pair), shutdown_s=0.1) as urls:
                assert urls[0].startswith("https://127.0.0.1:")
                trusting = ssl.create_default_context(cafile=pair[0])
                port = sockets[0].getsockname()[1]
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = (await reader.read()).decode()
                writer.close()
        assert "over TLS" in answer
        assert "; SameSite=Strict; Secure\r\n" in answer

    run(body)


def test_tls_needs_both_files(pair: tuple[Path, Path]) -> None:
    assert tls_context(None, None) is None
    with pytest.raises(StartError, match="--tls-certfile needs --tls-keyfile too"):
        tls_context(pair[0], None)
    with pytest.raises(StartError, match="--tls-keyfile needs --tls-certfile too"):
        tls_context(None, pair[1])


def test_wrong_tls_files_are_told(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    certificate, key = pair
    with pytest.raises(StartError, match="none cannot be read"):
        tls_context(certificate, tmp_path / "none")
    with pytest.raises(StartError, match="is not the key of the certificate"):
        tls_context(certificate, make_pair(tmp_path, "other")[1])
    (tmp_path / "text").write_text("no certificate")
    with pytest.raises(StartError, match="are not a certificate and its key in PEM"):
        tls_context(tmp_path / "text", key)
    encrypted = tmp_path / "encrypted.key"
    command = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", encrypted]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(StartError, match="the key is encrypted"):
        tls_context(certificate, encrypted)


def test_launchers_find_the_address_and_people_the_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = settle_token(tmp_path, None)
    announce(("http://127.0.0.1:8188",), chosen(), known)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "To see the GUI go to: http://127.0.0.1:8188"
    assert known.token is not None
    assert known.token in lines[0]
    announce((), chosen(), settle_token(tmp_path, None))
    assert known.token not in capsys.readouterr().out


def test_what_lets_in_more_than_one_may_think_is_told(tmp_path: Path) -> None:
    any_page = ServeSettings(("true",), cors_origin="*")
    assert "any page" in next(warnings_of(any_page, None))
    short = settle_token(tmp_path, "short")
    assert [
        line for line in warnings_of(chosen("192.0.2.1"), short) if "5 characters" in line or "traffic" in line
    ] == [*warnings_of(chosen("192.0.2.1"), short)]
    assert list(warnings_of(chosen(), None)) == []


def test_a_browser_is_sent_to_this_machine() -> None:
    assert local_url("http://0.0.0.0:8188") == "http://127.0.0.1:8188"
    assert local_url("https://[::]:1") == "https://[::1]:1"
    assert local_url("http://192.0.2.1:8188") == "http://192.0.2.1:8188"
