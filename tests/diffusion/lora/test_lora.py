"""LoRA files: every spelling of keys means the same change, and what does not fit is told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.clip import Clip
from diffusion.errors import CheckpointError
from diffusion.lora import apply_lora, open_lora
from diffusion.models import Model
from tests.tiny_checkpoint import write_tiny_lora

ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
OUT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"
CONV = "up_blocks.0.resnets.1.conv1"
TEXT = "encoder.layers.1.self_attn.q_proj"


def rand(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def write(path: Path, tensors: Mapping[str, Tensor]) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path / "lora.safetensors")
    return path / "lora.safetensors"


def shape_of(module: torch.nn.Module, layer: str) -> torch.Size:
    return module.get_parameter(f"{layer}.weight").shape


def merged(model: Model, layer: str, leaf: str = "weight") -> Tensor:
    return model.overlay.tensors()[f"{layer}.{leaf}"]


def factors(model: Model, layer: str, rank: int = 2) -> tuple[Tensor, Tensor]:
    rows, columns = shape_of(model.backbone, layer)[:2]
    return rand(rows, rank), rand(rank, columns)


def original(layer: str, model: Model) -> str:
    return unet_keys(model.backbone.state_dict())[f"{layer}.weight"].removesuffix(".weight")


NAMES = {
    "kohya": lambda layer, model: "lora_unet_" + layer.replace(".", "_"),
    "kohya with original names": lambda layer, model: "lora_unet_" + original(layer, model).replace(".", "_"),
    "lycoris": lambda layer, model: "lycoris_" + layer.replace(".", "_"),
    "original": lambda layer, model: "diffusion_model." + original(layer, model),
    "diffusers": lambda layer, model: "unet." + layer.replace(".to_", ".processor.to_").removesuffix(".0"),
    "peft": lambda layer, model: "base_model.model." + layer,
    "diffusers with peft": lambda layer, model: "unet." + layer,
}
ENDINGS = {
    "kohya": (".lora_up.weight", ".lora_down.weight"),
    "processors": ("_lora.up.weight", "_lora.down.weight"),
    "peft": (".lora_B.weight", ".lora_A.weight"),
    "diffusers": (".lora.up.weight", ".lora.down.weight"),
    "adapter": (".lora_B.default.weight", ".lora_A.default.weight"),
}


@pytest.mark.parametrize("layer", [ATTENTION, OUT])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("spelling", NAMES)
def test_every_spelling_means_the_dense_merge(
    tiny_model: Model, tmp_path: Path, spelling: str, ending: str, layer: str
) -> None:
    up, down = factors(tiny_model, layer)
    name = NAMES[spelling](layer, tiny_model)
    file = {name + ENDINGS[ending][0]: up, name + ENDINGS[ending][1]: down, f"{name}.alpha": torch.tensor(1.0)}
    model, _ = apply_lora(open_lora(write(tmp_path, file)), tiny_model, None, 0.6)
    expected = tiny_model.backbone.get_parameter(f"{layer}.weight") + 0.6 * (1.0 / 2) * (up @ down)
    torch.testing.assert_close(merged(model, layer).data, expected.data)


def test_without_alpha_the_product_counts_whole(tiny_model: Model, tmp_path: Path) -> None:
    up, down = factors(tiny_model, ATTENTION)
    name = NAMES["kohya"](ATTENTION, tiny_model)
    path = write(tmp_path, {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down})
    model, _ = apply_lora(open_lora(path), tiny_model, None)
    expected = tiny_model.backbone.get_parameter(f"{ATTENTION}.weight") + up @ down
    torch.testing.assert_close(merged(model, ATTENTION).data, expected.data)


def forms(rows: int, columns: int) -> dict[str, dict[str, Tensor]]:
    half_rows, half_columns = rows // 2, columns // 2
    return {
        "locon": {
            ".lora_up.weight": rand(rows, 2, 1, 1),
            ".lora_mid.weight": rand(2, 2, 3, 3),
            ".lora_down.weight": rand(2, columns, 1, 1),
        },
        "conv lora": {".lora_up.weight": rand(rows, 2, 1, 1), ".lora_down.weight": rand(2, columns, 3, 3)},
        "loha": {
            ".hada_w1_a": rand(rows, 2),
            ".hada_w1_b": rand(2, columns * 9),
            ".hada_w2_a": rand(rows, 3),
            ".hada_w2_b": rand(3, columns * 9),
        },
        "loha with cores": {
            ".hada_w1_a": rand(2, rows),
            ".hada_w1_b": rand(2, columns),
            ".hada_t1": rand(2, 2, 3, 3),
            ".hada_w2_a": rand(2, rows),
            ".hada_w2_b": rand(2, columns),
            ".hada_t2": rand(2, 2, 3, 3),
        },
        "lokr": {".lokr_w1": rand(2, 2), ".lokr_w2": rand(half_rows, half_columns, 3, 3)},
        "lokr of factors": {
            ".lokr_w1_a": rand(2, 1),
            ".lokr_w1_b": rand(1, 2),
            ".lokr_w2_a": rand(half_rows, 2),
            ".lokr_w2_b": rand(2, half_columns * 9),
        },
        "lokr with a core": {
            ".lokr_w1": rand(2, 2),
            ".lokr_t2": rand(2, 2, 3, 3),
            ".lokr_w2_a": rand(2, half_rows),
            ".lokr_w2_b": rand(2, half_columns),
        },
        "dora": {
            ".lora_up.weight": rand(rows, 2, 1, 1),
            ".lora_down.weight": rand(2, columns, 3, 3),
            ".dora_scale": rand(1, columns, 1, 1).abs(),
        },
        "difference": {".diff": rand(rows, columns, 3, 3), ".diff_b": rand(rows)},
        "whole weight": {".set_weight": rand(rows, columns, 3, 3)},
    }


@pytest.mark.parametrize("form", forms(2, 2))
def test_every_form_changes_a_convolution(tiny_model: Model, tmp_path: Path, form: str) -> None:
    rows, columns = shape_of(tiny_model.backbone, CONV)[:2]
    name = NAMES["kohya"](CONV, tiny_model)
    path = write(tmp_path, {name + suffix: tensor for suffix, tensor in forms(rows, columns)[form].items()})
    model, _ = apply_lora(open_lora(path), tiny_model, None)
    assert not torch.equal(merged(model, CONV), tiny_model.backbone.get_parameter(f"{CONV}.weight"))
    if form == "difference":
        expected = tiny_model.backbone.get_parameter(f"{CONV}.bias") + rand(rows)
        torch.testing.assert_close(merged(model, CONV, "bias").data, expected.data)


@pytest.mark.parametrize("prefix", ["lora_te_text_model_", "lora_te1_text_model_", "text_encoder.text_model."])
def test_the_text_encoder_has_its_own_strength(tiny_model: Model, tiny_clip: Clip, tmp_path: Path, prefix: str) -> None:
    name = prefix + (TEXT.replace(".", "_") if prefix.endswith("_") else TEXT)
    up, down = rand(64, 2), rand(2, 64)
    path = write(tmp_path, {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down})
    model, clip = apply_lora(open_lora(path), tiny_model, tiny_clip, 1.0, 0.25)
    assert model is tiny_model
    expected = tiny_clip.encoder.get_parameter(f"{TEXT}.weight") + 0.25 * (up @ down)
    torch.testing.assert_close(clip.encoders[0].overlay.tensors()[f"{TEXT}.weight"].data, expected.data)
    assert not torch.equal(clip.encode("a cat").embedding, tiny_clip.encode("a cat").embedding)


def test_strength_zero_gives_the_same_handles(tiny_model: Model, tiny_clip: Clip, tmp_path: Path) -> None:
    path = write(tmp_path, {"lora_unet_conv_in.diff": rand(*shape_of(tiny_model.backbone, "conv_in"))})
    model, clip = apply_lora(open_lora(path), tiny_model, tiny_clip, 0.0, 0.0)
    assert (model, clip) == (tiny_model, tiny_clip)


def test_unknown_keys_are_told_in_one_warning(
    tiny_model: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = {"lora_unet_conv_in.diff": rand(*shape_of(tiny_model.backbone, "conv_in"))}
    strange = {f"lora_unet_nowhere_{index}.diff": rand(2) for index in range(5)}
    with caplog.at_level(logging.WARNING):
        apply_lora(open_lora(write(tmp_path, known | strange)), tiny_model, None)
    assert len(caplog.records) == 1
    assert "5 keys" in caplog.text
    assert "lora_unet_nowhere_0.diff" in caplog.text


def test_keys_for_a_network_that_is_not_there_are_no_reason_to_warn(
    tiny_model: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = {"lora_unet_conv_in.diff": rand(*shape_of(tiny_model.backbone, "conv_in"))}
    apply_lora(open_lora(write(tmp_path, known | {"lora_te_text_model_x.diff": rand(2)})), tiny_model, None)
    assert not caplog.records


@pytest.mark.parametrize(
    ("key", "family"),
    [("lora_unet_double_blocks_0_img_mlp_0", "Flux"), ("lora_te2_text_model_encoder_layers_0_mlp_fc1", "SDXL")],
)
def test_a_lora_of_another_family_is_refused(
    tiny_model: Model, tiny_clip: Clip, tmp_path: Path, key: str, family: str
) -> None:
    path = write(tmp_path, {f"{key}.lora_up.weight": rand(4, 2), f"{key}.lora_down.weight": rand(2, 4)})
    with pytest.raises(CheckpointError, match=f"looks like a LoRA for {family}"):
        apply_lora(open_lora(path), tiny_model, tiny_clip)


def test_a_family_whose_layers_are_not_known_is_named_with_those_that_are(tiny_model: Model, tmp_path: Path) -> None:
    path = write_tiny_lora(tmp_path / "lora.safetensors")
    with pytest.raises(CheckpointError, match=r"of the family other are not supported; those of sd1, .*flux.* are\."):
        apply_lora(open_lora(path), replace(tiny_model, family="other"), None)


def test_a_lora_of_other_sizes_is_refused_with_both(tiny_model: Model, tmp_path: Path) -> None:
    name = NAMES["kohya"](ATTENTION, tiny_model)
    path = write(tmp_path, {f"{name}.lora_up.weight": rand(640, 2), f"{name}.lora_down.weight": rand(2, 640)})
    with pytest.raises(CheckpointError, match=r"made for 640 x 640, the layer has 32 x 32"):
        apply_lora(open_lora(path), tiny_model, None)


def test_a_factor_without_the_other_is_told(tiny_model: Model, tmp_path: Path) -> None:
    path = write(tmp_path, {f"{NAMES['kohya'](ATTENTION, tiny_model)}.lora_up.weight": rand(32, 2)})
    with pytest.raises(CheckpointError, match=r"lora_down.weight is missing"):
        apply_lora(open_lora(path), tiny_model, None)
