"""What files are, from headers alone."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from diffusion.checkpoints.describe import describe, describe_header
from diffusion.checkpoints.header import Header, header_of
from tests.diffusion.checkpoints.stripped import HEADERS
from tests.diffusion.checkpoints.stripped import header as known_header

KINDS = {  # by names of tensors that files of a kind have
    "LoRA": ["lora_unet_down_blocks_0.lora_down.weight", "lora_unet_down_blocks_0.lora_up.weight"],
    "ControlNet": ["control_model.input_blocks.0.0.weight", "control_model.time_embed.0.weight"],
    "model patch": ["controlnet_blocks.0.y_rms.weight", "img_in.weight"],
    "CLIP vision": ["vision_model.encoder.layers.0.mlp.fc1.weight", "visual_projection.weight"],
    "upscaler": ["body.0.rdb1.conv1.weight", "conv_first.weight"],
    "embedding": ["emb_params"],
    "unknown": ["who.knows"],
}


def header(names: list[str], dtype: str = "F16", metadata: dict[str, str] | None = None) -> Header:
    return header_of(Path("a.safetensors"), {name: (dtype, [4, 4]) for name in names}, metadata)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_told_by_names(kind: str) -> None:
    found = describe_header(header(KINDS[kind]))
    assert (found.kind, found.precision, found.parameters) == (kind, "F16", 16 * len(KINDS[kind]))
    assert (found.note != "") == (kind == "unknown")
    assert (found.folder is None) == (kind == "unknown")


@pytest.mark.parametrize("path", sorted(HEADERS.glob("*/*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_known_files_are_checkpoints_or_networks_of_their_family(path: Path) -> None:
    found = describe_header(known_header(f"{path.parent.name}/{path.stem}"))
    assert found.kind in ("checkpoint", "diffusion model")
    assert found.title
    assert (found.kind == "checkpoint") == bool(found.networks)


def test_a_lora_says_in_its_metadata_what_it_is_for() -> None:
    found = describe_header(header(KINDS["LoRA"], metadata={"ss_base_model_version": "sdxl_base_v1-0"}))
    assert found.title == "sdxl_base_v1-0"


def test_precisions_are_told_with_their_shares() -> None:
    shapes = {"a": ("F8_E4M3", [90, 10]), "b": ("F32", [10, 10]), "c": ("BF16", [1])}
    assert describe_header(header_of(Path("a"), shapes)).precision == "F8_E4M3, 10 % F32"


def test_pickles_are_not_opened_and_damage_is_told(tmp_path: Path) -> None:
    pickled, empty = tmp_path / "a.ckpt", tmp_path / "a.safetensors"
    pickled.write_bytes(pickle.dumps({"a": 1}, protocol=4))
    empty.write_bytes(b"")
    assert describe(pickled).kind == "pickle file"
    assert (describe(empty).kind, "get it again" in describe(empty).note) == ("damaged", True)
