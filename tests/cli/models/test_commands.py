"""`weft models list`, `show` and `hash`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner, Result

from cli.app import app
from tests.tiny_checkpoint import write_tiny_checkpoint


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for kind in ("checkpoints", "loras/styles", "vae"):
        (tmp_path / "models" / kind).mkdir(parents=True)
    write_tiny_checkpoint(tmp_path / "models/checkpoints/tiny.safetensors")
    lora = {"lora_unet_mid.lora_down.weight": torch.ones(4, 8, dtype=torch.float16)}
    save_file(
        lora, tmp_path / "models/loras/styles/a.safetensors", {"ss_base_model_version": "sd_v1", "note": "x" * 500}
    )
    (tmp_path / "models/vae/cut.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{}")
    return tmp_path


def weft(base: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments, "--base-directory", str(base)])


def test_every_file_is_listed_with_what_it_is(base: Path) -> None:
    found = {each["name"]: each for each in json.loads(weft(base, "list", "--json").stdout)}
    assert list(found) == ["tiny.safetensors", "styles/a.safetensors", "cut.safetensors"]
    assert (found["tiny.safetensors"]["is"], found["tiny.safetensors"]["family"]) == (
        "checkpoint",
        "Stable Diffusion 1",
    )
    assert (found["styles/a.safetensors"]["is"], found["styles/a.safetensors"]["precision"]) == ("LoRA", "F16")
    assert found["cut.safetensors"]["is"] == "damaged"
    table = weft(base, "list").stdout
    assert "LoRA" in table
    assert "(rank 4)" in table
    assert "damaged" in table


def test_one_kind_may_be_listed(base: Path) -> None:
    assert [each["folder"] for each in json.loads(weft(base, "list", "loras", "--json").stdout)] == ["loras"]
    wrong = weft(base, "list", "lora")
    assert (wrong.exit_code, 'did you mean "loras"?' in wrong.stderr) == (2, True)


def test_extra_folders_are_listed_too(base: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    save_file({"a.lora_down.weight": torch.ones(2, 2)}, more / "b.safetensors")
    (base / "extra_model_paths.yaml").write_text(f"mine:\n  loras: {more}\n")
    names = [each["name"] for each in json.loads(weft(base, "list", "loras", "--json").stdout)]
    assert names == ["styles/a.safetensors", "b.safetensors"]


def test_a_file_is_shown_with_its_texts(base: Path) -> None:
    shown = weft(base, "show", "loras/styles/a.safetensors").stdout
    assert "LoRA" in shown
    assert "ss_base_model_version: sd_v1" in shown
    assert "x" * 201 not in shown
    document = json.loads(weft(base, "show", "styles/a.safetensors", "--json").stdout)
    assert document["metadata"]["note"] == "x" * 500
    assert document["weights"] == 32


def test_hashes_are_those_of_the_files(base: Path) -> None:
    path = base / "models/checkpoints/tiny.safetensors"
    line = weft(base, "hash", "tiny.safetensors").stdout.strip()
    assert line == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}"


def test_names_that_are_not_there_or_there_twice_are_told(base: Path) -> None:
    near = weft(base, "show", "tiny.safetensor")
    assert (near.exit_code, 'did you mean "tiny.safetensors"?' in near.stderr) == (2, True)
    (base / "models/vae/tiny.safetensors").write_bytes(b"")
    twice = weft(base, "hash", "tiny.safetensors")
    assert (twice.exit_code, "checkpoints/tiny.safetensors or vae/tiny.safetensors" in twice.stderr) == (2, True)


def test_folders_of_diffusers_are_listed_and_any_folder_may_be_shown(base: Path) -> None:
    folder = base / "models/diffusers/big"
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "FluxPipeline", "vae": ["diffusers", "AutoencoderKL"]}')
    listed = {each["name"]: each["is"] for each in json.loads(weft(base, "list", "--json").stdout)}
    assert listed["big"] == "folder of diffusers"
    for name in ("big", "diffusers/big/"):
        shown = weft(base, "show", name)
        assert "FluxPipeline" in shown.stdout
        assert "Loaders read a model from one file" in shown.stdout
    assert "this is a folder" in weft(base, "show", "styles").stdout
    assert weft(base, "hash", "big").exit_code == 2
