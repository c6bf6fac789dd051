"""/view sends what lies in the output, input and temp folders, as it is or as pictures made of it, and nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.serving.file_server import FileServer
from tests.serving.pictures import bomb, decode, picture, poisoned

DATA = bytes(range(256)) * 4


@pytest.fixture
def cat(server: FileServer) -> bytes:
    """A picture `output/cat.png`."""
    put(server, "cat.png", picture())
    return picture()


def put(server: FileServer, name: str, data: bytes, kind: str = "output") -> Path:
    """Write a file into a folder of the server."""
    root = server.folders.root(kind)
    assert root is not None
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_file_is_found_by_name_folder_and_annotation(server: FileServer, cat: bytes) -> None:
    put(server, "sub/dog.png", b"dog", "input")
    assert server.get("/view?filename=cat.png").body == cat
    assert server.get("/api/view?filename=cat.png&type=output&subfolder=&rand=0.5").body == cat
    for path in (
        "dog.png&type=input&subfolder=sub",
        "sub/dog.png%20[input]",
        "dog.png%20[input]&subfolder=sub&type=temp",
    ):
        assert server.get(f"/view?filename={path}").body == b"dog"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("filename=", 404),
        ("filename=none.png", 404),
        ("filename=cat.png&type=input", 404),
        ("filename=.", 404),
        ("filename=cat.png&type=models", 400),
        ("filename=cat.png&type=", 400),
        ("filename=../output/cat.png", 400),
        ("filename=%2e%2e/output/cat.png", 400),
        ("filename=..%5Coutput%5Ccat.png", 400),
        ("filename=/etc/passwd", 400),
        ("filename=%00", 400),
        ("filename=cat.png%00.txt", 400),
        ("filename=passwd&subfolder=/etc", 403),
        ("filename=cat.png&subfolder=..", 403),
        ("filename=cat.png&subfolder=%2e%2e/output", 403),
        ("filename=cat.png&subfolder=..%5C..", 403),
        ("filename=cat.png&subfolder=%00", 403),
        ("filename=" + "a" * 1000, 400),
        ("filename=%ff", 404),
        ("filename=blake3:" + "0" * 64, 404),
    ],
)
def test_what_is_not_there_or_outside_is_refused(server: FileServer, cat: bytes, query: str, status: int) -> None:
    assert server.get(f"/view?{query}").status == status


def test_links_that_lead_out_are_refused_and_folders_that_the_owner_linked_are_shown(
    server: FileServer, cat: bytes, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(b"secret")
    put(server, "sub/here.txt", b"")
    (server.folders.output / "link.png").symlink_to(tmp_path / "outside" / "secret.png")
    (server.folders.output / "sub" / "link").symlink_to(tmp_path / "outside")
    (server.folders.output / "inner.png").symlink_to(server.folders.output / "cat.png")
    assert server.get("/view?filename=link.png").status == 400
    assert server.get("/view?filename=secret.png&subfolder=sub/link").status == 403
    assert server.get("/view?filename=inner.png").body == cat
    (server.folders.output / "archive").symlink_to(tmp_path / "outside")
    assert server.get("/view?filename=secret.png&subfolder=archive").body == b"secret"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.GIF", "image/gif"),
        ("a.mp4", "video/mp4"),
        ("a.webm", "video/webm"),
        ("a.flac", "audio/flac"),
        ("a.mp3", "audio/mpeg"),
        ("a.json", "application/json"),
        ("a.txt", "text/plain"),
        ("a.glb", "model/gltf-binary"),
    ],
)
def test_what_browsers_may_show_is_sent_as_what_it_is(server: FileServer, name: str, content_type: str) -> None:
    put(server, name, b"x")
    headers = server.get(f"/view?filename={name}").headers
    assert headers["Content-Type"].partition(";")[0] == content_type
    assert headers["Content-Disposition"] == f'inline; filename="{name}"'
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "end", ["svg", "html", "htm", "xhtml", "js", "mjs", "css", "xml", "pdf", "swf", "mht", "x3d", "zzz", ""]
)
def test_what_could_carry_a_script_is_a_download_without_a_type(server: FileServer, end: str) -> None:
    put(server, f"a.{end}", b"<script>")
    headers = server.get(f"/view?filename=a.{end}", Sec_Fetch_Dest="image").headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == f'attachment; filename="a.{end}"'
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("a b.png", 'inline; filename="a b.png"'),
        ('a".png', "inline; filename=\"a_.png\"; filename*=UTF-8''a%22.png"),
        ("a\\b.png", ""),
        ("a\r\nX: y.png", "inline; filename=\"a__X: y.png\"; filename*=UTF-8''a%0D%0AX%3A%20y.png"),
        ("küche.png", "inline; filename=\"k_che.png\"; filename*=UTF-8''k%C3%BCche.png"),
        ("猫;.png", "inline; filename=\"_;.png\"; filename*=UTF-8''%E7%8C%AB%3B.png"),
    ],
)
def test_weird_names_do_not_break_headers(server: FileServer, name: str, disposition: str) -> None:
    put(server, name, b"x")
    answer = server.get(f"/view?filename={quote(name)}")
    assert answer.status == 200
    assert "X" not in answer.headers
    if disposition:
        assert answer.headers["Content-Disposition"] == disposition


class TestRanges:
    @pytest.fixture(autouse=True)
    def _file(self, server: FileServer) -> None:
        put(server, "v.mp4", DATA)

    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [("bytes=0-9", 0, 10), ("bytes=1000-", 1000, 1024), ("bytes=-10", 1014, 1024), ("bytes=5-99999", 5, 1024)],
    )
    def test_a_part_is_sent(self, server: FileServer, asked: str, start: int, end: int) -> None:
        answer = server.get("/view?filename=v.mp4", Range=asked)
        assert (answer.status, answer.body) == (206, DATA[start:end])
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/1024"
        assert answer.headers["Accept-Ranges"] == "bytes"

    @pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=9999-10000", "bytes=a-b", "bytes=5-2"])
    def test_a_part_that_is_not_there_is_refused(self, server: FileServer, asked: str) -> None:
        answer = server.get("/view?filename=v.mp4", Range=asked)
        assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */1024")

    def test_several_parts_are_sent_as_the_whole(self, server: FileServer) -> None:
        assert server.get("/view?filename=v.mp4", Range="bytes=0-1,5-6")[::2] == (200, DATA)

    def test_a_part_of_another_content_is_sent_as_the_whole(self, server: FileServer) -> None:
        whole = server.get("/view?filename=v.mp4").headers
        for known, status in (
            (whole["Etag"], 206),
            ('"other"', 200),
            (f"W/{whole['Etag']}", 200),
            (whole["Last-Modified"], 206),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ):
            assert server.get("/view?filename=v.mp4", Range="bytes=0-9", If_Range=known).status == status

    def test_what_a_browser_has_is_not_sent_again(self, server: FileServer) -> None:
        headers = server.get("/view?filename=v.mp4").headers
        assert server.get("/view?filename=v.mp4", If_None_Match=headers["Etag"])[::2] == (304, b"")
        assert server.get("/view?filename=v.mp4", If_Modified_Since=headers["Last-Modified"])[::2] == (304, b"")
        put(server, "v.mp4", b"new")
        assert server.get("/view?filename=v.mp4", If_None_Match=headers["Etag"])[::2] == (200, b"new")

    def test_head_tells_the_size(self, server: FileServer) -> None:
        answer = server.ask("HEAD", "/view?filename=v.mp4")
        assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "1024", b"")

    def test_a_compressed_file_beside_it_is_never_sent_for_it(self, server: FileServer) -> None:
        put(server, "v.mp4.gz", b"other")
        answer = server.get("/view?filename=v.mp4", Accept_Encoding="gzip, br")
        assert answer.body == DATA
        assert "Content-Encoding" not in answer.headers


class TestPictures:
    @pytest.mark.parametrize(
        ("query", "form", "mode"),
        [
            ("preview=webp;90", "WEBP", "RGBA"),
            ("preview=webp", "WEBP", "RGBA"),
            ("preview=jpeg;50", "JPEG", "RGB"),
            ("preview=png", "WEBP", "RGBA"),
            ("preview=", "WEBP", "RGBA"),
            ("preview=webp;90&channel=rgb", "WEBP", "RGB"),
            ("preview=jpeg&channel=a", "WEBP", "RGBA"),
            ("preview=jpeg;99999999999999999999", "JPEG", "RGB"),
            ("preview=jpeg;²", "JPEG", "RGB"),
            ("channel=rgb", "PNG", "RGB"),
            ("channel=a", "PNG", "RGBA"),
        ],
    )
    def test_a_picture_is_made_as_asked(self, server: FileServer, cat: bytes, query: str, form: str, mode: str) -> None:
        answer = server.get(f"/view?filename=cat.png&{quote(query, safe='=&;')}")
        assert decode(answer.body)[:3] == (form, mode, (8, 6))
        assert answer.headers["Content-Type"] == f"image/{form.lower()}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_channels_are_those_of_the_picture(self, server: FileServer, cat: bytes) -> None:
        assert decode(server.get("/view?filename=cat.png&channel=rgb").body)[3] == (10, 20, 30)
        assert decode(server.get("/view?filename=cat.png&channel=a").body)[3] == (0, 0, 0, 40)
        put(server, "opaque.jpg", picture(mode="RGB", colour=(9, 9, 9), form="JPEG"))
        assert decode(server.get("/view?filename=opaque.jpg&channel=a").body)[3] == (0, 0, 0, 255)

    @pytest.mark.parametrize("mode", ["L", "LA", "P", "I;16", "I", "F", "CMYK", "1", "RGB", "RGBA"])
    def test_pictures_of_every_mode_have_previews(self, server: FileServer, mode: str) -> None:
        form = "TIFF" if mode in ("F", "I", "CMYK") else "PNG"
        channels = {"LA": 2, "CMYK": 4, "RGB": 3, "RGBA": 4}.get(mode, 1)
        put(server, "cat.png", picture(mode=mode, colour=(1,) * channels if channels > 1 else 1, form=form))
        for query in ("preview=webp", "preview=jpeg", "channel=rgb", "channel=a"):
            assert decode(server.get(f"/view?filename=cat.png&{query}").body)[2] == (8, 6)

    def test_a_preview_changes_with_its_file(self, server: FileServer, cat: bytes) -> None:
        first = server.get("/view?filename=cat.png&preview=webp")
        assert server.get("/view?filename=cat.png&preview=webp", If_None_Match=first.headers["Etag"])[::2] == (304, b"")
        put(server, "cat.png", picture(size=(4, 4)))
        again = server.get("/view?filename=cat.png&preview=webp", If_None_Match=first.headers["Etag"])
        assert (again.status, decode(again.body)[2]) == (200, (4, 4))

    @pytest.mark.parametrize("query", ["preview=webp", "channel=rgb", "channel=a"])
    @pytest.mark.parametrize(
        ("data", "status"),
        [
            (b"", 415),
            (b"text", 415),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
            (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 6\n", 415),
            (picture()[:50], 422),
            (picture(size=(300, 300), mode="RGB", colour=(1, 2, 3), form="JPEG")[:500], 422),
            (bomb(), 413),
            (bomb(10_000, 10_000), 413),
            (poisoned(b"zTXt"), 422),
            (poisoned(b"iTXt"), 422),
        ],
        ids=["nothing", "text", "svg", "postscript", "cut-png", "cut-jpeg", "bomb", "large", "ztxt", "itxt"],
    )
    def test_pictures_that_do_harm_are_refused_with_a_sentence(
        self, server: FileServer, query: str, data: bytes, status: int
    ) -> None:
        put(server, "cat.png", data)
        answer = server.get(f"/view?filename=cat.png&{query}")
        assert (answer.status, type(answer.json["error"])) == (status, str)
        assert server.get("/view?filename=cat.png").body == data
