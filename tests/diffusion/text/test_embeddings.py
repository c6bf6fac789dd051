"""Textual inversions: found by name inside their folders, read in the layouts that are in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from diffusion.errors import DiffusionError
from diffusion.text.embeddings import find_embedding, load_embedding, no_embeddings

VECTORS = torch.arange(16.0).reshape(2, 8)


def test_names_are_found_with_and_without_extension_in_any_folder(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    for name in ("a/deep/one.pt", "b/two.safetensors"):
        (tmp_path / name).touch()
    lookup = find_embedding([tmp_path / "a", tmp_path / "b"])
    for name in ("one", "one.pt", "deep/one"):
        assert lookup(name) == tmp_path / "a/deep/one.pt"
    assert lookup("two") == tmp_path / "b/two.safetensors"
    assert lookup("three") is None


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "x\0y", "x" * 5000, "."])
def test_names_do_not_leave_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.pt").touch()
    (tmp_path / "inner").mkdir()
    assert find_embedding([tmp_path / "inner"])(name) is None
    assert no_embeddings(name) is None


@pytest.mark.parametrize(
    "content",
    [
        {"emb_params": VECTORS},
        {"clip_g": torch.zeros(2, 12), "clip_l": VECTORS},
        {"bundle_emb.x.string_to_param.*": VECTORS, "lora.weight": torch.zeros(3)},
        {"string_to_param": {"*": VECTORS}, "name": "x"},
        [{"a": VECTORS[:1], "other": torch.zeros(1, 12)}, {"b": VECTORS[1:]}],
    ],
)
def test_the_layouts_in_use_are_read(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save(content, path)
    torch.testing.assert_close(load_embedding(path, 8), VECTORS)


def test_safetensors_of_half_precision_become_float32(tmp_path: Path) -> None:
    save_file({"emb_params": VECTORS[0].half()}, tmp_path / "x.safetensors")
    torch.testing.assert_close(load_embedding(tmp_path / "x.safetensors", 8), VECTORS[:1])


def test_files_that_do_not_fit_are_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"emb_params": VECTORS}, path)
    with pytest.raises(DiffusionError, match="8 wide, the text encoder wants 768"):
        load_embedding(path, 768)
    path.write_bytes(b"not a file of tensors")
    with pytest.raises(DiffusionError, match=r"x\.safetensors: not readable as an embedding"):
        load_embedding(path, 8)
