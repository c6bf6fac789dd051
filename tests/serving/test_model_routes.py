"""Models are listed, described and shown as ComfyUI does."""

from __future__ import annotations

import base64
import json
import struct
import urllib.error
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.serving.file_server import FileServer
from tests.serving.live_server import live_server
from tests.serving.pictures import bomb, decode, picture


def put_model(server: FileServer, name: str, metadata: dict[str, str] | None = None, kind: str = "loras") -> Path:
    """Write a safetensors file without tensors."""
    header = json.dumps({} if metadata is None else {"__metadata__": metadata}).encode()
    path = server.folders.model_roots(kind)[0] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


def test_kinds_and_names_are_listed(server: FileServer) -> None:
    put_model(server, "sub/a.safetensors")
    put_model(server, "b.safetensors").with_suffix(".txt").write_bytes(b"")
    put_model(server, "style.safetensors", kind="embeddings")
    kinds = server.get("/models").json
    assert {"checkpoints", "loras", "text_encoders", "custom_nodes", "configs"} <= set(kinds)
    assert server.get("/models/loras").json == ["b.safetensors", "sub/a.safetensors"]
    assert server.get("/api/models/vae").json == []
    assert server.get("/embeddings").json == ["style"]
    assert server.get("/models/none").status == 404


def test_kinds_are_described_with_their_folders(server: FileServer) -> None:
    found = {each["name"]: each for each in server.get("/experiment/models").json}
    assert not {"configs", "custom_nodes"} & set(found)
    loras = found["loras"]
    assert loras["folders"] == [str(server.folders.base / place / "loras") for place in ("models", "output")]
    assert ".safetensors" in loras["extensions"]
    assert server.get("/internal/folder_paths").json["loras"] == loras["folders"]


def test_models_are_described_with_sizes_and_times(server: FileServer) -> None:
    path = put_model(server, "sub/a.safetensors")
    (found,) = server.get("/experiment/models/loras").json
    stat = path.stat()
    assert found == {
        "name": "sub/a.safetensors",
        "pathIndex": 0,
        "modified": stat.st_mtime,
        "created": stat.st_ctime,
        "size": stat.st_size,
    }
    assert server.get("/experiment/models/none").status == 404


class TestMetadata:
    def test_texts_are_shown(self, server: FileServer) -> None:
        put_model(server, "sub/a.safetensors", {"ss_tag": "küche"})
        assert server.get("/view_metadata/loras?filename=sub/a.safetensors").json == {"ss_tag": "küche"}

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\xff" * 8,
            struct.pack("<Q", 2**63) + b"{}",
            struct.pack("<Q", 100) + b"{}",
            struct.pack("<Q", 2) + b"{}",
            struct.pack("<Q", 2) + b"[]",
            struct.pack("<Q", 20) + b'{"__metadata__": 555}',
            struct.pack("<Q", 100_000) + b"[" * 100_000,
            struct.pack("<Q", 2**20 + 1) + b" " * 2**20 + b"{",
        ],
        ids=["empty", "noise", "huge", "short", "none", "list", "number", "deep", "long"],
    )
    def test_broken_headers_have_none(self, server: FileServer, data: bytes) -> None:
        put_model(server, "a.safetensors").write_bytes(data)
        assert server.get("/view_metadata/loras?filename=a.safetensors").status == 404

    @pytest.mark.parametrize(
        "query", ["", "?filename=", "?filename=none.safetensors", "?filename=a.ckpt", "?filename=../loras/a.safetensors",
                  "?filename=%2Fetc%2Fa.safetensors", "?filename=..%5Ca.safetensors", "?filename=%00.safetensors"]
    )  # fmt: skip
    def test_other_files_have_none(self, server: FileServer, query: str) -> None:
        put_model(server, "a.safetensors", {"a": "b"})
        assert server.get(f"/view_metadata/loras{query}").status == 404
        assert server.get("/view_metadata/none?filename=a.safetensors").status == 404

    def test_a_model_that_is_a_link_is_read(self, server: FileServer, tmp_path: Path) -> None:
        elsewhere = put_model(server, "a.safetensors", {"a": "b"}).rename(tmp_path / "elsewhere")
        (server.folders.model_roots("loras")[0] / "a.safetensors").symlink_to(elsewhere)
        assert server.get("/view_metadata/loras?filename=a.safetensors").json == {"a": "b"}


class TestCovers:
    COVER = "/experiment/models/preview/loras/0"

    @pytest.mark.parametrize("name", ["a.png", "a.preview.png", "a.webp", "a.jpeg"])
    def test_the_picture_beside_a_model_is_shown(self, server: FileServer, name: str) -> None:
        put_model(server, "sub/a.safetensors").with_name(name).write_bytes(picture())
        answer = server.get(f"{self.COVER}/sub/a.safetensors")
        assert (answer.headers["Content-Type"], decode(answer.body)[2]) == ("image/webp", (8, 6))

    def test_the_picture_within_a_model_is_shown(self, server: FileServer) -> None:
        covers = json.dumps([base64.b64encode(picture()).decode()])
        put_model(server, "a.safetensors", {"ssmd_cover_images": covers})
        assert decode(server.get(f"{self.COVER}/a.safetensors").body)[2] == (8, 6)

    @pytest.mark.parametrize("covers", ["", "5", "[]", "[5]", '["no base64"]', "[" * 100_000])
    def test_broken_pictures_within_a_model_are_none(self, server: FileServer, covers: str) -> None:
        put_model(server, "a.safetensors", {"ssmd_cover_images": covers})
        assert server.get(f"{self.COVER}/a.safetensors").status in (404, 415)

    def test_a_bomb_beside_a_model_is_refused(self, server: FileServer) -> None:
        put_model(server, "a.safetensors").with_name("a.png").write_bytes(bomb())
        assert server.get(f"{self.COVER}/a.safetensors").status == 413

    def test_a_picture_that_is_a_link_is_not_shown(self, server: FileServer, tmp_path: Path) -> None:
        (tmp_path / "secret.png").write_bytes(picture())
        put_model(server, "a.safetensors").with_name("a.png").symlink_to(tmp_path / "secret.png")
        assert server.get(f"{self.COVER}/a.safetensors").status == 404

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("loras/0/", 400),
            ("loras/0/none", 404),
            ("loras/9/a", 404),
            ("loras/-1/a", 404),
            ("loras/x/a", 400),
            ("none/0/a", 404),
            ("loras/0/..%2f..%2fa", 403),
            ("loras/0/%2e%2e/%2e%2e/a", 403),
            ("loras/0/..%5ca", 403),
            ("loras/0//etc/passwd", 403),
            ("loras/0/%00", 403),
        ],
    )
    def test_what_is_not_there_or_outside_is_refused(self, server: FileServer, path: str, status: int) -> None:
        assert server.get(f"/experiment/models/preview/{path}").status == status


def test_a_worker_says_what_a_file_is(tmp_path: Path) -> None:
    with live_server(tmp_path) as live:
        live.wait_until_ready()
        folder = tmp_path / "models/loras/sub"
        folder.mkdir(parents=True)
        save_file(
            {"a.lora_down.weight": torch.ones(2, 3)}, folder / "a.safetensors", {"ss_base_model_version": "sd_v1"}
        )
        found = live.get("/api/v1/models/loras/sub/a.safetensors")
        assert (found["is"], found["family"], found["precision"], found["weights"]) == ("LoRA", "sd_v1", "F32", 6)
        for missing in ("loras/b.safetensors", "none/a.safetensors", "loras/../../a.safetensors"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                live.get(f"/api/v1/models/{missing}")
            assert caught.value.code == 404
            caught.value.close()
