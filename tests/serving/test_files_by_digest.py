"""/api/v1/files: a file is sent once, found by its digest, and used by its name."""

from __future__ import annotations

import hashlib

import pytest

from tests.serving.conftest import MOST_BYTES
from tests.serving.file_server import FileServer
from tests.serving.pictures import picture

DATA = picture()
SHA256 = hashlib.sha256(DATA).hexdigest()
BLAKE2B = hashlib.blake2b(DATA).hexdigest()


def path_of(digest: str) -> str:
    """Return where a file of a digest is asked for."""
    return f"/api/v1/files/{digest}"


@pytest.mark.parametrize("digest", [SHA256, BLAKE2B, f"sha256:{SHA256}", f"blake2b:{BLAKE2B}", SHA256.upper()])
def test_a_file_is_stored_once_and_usable_by_its_name(server: FileServer, digest: str) -> None:
    assert server.ask("HEAD", path_of(digest)).status == 404
    first = server.ask("PUT", path_of(digest), DATA)
    assert (first.status, first.json["was_there"], first.json["size"]) == (201, False, len(DATA))
    again = server.ask("PUT", path_of(digest), DATA)
    assert (again.status, again.json) == (200, {**first.json, "was_there": True})
    assert server.ask("HEAD", path_of(digest)).status == 200
    assert server.get(path_of(digest)).json == again.json
    value = first.json["value"]
    assert value.endswith(".png")
    assert server.folders.input_path(value).read_bytes() == DATA
    assert value in server.folders.input_names()
    shown = server.get(f"/view?filename={first.json['name']}&subfolder={first.json['subfolder']}&type=input")
    assert shown.body == DATA


@pytest.mark.parametrize(
    ("query", "end"), [("?name=cat.JPG", ".jpg"), ("?name=x", ".png"), ("?name=../../x.a%2Fb", ".png"), ("", ".png")]
)
def test_the_end_of_its_name_is_kept_or_read_from_the_file(server: FileServer, query: str, end: str) -> None:
    assert server.ask("PUT", path_of(SHA256) + query, DATA).json["name"] == SHA256 + end


def test_another_content_than_the_digest_says_is_refused_and_not_kept(server: FileServer) -> None:
    answer = server.ask("PUT", path_of(SHA256), DATA + b"x")
    assert answer.status == 422
    assert hashlib.sha256(DATA + b"x").hexdigest() in answer.json["error"]
    assert server.ask("HEAD", path_of(SHA256)).status == 404
    assert list(server.folders.input.rglob("*")) == []


def test_a_file_whose_name_lies_does_not_count(server: FileServer) -> None:
    server.upload(f"{SHA256}.png", b"evil", subfolder="by-digest")
    assert server.ask("HEAD", path_of(SHA256)).status == 404
    assert server.ask("PUT", path_of(SHA256), DATA).status == 201
    assert (server.folders.input / "by-digest" / f"{SHA256}.png").read_bytes() == DATA


@pytest.mark.parametrize(
    "digest", ["x", "0" * 63, "g" * 64, f"md5:{SHA256}", f"sha256:{BLAKE2B}", "..%2F" + SHA256, "*" * 64]
)
def test_what_is_no_digest_is_refused(server: FileServer, digest: str) -> None:
    assert server.ask("PUT", path_of(digest), DATA).status == 400
    assert server.get(path_of(digest)).status == 400


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(server: FileServer) -> None:
    data = bytes(MOST_BYTES + 1)
    assert server.ask("PUT", path_of(hashlib.sha256(data).hexdigest()), data).status == 413
    assert list(server.folders.base.rglob("*.part")) == []
