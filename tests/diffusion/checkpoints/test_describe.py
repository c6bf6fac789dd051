"""What files are, from headers alone."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from diffusion.checkpoints.describe import describe, describe_header
from diffusion.checkpoints.header import Header, header_of
from tests.diffusion.checkpoints.stripped import HEADERS
from tests.diffusion.checkpoints.stripped import header as known_header
from tests.diffusion.control.nets import DIFFUSERS, SD1, UNION, make_net, write_net
from tests.diffusion.control.transformer_nets import (
    FLUX_FILL,
    QWEN_NET,
    SD3_NET,
    write_flux_net,
    write_qwen_net,
    write_sd3_net,
)
from tests.packed_files import write_packed

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


VAE = {name: [info.dtype, info.shape] for name, info in known_header("vae").tensors.items()}
OF_16 = VAE | {"decoder.conv_in.weight": ["F32", [512, 16, 3, 3]]}
VISION = {
    "vision_model.embeddings.class_embedding": ["F16", [1024]],
    "vision_model.embeddings.patch_embedding.weight": ["F16", [1024, 3, 14, 14]],
    "vision_model.embeddings.position_embedding.weight": ["F16", [257, 1024]],
    "vision_model.encoder.layers.0.mlp.fc1.weight": ["F16", [4096, 1024]],
    "visual_projection.weight": ["F16", [768, 1024]],
}
SIGLIP = {
    "vision_model.embeddings.patch_embedding.weight": ["F16", [1152, 3, 14, 14]],
    "vision_model.embeddings.position_embedding.weight": ["F16", [729, 1152]],
    "vision_model.encoder.layers.0.mlp.fc1.weight": ["F16", [4304, 1152]],
}
ESRGAN = {
    "conv_first.weight": ["F32", [64, 3, 3, 3]],
    "body.0.rdb1.conv1.weight": ["F32", [32, 64, 3, 3]],
    "conv_up1.weight": ["F32", [64, 64, 3, 3]],
    "conv_up2.weight": ["F32", [64, 64, 3, 3]],
    "conv_hr.weight": ["F32", [64, 64, 3, 3]],
    "conv_last.weight": ["F32", [3, 64, 3, 3]],
}
COMPACT = {
    "body.0.weight": ["F32", [64, 3, 3, 3]],
    "body.1.weight": ["F32", [64]],
    "body.2.weight": ["F32", [48, 64, 3, 3]],
}
REDUX = {"redux_up.weight": ["BF16", [12288, 1152]], "redux_down.weight": ["BF16", [4096, 12288]]}
FULL_ADAPTER = {
    "conv_in.weight": ["F32", [320, 192, 3, 3]],
    "body.0.block1.weight": ["F32", [320, 320, 3, 3]],
    "body.2.block1.weight": ["F32", [640, 320, 3, 3]],
}


@pytest.mark.parametrize(
    ("name", "tensors", "kind", "title", "detail"),
    [
        ("vae", VAE, "VAE", "Stable Diffusion 1 and 2 or Stable Diffusion XL", "4 channels"),
        ("sdxl_vae", VAE, "VAE", "Stable Diffusion XL", "4 channels"),
        ("vae", OF_16, "VAE", "Stable Diffusion 3 or Flux.1 and Z-Image", "16 channels"),
        ("ae", OF_16, "VAE", "Flux.1 and Z-Image", "16 channels"),
        ("taesdxl_decoder", {"1.weight": ["F16", [64, 4, 3, 3]], "19.weight": ["F16", [3, 64, 3, 3]]}, "half of a tiny VAE",
         "Stable Diffusion XL", "decoder"),
        ("taef1_encoder", {"0.weight": ["F16", [64, 3, 3, 3]], "14.weight": ["F16", [16, 64, 3, 3]]}, "half of a tiny VAE",
         "Flux.1 and Z-Image", "16 channels"),
        ("a", VISION, "CLIP vision", "CLIP ViT-L/14", "224 x 224 pixels"),
        ("a", SIGLIP, "CLIP vision", "SigLIP so400m", "384 x 384 pixels"),
        ("a", ESRGAN, "upscaler", "ESRGAN", "4 times as large"),
        ("a", COMPACT, "upscaler", "Real-ESRGAN compact", "4 times as large"),
        ("a", FULL_ADAPTER, "ControlNet", "Stable Diffusion 1 or XL", "T2I-Adapter"),
        ("a", {"emb_params": ["F32", [8, 768]]}, "embedding", "Stable Diffusion 1", "8 vectors"),
        ("a", {"<cat>": ["F32", [2, 1024]]}, "embedding", "Stable Diffusion 2", "2 vectors"),
        ("a", {"clip_l": ["F32", [1, 768]], "clip_g": ["F32", [1, 1280]]}, "embedding", "Stable Diffusion XL", "1 vector"),
    ],
)  # fmt: skip
def test_kind_family_and_sizes_are_told(name: str, tensors: Any, kind: str, title: str, detail: str) -> None:
    found = describe_header(header_of(Path(f"{name}.safetensors"), tensors))
    assert (found.kind, found.title, found.note) == (kind, title, "")
    assert detail in found.details
    assert found.folder


def test_style_models_are_told_and_those_that_do_not_load_say_so() -> None:
    assert describe_header(header_of(Path("a"), REDUX)).title == "Flux Redux"
    other = describe_header(header_of(Path("a"), {"style_embedding": ["F16", [1, 8, 1024]]}))
    assert (other.kind, "not supported" in other.note) == ("style model", True)


@pytest.mark.parametrize(
    ("tensors", "kind", "word"),
    [
        ({"control_img_in.weight": ["F16", [8, 8]]}, "ControlNet", "a Fun ControlNet of Qwen-Image"),
        ({"decoder.up_blocks.0.resnets.0.conv1.weight": ["F16", [8, 8, 3, 3]]}, "VAE", "layout of diffusers"),
        ({"decoder.upsamples.0.upsamples.0.residual.0.gamma": ["F16", [8]]}, "VAE", "not supported"),
        (
            {"conv_first.weight": ["F16", [8, 3, 3, 3]], "layers.0.norm.weight": ["F16", [8]]},
            "upscaler",
            "Known: ESRGAN",
        ),
        (
            {"0.weight": ["F16", [8]], "1.weight": ["F16", []], "19.weight": ["F16", []]},
            "unknown",
            "its shapes are not",
        ),
    ],
)
def test_what_no_loader_takes_is_told_with_the_reason(tensors: Any, kind: str, word: str) -> None:
    found = describe_header(header_of(Path("a.safetensors"), tensors))
    assert (found.kind, word in found.note) == (kind, True), found.note


@pytest.mark.parametrize(
    ("write", "title", "detail"),
    [
        (lambda path: write_net(path, make_net(SD1._replace(context_width=768))), "Stable Diffusion 1", ""),
        (lambda path: write_net(path, make_net(UNION), DIFFUSERS), "Stable Diffusion", "union of 3 kinds of pictures"),
        (lambda path: write_flux_net(path, FLUX_FILL), "Flux.1", "inpainting"),
        (lambda path: write_sd3_net(path, SD3_NET), "Stable Diffusion 3", ""),
        (lambda path: write_qwen_net(path, QWEN_NET), "Qwen-Image", ""),
    ],
)
def test_control_nets_are_told_by_what_they_steer(write: Any, title: str, detail: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write(path)
    found = describe(path)
    assert (found.kind, found.title, found.note) == ("ControlNet", title, "")
    assert found.details == ((detail,) if detail else ())


def test_parts_of_a_model_are_told_by_all_of_them(tmp_path: Path) -> None:
    whole = [(name, torch.ones([1] * len(info.shape))) for name, info in known_header("vae").tensors.items()]
    first, second = (tmp_path / f"vae-0000{number}-of-00002.safetensors" for number in (1, 2))
    save_file(dict(whole[::2]), first)
    lacking = describe(first)
    assert (lacking.kind, lacking.title, lacking.folder) == ("part of a model", "", None)
    assert f"{second.name} is not there" in lacking.note
    save_file(dict(whole[1::2]), second)
    found = describe(second)
    assert (found.kind, found.title) == ("part of a model", "latent diffusion")
    assert "part 2 of 2 of a model (VAE of latent diffusion). Loaders read a model from one file" in found.note


def test_folders_of_diffusers_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert describe(tmp_path / "empty").kind == "unknown"
    for name, told in {
        "model_index.json": {
            "_class_name": "FluxPipeline",
            "vae": ["diffusers", "AutoencoderKL"],
            "safety": [None, None],
        },
        "config.json": {"architectures": ["T5EncoderModel"]},
    }.items():
        folder = tmp_path / name.split(".")[0]
        folder.mkdir()
        (folder / name).write_text(json.dumps(told))
    pipeline, encoder = describe(tmp_path / "model_index"), describe(tmp_path / "config")
    assert (pipeline.kind, pipeline.title, pipeline.networks) == ("folder of diffusers", "FluxPipeline", ("vae",))
    assert encoder.title == "T5EncoderModel"
    assert "one file" in pipeline.note


def test_gguf_files_are_told_like_others(tmp_path: Path) -> None:
    found = describe(write_packed(tmp_path / "a.gguf", "Q8_0", prefix="model.diffusion_model."))
    assert (found.kind, found.title) == ("diffusion model", "Stable Diffusion 1")
    assert "Q8_0" in found.precision
