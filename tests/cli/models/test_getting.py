"""`weft models get`: whole files in their folders, resumed, checked, and nothing that may run programs."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from typer.testing import CliRunner, Result

from cli.app import app
from cli.models.getting import PARTS
from tests.cli.models.file_server import FileServer, file_server
from tests.tiny_checkpoint import write_tiny_checkpoint

LORA = save({"lora_unet_mid.lora_down.weight": torch.ones(4, 300), "lora_unet_mid.lora_up.weight": torch.ones(300, 4)})


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as served:
        served.files["/files/a.safetensors"] = LORA
        yield served


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "models").mkdir()
    return tmp_path


def get(base: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", "get", *arguments, "--base-directory", str(base)])


def files(base: Path) -> list[str]:
    found = (path for path in (base / "models").rglob("*") if path.is_file())
    return sorted(str(path.relative_to(base / "models")) for path in found)


def test_a_file_goes_into_the_folder_of_what_it_is(base: Path, server: FileServer) -> None:
    result = get(base, server.url("/files/a.safetensors"))
    assert result.exit_code == 0, result.output
    assert files(base) == ["loras/a.safetensors"]
    assert (base / "models/loras/a.safetensors").read_bytes() == LORA
    assert "LoRA, F32" in result.stdout


def test_a_checkpoint_is_told_from_its_header(base: Path, server: FileServer, tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path / "tiny.safetensors")
    server.files["/x"] = (tmp_path / "tiny.safetensors").read_bytes()
    server.names["/x"] = "tiny one.safetensors"
    result = get(base, server.url("/x"))
    assert files(base) == ["checkpoints/tiny one.safetensors"], result.output


def test_folder_and_name_may_be_chosen(base: Path, server: FileServer) -> None:
    get(base, server.url("/files/a.safetensors"), "--to", "loras/styles", "--name", "b.safetensors")
    assert files(base) == ["loras/styles/b.safetensors"]


def test_what_was_cut_off_goes_on_where_it_stopped(base: Path, server: FileServer) -> None:
    server.cut_at = 1000
    cut = get(base, server.url("/files/a.safetensors"))
    assert cut.exit_code == 1
    assert f"after 1,000 of {len(LORA):,} bytes" in cut.stderr
    assert get(base, server.url("/files/a.safetensors")).exit_code == 0
    assert server.asked[-1][1] == "bytes=1000-"
    assert (base / "models/loras/a.safetensors").read_bytes() == LORA
    assert files(base) == ["loras/a.safetensors"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(base: Path, server: FileServer) -> None:
    server.cut_at = 1000
    get(base, server.url("/files/a.safetensors"))
    other = save({"lora_unet_mid.lora_down.weight": torch.zeros(9, 99)})
    server.files["/files/a.safetensors"] = other
    assert get(base, server.url("/files/a.safetensors")).exit_code == 0
    assert (base / "models/loras/a.safetensors").read_bytes() == other


def test_what_is_whole_but_has_no_folder_yet_is_not_fetched_again(base: Path, server: FileServer) -> None:
    content = save({"who.knows": torch.zeros(500)})
    server.files["/files/b.safetensors"] = content
    unknown = get(base, server.url("/files/b.safetensors"))
    assert (unknown.exit_code, "--to FOLDER" in unknown.stderr) == (2, True)
    assert get(base, server.url("/files/b.safetensors"), "--to", "vae").exit_code == 0
    assert server.asked[-1][1] == f"bytes={len(content)}-"
    assert files(base) == ["vae/b.safetensors"]


def test_a_wrong_hash_is_refused_and_nothing_is_kept(base: Path, server: FileServer) -> None:
    result = get(base, server.url("/files/a.safetensors"), "--sha256", "0" * 64)
    assert result.exit_code == 1
    assert hashlib.sha256(LORA).hexdigest() in result.stderr
    assert files(base) == []
    right = get(base, server.url("/files/a.safetensors"), "--sha256", hashlib.sha256(LORA).hexdigest().upper())
    assert right.exit_code == 0


@pytest.mark.parametrize("name", ["a.ckpt", "a.pt", "a.pth", "a.bin"])
def test_pickle_files_are_not_even_asked_for(base: Path, server: FileServer, name: str) -> None:
    result = get(base, server.url(f"/files/{name}"))
    assert (result.exit_code, "--allow-pickle" in result.stderr) == (2, True)
    assert server.asked == []


def test_a_pickle_file_under_another_name_is_removed(base: Path, server: FileServer) -> None:
    server.files["/files/a.safetensors"] = pickle.dumps({"a": [1, 2, 3]}, protocol=4)
    result = get(base, server.url("/files/a.safetensors"), "--to", "loras")
    assert (result.exit_code, "pickle file under another name" in result.stderr) == (1, True)
    assert files(base) == []


def test_a_pickle_file_is_taken_if_asked_for(base: Path, server: FileServer) -> None:
    server.files["/files/a.pt"] = pickle.dumps({"a": [1, 2, 3]}, protocol=4)
    result = get(base, server.url("/files/a.pt"), "--to", "upscale_models", "--allow-pickle")
    assert (result.exit_code, files(base)) == (0, ["upscale_models/a.pt"]), result.output


def test_a_web_page_in_the_files_place_is_removed(base: Path, server: FileServer) -> None:
    server.files["/files/a.safetensors"] = b"<!DOCTYPE html><title>Log in</title>" + b" " * 5000
    result = get(base, server.url("/files/a.safetensors"), "--to", "loras")
    assert (result.exit_code, "a web page" in result.stderr) == (1, True)
    assert files(base) == []


def test_no_file_is_overwritten(base: Path, server: FileServer) -> None:
    get(base, server.url("/files/a.safetensors"))
    again = get(base, server.url("/files/a.safetensors"))
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ftp://host/a.safetensors"], "addresses begin with https"),
        (["file:///etc/passwd"], "cannot be fetched"),
        (["a.safetensors"], "is no source"),
        (["org/repo/../../a.safetensors"], "is no source"),
        (["org/repo/a.safetensors", "--to", "lora"], 'did you mean "loras"?'),
        (["org/repo/a.safetensors", "--to", "loras/../../x"], "loras/../../x"),
        (["org/repo/a.safetensors", "--sha256", "12"], "no SHA-256"),
    ],
)
def test_what_cannot_be_done_as_typed_is_said_before_anything_is_fetched(
    base: Path, arguments: list[str], sentence: str
) -> None:
    result = get(base, *arguments)
    assert (result.exit_code, sentence in result.stderr) == (2, True), result.stderr


def test_a_missing_file_and_a_server_that_is_not_there_are_told(base: Path, server: FileServer) -> None:
    assert "404" in get(base, server.url("/files/none.safetensors")).stderr
    assert "cannot be fetched" in get(base, "http://127.0.0.1:9/a.safetensors").stderr


def test_a_file_of_a_hub_is_asked_of_the_endpoint_with_the_users_token(
    base: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    path = "/org/repo/resolve/main/sub/a.safetensors"
    with file_server() as store:
        store.files["/blob"] = LORA
        server.redirects[path] = store.url("/blob")
        server.hashes[path] = hashlib.sha256(LORA).hexdigest()
        result = get(base, "org/repo/sub/a.safetensors", "--endpoint", server.address)
        assert result.exit_code == 0, result.output
        assert server.asked == [(path, None, "Bearer secret")]
        assert store.asked == [("/blob", None, None)]  # the token goes nowhere else
    assert files(base) == ["loras/a.safetensors"]


def test_a_hash_that_a_hub_tells_is_checked(base: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    path = "/org/repo/resolve/v1/a.safetensors"
    server.files[path], server.hashes[path] = LORA, "0" * 64
    result = get(base, "org/repo@v1/a.safetensors")
    assert (result.exit_code, "should have" in result.stderr) == (1, True)
    assert files(base) == []


def test_a_locked_file_names_the_terms_and_the_token(base: Path, server: FileServer) -> None:
    server.locked.add("/org/repo/resolve/main/a.safetensors")
    result = get(base, "org/repo/a.safetensors", "--endpoint", server.address)
    assert (result.exit_code, "HF_TOKEN" in result.stderr) == (1, True)


def test_a_tokenizer_goes_where_it_is_looked_for(base: Path, server: FileServer) -> None:
    path = "/google/umt5-xxl/resolve/main/spiece.model"
    server.files[path] = b"\x0a\x0b\x0a\x05<unk>"
    result = get(base, "google/umt5-xxl/spiece.model", "--to", "tokenizers/umt5", "--endpoint", server.address)
    assert (result.exit_code, files(base)) == (0, ["tokenizers/umt5/spiece.model"]), result.output


def test_the_parts_folder_holds_no_models(base: Path, server: FileServer) -> None:
    server.cut_at = 1000
    get(base, server.url("/files/a.safetensors"))
    assert all(name.startswith(PARTS) for name in files(base))
    listed = CliRunner().invoke(app, ["models", "list", "--json", "--base-directory", str(base)])
    assert listed.stdout.strip() == "[]"
