"""The editor's files: sent from its folder only, kept by browsers where their names tell their content."""

from __future__ import annotations

from pathlib import Path

from tests.serving.file_server import serving


def test_files_of_another_editor_are_sent_with_fitting_headers(tmp_path: Path) -> None:
    root = tmp_path / "editor"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<p>mine</p>")
    (root / "assets" / "app-1a2b.js").write_text("1")
    (root / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("no")
    with serving(tmp_path, front_end_root=root) as server:
        page = server.get("/")
        assert (page.status, page.body) == (200, b"<p>mine</p>")
        assert "no-store" in page.headers["Cache-Control"]
        script = server.get("/assets/app-1a2b.js")
        assert (script.status, script.body) == (200, b"1")
        assert "javascript" in script.headers["Content-Type"]
        assert "immutable" in script.headers["Cache-Control"]
        assert server.get("/icon.svg").headers["Cache-Control"] == "no-cache"
        missing = server.get("/nothing.js", Accept="application/json")
        assert missing.status == 404
        assert "/nothing.js" in missing.json["error"]
        for name in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "//etc/passwd"):
            assert server.get(name).status in (400, 403, 404), name
