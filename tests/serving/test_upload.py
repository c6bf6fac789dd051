"""Uploads land whole, under a name of their own, inside their folder, or not at all."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.serving.conftest import MOST_BYTES
from tests.serving.file_server import BOUNDARY, FileServer, form, serving
from tests.serving.pictures import bomb, decode, picture, poisoned

MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
ROOT = Path(__file__).parents[2]


def files(root: Path) -> list[str]:
    """Return all files below a folder, hidden ones too."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_an_upload_is_answered_with_where_it_is(server: FileServer) -> None:
    assert server.upload("cat.png", b"1").json == {"name": "cat.png", "subfolder": "", "type": "input"}
    answer = server.upload("cat.png", b"2", route="/api/upload/image", subfolder="a/b", type="temp")
    assert answer.json == {"name": "cat.png", "subfolder": "a/b", "type": "temp"}
    assert (server.folders.input / "cat.png").read_bytes() == b"1"
    assert (server.folders.temp / "a" / "b" / "cat.png").read_bytes() == b"2"


def test_another_file_of_that_name_gets_a_number_and_the_same_file_does_not(server: FileServer) -> None:
    names = [server.upload("cat.png", data).json["name"] for data in (b"1", b"2", b"1", b"2", b"3")]
    assert names == ["cat.png", "cat (1).png", "cat.png", "cat (1).png", "cat (2).png"]


@pytest.mark.parametrize(("word", "name"), [("true", "cat.png"), ("1", "cat.png"), ("false", "cat (1).png")])
def test_overwrite_replaces_a_file(server: FileServer, word: str, name: str) -> None:
    server.upload("cat.png", b"1")
    assert server.upload("cat.png", b"2", overwrite=word).json["name"] == name
    assert (server.folders.input / name).read_bytes() == b"2"


def test_the_fields_may_come_before_the_file(server: FileServer) -> None:
    fields, file = form("cat.png", b"1", {"subfolder": "late"}).split(b"\r\n--" + BOUNDARY.encode(), 2)[1::-1]
    body = b"--" + BOUNDARY.encode() + fields + b"\r\n" + file + f"\r\n--{BOUNDARY}--\r\n".encode()
    assert server.ask("POST", "/upload/image", body, Content_Type=MULTIPART).json["subfolder"] == "late"
    assert files(server.folders.input) == ["late/cat.png"]


@pytest.mark.parametrize(
    "name", ["küche.png", "猫.png", "it's.png", "a b.png", "100%.png", "#1?.png", "a;b=c.png", "x" * 251 + ".png"]
)
def test_weird_names_are_kept(server: FileServer, name: str) -> None:
    answer = server.upload(name, b"1")
    assert answer.json["name"] == name
    assert files(server.folders.input) == [name]


@pytest.mark.parametrize(
    "name", ["../cat.png", "a/../../cat.png", "..", ".", "", "a//b", "a\tb.png", "x" * 252 + ".png"]
)
def test_names_that_are_none_are_refused(server: FileServer, name: str) -> None:
    answer = server.upload(name, b"1")
    assert (answer.status, files(server.folders.input)) == (400, [])
    assert answer.json["error"]


@pytest.mark.parametrize(
    "name", ["..%5Ccat.png", "%2Fetc%2Fcat.png", "%2e%2e%2Fcat.png", "a%00b", "a%0Ab", "C%3A%5Cx", "%FF%FE"]
)
def test_names_that_are_none_are_refused_however_they_are_written(server: FileServer, name: str) -> None:
    body = form("cat.png", b"1", {}).replace(b'filename="cat.png"', f"filename*=UTF-8''{name}".encode())
    assert server.ask("POST", "/upload/image", body, Content_Type=MULTIPART).status in (200, 400)
    assert [path for path in files(server.folders.base) if not path.startswith(("user/", "input/"))] == []
    assert all("\\" not in path and path.isprintable() for path in files(server.folders.input))


@pytest.mark.parametrize("subfolder", ["..", "../x", "a/../..", "/etc", "..\\x", "a\\..\\..", "\x00"])
def test_subfolders_that_lead_out_are_refused(server: FileServer, subfolder: str) -> None:
    assert server.upload("cat.png", b"1", subfolder=subfolder).status == 400
    assert files(server.folders.input) == []


def test_a_link_that_leads_out_is_refused_and_a_folder_that_the_owner_linked_is_written(
    server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (server.folders.input / "sub").mkdir(parents=True)
    (server.folders.input / "sub" / "link").symlink_to(tmp_path / "outside")
    (server.folders.input / "cat.png").symlink_to(tmp_path / "outside" / "cat.png")
    assert server.upload("cat.png", b"1", subfolder="sub/link").status == 400
    assert server.upload("cat.png", b"1", overwrite="true").status == 400
    assert files(tmp_path / "outside") == []
    (server.folders.input / "photos").symlink_to(tmp_path / "outside")
    assert server.upload("cat.png", b"1", subfolder="photos").status == 200
    assert files(tmp_path / "outside") == ["cat.png"]


@pytest.mark.parametrize(
    "body", [b"", b"nothing", form("a.png", b"1", {})[:-30], b"--" + BOUNDARY.encode() + b"\r\n\r\n\r\n"]
)
def test_a_broken_form_is_refused(server: FileServer, body: bytes) -> None:
    assert server.ask("POST", "/upload/image", body, Content_Type=MULTIPART).status == 400
    assert files(server.folders.input) == []


def test_what_is_no_form_or_has_no_file_is_refused(server: FileServer) -> None:
    assert server.ask("POST", "/upload/image", b"{}", Content_Type="application/json").status == 400
    assert server.ask("POST", "/upload/image", b"x", Content_Type="multipart/form-data").status == 400
    without = form("a.png", b"1", {}).replace(b'name="image"', b'name="other"')
    assert "no file `image`" in server.ask("POST", "/upload/image", without, Content_Type=MULTIPART).json["error"]
    assert server.upload("a.png", b"1", type="models").status == 400


def test_an_upload_that_is_too_large_is_refused_and_leaves_nothing(server: FileServer) -> None:
    assert server.upload("fits.bin", bytes(MOST_BYTES)).status == 200
    answer = server.upload("large.bin", bytes(MOST_BYTES + 1))
    assert answer.status == 413
    assert str(MOST_BYTES) in answer.json["error"]
    assert files(server.folders.input) == ["fits.bin"]


def test_an_upload_without_end_is_refused_while_it_comes(server: FileServer) -> None:
    start, _, _ = form("endless.bin", b"\x00", {}).partition(b"\x00")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        head = f"POST /upload/image HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: {MULTIPART}\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        piece = start
        while True:
            try:
                connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            except ConnectionError:
                break
            connection.settimeout(0.01)
            try:
                received = connection.recv(12)
            except TimeoutError:
                received = b""
            connection.settimeout(30)
            if received:
                assert received == b"HTTP/1.1 413"
                break
            piece = bytes(50_000)
    assert files(server.folders.input) == []


def test_a_long_field_and_many_parts_are_refused(server: FileServer) -> None:
    assert server.upload("a.png", b"1", subfolder="x" * 70_000).status == 413
    assert server.upload("a.png", b"1", **{f"field{number}": "" for number in range(40)}).status == 400
    assert files(server.folders.input) == []


def test_uploads_of_one_name_at_once_do_not_overwrite_each_other(server: FileServer) -> None:
    contents = [f"{number}".encode() * 1000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        names = [answer.json["name"] for answer in pool.map(lambda data: server.upload("cat.png", data), contents)]
    assert len(set(names)) == 8
    assert [(server.folders.input / name).read_bytes() for name in names] == contents
    assert files(server.folders.input) == sorted(names)


def test_what_a_killed_server_left_is_removed_a_day_later(tmp_path: Path) -> None:
    names = ("." + "0" * 16 + ".part", "." + "1" * 16 + ".part", ".mine.part", "cat.part")
    (tmp_path / "input").mkdir()
    for name in names:
        (tmp_path / "input" / name).write_bytes(b"")
        os.utime(tmp_path / "input" / name, (0, 0))
    os.utime(tmp_path / "input" / names[1])
    with serving(tmp_path):
        assert files(tmp_path / "input") == sorted(names[1:])


FULL_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.serving.file_server import serving
with serving(Path({base!r})) as server:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    uploaded = server.upload("large.bin", bytes(400_000))
    written = server.ask("POST", "/userdata/large.json", bytes(400_000))
    stored = server.ask("PUT", "/api/v1/files/" + "0" * 64, bytes(400_000))
    print(uploaded.status, written.status, stored.status, uploaded.json["error"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file sizes")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    script = FULL_DISK.format(root=str(ROOT), base=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.startswith("507 507 507 The file cannot be written"), done.stderr
    assert [name for name in files(tmp_path) if "large" in name or name.endswith(".part")] == []


class TestMasks:
    def ask(self, server: FileServer, mask: bytes, name: str = "masked.png", **reference: str) -> tuple[int, object]:
        answer = server.upload(name, mask, route="/upload/mask", original_ref=json.dumps(reference))
        return answer.status, answer.json

    def test_the_picture_gets_the_alpha_of_the_mask_and_keeps_its_texts(self, server: FileServer) -> None:
        texts = {"workflow": '{"nodes": []}', "prompt": "{}", "Titel": "Küche"}
        server.upload("cat.png", picture(texts=texts), type="output", subfolder="a")
        status, where = self.ask(server, picture(colour=(0, 0, 0, 77)), filename="cat.png", subfolder="a")
        assert (status, where) == (200, {"name": "masked.png", "subfolder": "", "type": "input"})
        from PIL import Image

        with Image.open(server.folders.input / "masked.png") as found:
            assert found.getpixel((0, 0)) == (10, 20, 30, 77)
            assert found.text == texts

    def test_the_original_may_be_annotated_and_opaque(self, server: FileServer) -> None:
        server.upload("cat.jpg", picture(mode="RGB", colour=(1, 1, 1), form="JPEG"))
        assert self.ask(server, picture(), "m.webp", filename="cat.jpg [input]", type="output")[0] == 200
        assert decode((server.folders.input / "m.webp").read_bytes())[1:3] == ("RGBA", (8, 6))

    @pytest.mark.parametrize(
        ("reference", "status"),
        [
            ({"filename": "none.png"}, 404),
            ({"filename": "../secret.png"}, 400),
            ({"filename": "/etc/passwd"}, 400),
            ({"filename": "cat.png", "subfolder": "../.."}, 403),
            ({"filename": "cat.png", "type": "models"}, 400),
            ({"name": "cat.png"}, 400),
        ],
    )
    def test_originals_that_are_not_there_are_refused(
        self, server: FileServer, reference: dict[str, str], status: int
    ) -> None:
        assert self.ask(server, picture(), **reference)[0] == status
        assert files(server.folders.input) == []

    @pytest.mark.parametrize(
        ("original", "mask", "status"),
        [
            (picture(size=(9, 9)), picture(), 400),
            (picture(), b"no picture", 415),
            (picture(), picture()[:50], 422),
            (picture(), bomb(), 413),
            (bomb(), picture(), 413),
            (poisoned(b"zTXt"), picture(), 422),
            (poisoned(b"iTXt"), picture(), 422),
            (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 6\n", picture(), 415),
        ],
        ids=["size", "text", "cut", "bomb", "bombed-original", "ztxt", "itxt", "postscript"],
    )
    def test_pictures_that_do_harm_are_refused(
        self, server: FileServer, original: bytes, mask: bytes, status: int
    ) -> None:
        server.folders.output.mkdir()
        (server.folders.output / "cat.png").write_bytes(original)
        found, body = self.ask(server, mask, filename="cat.png")
        assert found == status, body
        assert files(server.folders.input) == []

    def test_a_format_without_alpha_is_refused(self, server: FileServer) -> None:
        server.upload("cat.png", picture(), type="output")
        assert self.ask(server, picture(), "masked.jpg", filename="cat.png")[0] == 400

    @pytest.mark.parametrize("reference", ["", "no JSON", "[]", '{"filename": 5}', "[" * 100_000])
    def test_a_reference_that_is_none_is_refused(self, server: FileServer, reference: str) -> None:
        answer = server.upload("m.png", picture(), route="/upload/mask", original_ref=reference)
        assert answer.status in (400, 413)
