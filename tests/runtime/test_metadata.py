"""Workflows are found in pictures and files, and the error says why there is none."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from graph.errors import FormatError
from runtime.metadata import read_embedded, read_workflow_document
from tests.embedded import png_info, webp_exif

PROMPT = {"1": {"class_type": "Load", "inputs": {"text": "Grüße 🦊"}}}
EDITOR: dict[str, Any] = {"nodes": [], "links": []}
TEXTS = {"prompt": json.dumps(PROMPT), "workflow": json.dumps(EDITOR)}
PICTURE = Image.new("RGB", (8, 8), "red")


def test_a_png_gives_both_documents_and_the_prompt_runs(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png", pnginfo=png_info(TEXTS))
    assert read_workflow_document(tmp_path / "a.png") == PROMPT
    embedded = read_embedded(tmp_path / "a.png")
    assert (embedded.to_run, embedded.to_edit) == (PROMPT, EDITOR)


@pytest.mark.parametrize("way", ["tEXt", "zTXt", "iTXt", "iTXt packed"])
def test_every_kind_of_text_in_a_png_is_read(way: str, tmp_path: Path) -> None:
    info, text = PngInfo(), json.dumps(PROMPT, ensure_ascii=not way.startswith("iTXt"))
    if way.startswith("iTXt"):
        info.add_itxt("prompt", text, zip=way.endswith("packed"))
    else:
        info.add_text("prompt", text, zip=way == "zTXt")
    PICTURE.save(tmp_path / "a.png", pnginfo=info)
    assert read_workflow_document(tmp_path / "a.png") == PROMPT


@pytest.mark.parametrize("suffix", ["webp", "jpg"])
def test_exif_is_read(suffix: str, tmp_path: Path) -> None:
    PICTURE.save(tmp_path / f"a.{suffix}", exif=webp_exif(TEXTS))
    embedded = read_embedded(tmp_path / f"a.{suffix}")
    assert (embedded.prompt, embedded.workflow) == (PROMPT, EDITOR)


def test_a_comment_in_exif_is_read_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + f"Workflow:{TEXTS['workflow']}".encode()
    PICTURE.save(tmp_path / "a.webp", exif=exif.tobytes())
    assert read_workflow_document(tmp_path / "a.webp") == EDITOR


def test_a_json_file_is_its_own_document(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(EDITOR), encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbf " + json.dumps(PROMPT).encode())
    assert read_workflow_document(tmp_path / "a.json") == EDITOR
    assert read_workflow_document(str(tmp_path / "b.txt")) == PROMPT


def test_a_truncated_picture_still_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png", pnginfo=png_info(TEXTS))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "late.png").write_bytes(whole[: whole.index(b"IDAT") + 6])
    assert read_workflow_document(tmp_path / "late.png") == PROMPT
    (tmp_path / "early.png").write_bytes(whole[: whole.index(b"prompt") + 12])
    with pytest.raises(FormatError, match=r"early.png: this PNG picture holds no workflow.*cut off"):
        read_workflow_document(tmp_path / "early.png")


def test_one_broken_document_does_not_hide_the_other(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png", pnginfo=png_info({"prompt": "{", "workflow": TEXTS["workflow"]}))
    assert read_workflow_document(tmp_path / "a.png") == EDITOR
    PICTURE.save(tmp_path / "b.png", pnginfo=png_info({"prompt": "{"}))
    with pytest.raises(FormatError, match=r"b.png, prompt: This is not JSON: line 1, column 2"):
        read_workflow_document(tmp_path / "b.png")


@pytest.mark.parametrize("suffix", ["png", "webp", "jpg"])
def test_a_picture_without_a_workflow_is_an_error(suffix: str, tmp_path: Path) -> None:
    PICTURE.save(tmp_path / f"a.{suffix}")
    with pytest.raises(FormatError, match=rf"a.{suffix}: this .* picture holds no workflow. Programs that edit"):
        read_workflow_document(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.bin", b"\0\1\2\3", "neither a picture"),
        ("a.png", b"", "neither a picture"),
        ("a.json", b"", "not JSON"),
        ("a.json", b"{\n", "line 2"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "neither a picture"),
        ("a.webp", b"RIFF\x10\0\0\0WEBPEXIF\x04\0\0\0abcd", "holds no workflow|EXIF block is damaged"),
    ],
)
def test_other_files_are_an_error_that_says_so(name: str, content: bytes, part: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=part):
        read_workflow_document(tmp_path / name)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"a.png: this file cannot be read \(No such file"):
        read_workflow_document(tmp_path / "a.png")


def test_a_text_that_unpacks_without_end_is_left_out(tmp_path: Path) -> None:
    packed = zlib.compress(b" " * (65 * 2**20), 1)
    data = b"prompt\0\0" + packed
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    PICTURE.save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    at = whole.index(b"IDAT") - 4
    (tmp_path / "a.png").write_bytes(whole[:at] + chunk + whole[at:])
    with pytest.raises(FormatError, match="holds no workflow"):
        read_workflow_document(tmp_path / "a.png")
