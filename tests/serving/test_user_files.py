"""/userdata keeps files of the one user, /settings their choices, in ComfyUI's layout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.serving.conftest import MOST_BYTES
from tests.serving.file_server import Answer, FileServer, serving


def write(server: FileServer, name: str, data: bytes = b"{}", query: str = "") -> Answer:
    """Write a file of the user as front ends do."""
    return server.ask("POST", f"/api/userdata/{quote(name, safe='')}{query}", data)


def files_of(server: FileServer) -> list[str]:
    """Return the names of all files directly in the user's folder, hidden ones too."""
    return sorted(path.name for path in server.user.iterdir() if path.is_file())


def test_what_is_written_is_read_and_lies_where_comfyui_has_it(server: FileServer) -> None:
    assert write(server, "workflows/my cat.json", b'{"a": 1}').json == "workflows/my cat.json"
    assert (server.user / "workflows" / "my cat.json").read_bytes() == b'{"a": 1}'
    answer = server.get("/userdata/workflows%2Fmy%20cat.json")
    assert answer.json == {"a": 1}
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_overwriting_can_be_forbidden(server: FileServer) -> None:
    assert write(server, "a.json", b"1", "?overwrite=false").status == 200
    assert write(server, "a.json", b"2", "?overwrite=false").status == 409
    assert write(server, "a.json", b"3").status == 200
    assert server.get("/userdata/a.json").body == b"3"


def test_only_one_of_many_writers_wins_without_overwriting(server: FileServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: write(server, "a.json", b"%d" % n, "?overwrite=false"), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    winner = [answer.status for answer in answers].index(200)
    assert server.get("/userdata/a.json").body == b"%d" % winner
    assert files_of(server) == ["a.json"]


def test_full_info_tells_size_and_times(server: FileServer) -> None:
    info = write(server, "workflows/a.json", b"123", "?full_info=true").json
    stat = (server.user / "workflows" / "a.json").stat()
    expected = {"size": 3, "modified": int(stat.st_mtime * 1000), "created": int(stat.st_ctime * 1000)}
    assert info == {"path": "workflows/a.json", **expected}
    assert server.get("/userdata?dir=workflows&full_info=true").json == [{"path": "a.json", **expected}]


def test_files_are_listed_as_asked(server: FileServer) -> None:
    for name in ("workflows/b.json", "workflows/sub/c.json", "workflows/.hidden", "user.css"):
        write(server, name)
    assert server.get("/userdata?dir=workflows").json == ["b.json"]
    assert server.get("/userdata?dir=workflows&recurse=true").json == ["b.json", "sub/c.json"]
    split = server.get("/userdata?dir=workflows&recurse=true&split=true").json
    assert split == [["b.json", "b.json"], ["sub/c.json", "sub", "c.json"]]
    assert server.get("/userdata").status == 400
    assert server.get("/userdata?dir=none").status == 404


def test_all_that_is_below_a_folder_is_listed_with_folders_first(server: FileServer) -> None:
    assert {each["type"] for each in server.get("/v2/userdata").json} == {"directory"}
    for name in ("subgraphs", "workflow_thumbnails"):
        (server.user / name).rmdir()
    for name in ("workflows/b.json", "workflows/Sub/c.json", "a.json"):
        write(server, name, b"12")
    found = server.get("/v2/userdata").json
    assert [(each["type"], each["path"]) for each in found] == [
        ("directory", "workflows/Sub"),
        ("directory", "workflows"),
        ("file", "a.json"),
        ("file", "workflows/b.json"),
        ("file", "workflows/Sub/c.json"),
    ]
    assert found[0] == {"name": "Sub", "path": "workflows/Sub", "type": "directory"}
    assert found[2]["size"] == 2
    assert [each["path"] for each in server.get("/v2/userdata?path=workflows%2FSub").json] == ["workflows/Sub/c.json"]
    assert server.get("/v2/userdata?path=none").status == 404
    assert server.get("/v2/userdata?path=a.json").status == 400


def test_files_are_moved_and_deleted(server: FileServer) -> None:
    write(server, "a.json", b"a")
    write(server, "b.json", b"b")
    assert server.ask("POST", "/userdata/a.json/move/sub%2Fc.json").json == "sub/c.json"
    assert server.ask("POST", "/userdata/sub%2Fc.json/move/b.json?overwrite=false").status == 409
    moved = server.ask("POST", "/userdata/sub%2Fc.json/move/b.json?full_info=true").json
    assert (moved["path"], moved["size"]) == ("b.json", 1)
    assert server.get("/userdata/b.json").body == b"a"
    assert server.ask("POST", "/userdata/sub/move/other").status == 200
    assert server.ask("POST", "/userdata/none/move/x").status == 404
    assert server.ask("DELETE", "/userdata/b.json").status == 204
    assert server.ask("DELETE", "/userdata/b.json").status == 404
    assert server.ask("DELETE", "/userdata/other").status == 400


def test_a_style_sheet_of_the_user_is_one_and_other_active_files_are_not(server: FileServer) -> None:
    for name in ("user.css", "sub/user.css", "a.html", "a.svg", "a.js"):
        write(server, name, b"x")
    css = server.get("/userdata/user.css").headers
    assert (css["Content-Type"], css["Content-Disposition"]) == ("text/css", "inline")
    for name in ("sub%2Fuser.css", "a.html", "a.svg", "a.js"):
        headers = server.get(f"/userdata/{name}").headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"].startswith("attachment")


OUT = [
    "..",
    "../x",
    "../default/../x",
    "%2e%2e%2fx",
    "/etc/passwd",
    "a/../../x",
    "..\\x",
    "\x00",
    "a\x00b",
    "sub/link/x",
    "file",
]


@pytest.mark.parametrize("name", OUT)
def test_what_leads_out_is_refused_everywhere(server: FileServer, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x").write_bytes(b"secret")
    write(server, "here.json", b"1")
    (server.user / "sub").mkdir()
    (server.user / "sub" / "link").symlink_to(secret)
    (server.user / "file").symlink_to(secret / "x")
    quoted = quote(name, safe="")
    answers = [
        server.get(f"/userdata/{quoted}"),
        server.ask("POST", f"/userdata/{quoted}", b"evil"),
        server.ask("DELETE", f"/userdata/{quoted}"),
        server.ask("POST", f"/userdata/{quoted}/move/stolen"),
        server.ask("POST", f"/userdata/here.json/move/{quoted}"),
        server.get(f"/userdata?dir={quoted}"),
        server.get(f"/v2/userdata?path={quoted}"),
    ]
    assert [answer.status for answer in answers] == [403] * 6 + [400]
    assert (secret / "x").read_bytes() == b"secret"
    assert server.get("/userdata/here.json").body == b"1"
    assert "stolen" not in server.get("/userdata?dir=.&recurse=true").json


def test_links_are_not_followed_in_lists(server: FileServer, tmp_path: Path) -> None:
    write(server, "sub/here.json")
    (server.user / "sub" / "link").symlink_to(tmp_path)
    (server.user / "sub" / "file.json").symlink_to(tmp_path / "user" / "queue.sqlite")
    assert server.get("/userdata?dir=sub&recurse=true").json == ["here.json"]


@pytest.mark.parametrize("name", ["a\nb", "a\\b", "x" * 300, "sub", "."])
def test_names_that_are_none_are_refused(server: FileServer, name: str) -> None:
    write(server, "sub/a.json")
    assert write(server, name).status in (400, 403)
    assert server.get("/userdata?dir=.&recurse=true").json == ["sub/a.json"]


def test_a_name_is_decoded_twice_as_in_comfyui_and_its_slashes_are_single(server: FileServer) -> None:
    assert server.ask("POST", "/userdata/a%252Fb.json", b"1").json == "a/b.json"
    assert write(server, "c//d.json").json == "c/d.json"


def test_names_may_come_with_their_slashes_as_proxies_decode_them(server: FileServer) -> None:
    assert server.ask("POST", "/api/userdata/workflows/a/one.json?overwrite=false", b"1").json == "workflows/a/one.json"
    assert server.get("/api/userdata/workflows/a/one.json").body == b"1"
    moved = server.ask("POST", "/api/userdata/workflows/a/one.json/move/workflows/b/two.json", b"")
    assert moved.json == "workflows/b/two.json"
    assert server.ask("POST", "/api/userdata/workflows/move/three.json", b"3").json == "workflows/move/three.json"
    assert server.ask("DELETE", "/api/userdata/workflows/b/two.json", b"").status == 204
    assert server.get("/api/userdata/workflows/b/two.json").status == 404


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(server: FileServer) -> None:
    assert write(server, "fits.json", bytes(MOST_BYTES)).status == 200
    assert write(server, "large.json", bytes(MOST_BYTES + 1)).status == 413
    assert files_of(server) == ["fits.json"]


class TestSettings:
    def test_settings_are_set_and_read(self, server: FileServer) -> None:
        assert server.get("/settings").json == {}
        assert server.ask("POST", "/settings", b'{"Comfy.A": [1], "b": 2}').status == 200
        assert server.ask("POST", "/api/settings/Comfy.C", b'"x"').status == 200
        assert server.ask("POST", "/settings/n", b"null").status == 200
        assert server.get("/settings").json == {"Comfy.A": [1], "b": 2, "Comfy.C": "x", "n": None}
        assert server.get("/settings/Comfy.A").json == [1]
        assert server.get("/settings/none").json is None
        assert json.loads((server.user / "comfy.settings.json").read_text())["b"] == 2

    def test_no_change_is_lost_when_many_come_at_once(self, server: FileServer) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: server.ask("POST", f"/settings/key{n}", b"%d" % n), range(40)))
        assert server.get("/settings").json == {f"key{number}": number for number in range(40)}

    @pytest.mark.parametrize("body", [b"[]", b"5", b"{", b"[" * 100_000, b'"\xff"'])
    def test_what_is_no_json_object_is_refused(self, server: FileServer, body: bytes) -> None:
        assert server.ask("POST", "/settings", body).status == 400
        assert server.get("/settings").json == {}

    @pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"NaN", b'"\\ud800"'])
    def test_a_value_that_is_no_json_is_refused(self, server: FileServer, body: bytes) -> None:
        assert server.ask("POST", "/settings/x", body).status == 400
        assert server.get("/settings").json == {}

    def test_a_broken_file_is_kept_aside(self, server: FileServer) -> None:
        (server.user / "comfy.settings.json").write_text('{"a": 1')
        assert server.get("/settings").json == {}
        assert server.ask("POST", "/settings/b", b"2").status == 200
        assert server.get("/settings").json == {"b": 2}
        assert (server.user / "comfy.settings.json.broken").read_text() == '{"a": 1'


def test_there_is_one_user(server: FileServer) -> None:
    assert server.get("/users").json == {"storage": "server", "migrated": True}
    for name in ("default", "me"):
        assert server.ask("POST", "/users", json.dumps({"username": name})).status == 400


class TestManyUsers:
    @pytest.fixture
    def shared(self, tmp_path: Path) -> Iterator[FileServer]:
        with serving(tmp_path, is_multi_user=True) as found:
            yield found

    def add(self, server: FileServer, name: str) -> Answer:
        return server.ask("POST", "/users", json.dumps({"username": name}))

    def test_each_has_files_and_settings_of_their_own(self, shared: FileServer) -> None:
        assert shared.get("/users").json == {"storage": "server", "users": {}}
        ann, bob = (self.add(shared, name).json for name in ("Ann Ü", "Bob"))
        assert shared.get("/users").json["users"] == {ann: "Ann Ü", bob: "Bob"}
        assert shared.ask("POST", "/settings/a", b"1", comfy_user=ann).status == 200
        assert shared.ask("POST", "/userdata/x.json", b"1", comfy_user=ann).status == 200
        assert shared.get("/settings", comfy_user=ann).json == {"a": 1}
        assert shared.get("/settings", comfy_user=bob).json == {}
        assert shared.get("/userdata/x.json", comfy_user=bob).status == 404
        assert (shared.site.settings.user / ann / "x.json").read_bytes() == b"1"

    @pytest.mark.parametrize("name", ["Ann", " Ann ", "", "  ", "__system"])
    def test_names_that_are_taken_or_none_are_refused(self, shared: FileServer, name: str) -> None:
        self.add(shared, "Ann")
        assert self.add(shared, name).status == 400

    @pytest.mark.parametrize("user", ["default", "none", "..", "__system", "../x", "/etc"])
    def test_who_is_unknown_gets_nothing(self, shared: FileServer, user: str) -> None:
        assert shared.get("/settings", comfy_user=user).status == 401
        assert shared.ask("POST", "/userdata/x.json", b"1", comfy_user=user).status == 401
        assert shared.get("/v2/userdata").status == 401
