"""LoRA files for SD2, SDXL and its refiner: the names that programs give to their layers and to each text encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from diffusion.checkpoints.load import Checkpoint, load_checkpoint
from diffusion.errors import CheckpointError
from diffusion.lora import apply_lora, lora_patch, open_lora, targets_of
from tests.tiny_checkpoint import write_state
from tests.tiny_unets import tiny_networks

LAYER = "encoder.layers.1.self_attn.q_proj"
UNDERSCORED = "text_model_" + LAYER.replace(".", "_")
DOTTED = "text_model." + LAYER
UNET = {
    "sd2": "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
    "sdxl": "down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k",
    "sdxl_refiner": "down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k",
}
ORIGINAL = {
    "sd2": "input_blocks_1_1_transformer_blocks_0_attn2_to_k",
    "sdxl": "input_blocks_3_1_transformer_blocks_1_attn2_to_k",
    "sdxl_refiner": "input_blocks_3_1_transformer_blocks_1_attn2_to_k",
}
SPELLINGS = [  # family, what a key begins with, the kind of the text encoder that it changes
    ("sd2", f"lora_te_{UNDERSCORED}", "h"),
    ("sd2", f"text_encoder.{DOTTED}", "h"),
    ("sd2", f"text_encoders.clip_h.transformer.{DOTTED}", "h"),
    ("sdxl", f"lora_te1_{UNDERSCORED}", "l"),
    ("sdxl", f"lora_te_{UNDERSCORED}", "l"),
    ("sdxl", f"text_encoder.{DOTTED}", "l"),
    ("sdxl", f"lora_te2_{UNDERSCORED}", "g"),
    ("sdxl", f"text_encoder_2.{DOTTED}", "g"),
    ("sdxl", f"text_encoders.clip_g.transformer.{DOTTED}", "g"),
    ("sdxl", "lora_te2_text_projection", "g"),
    ("sdxl_refiner", f"lora_te_{UNDERSCORED}", "g"),
    ("sdxl_refiner", f"text_encoder.{DOTTED}", "g"),
]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checkpoint]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        name: load_checkpoint(write_state(folder / f"{name}.safetensors", tiny_networks(name).state)) for name in UNET
    }


def weight_of(module: nn.Module, layer: str) -> tuple[str, torch.Tensor]:
    """Return a layer's weight with its name, however transformers calls it."""
    return next((name, each) for name, each in module.named_parameters() if name.endswith(f"{layer}.weight"))


def write(folder: Path, name: str, weight: torch.Tensor) -> Path:
    """Write a LoRA of rank 1 whose product is 1 everywhere."""
    rows, columns = weight.shape
    state = {f"{name}.lora_up.weight": torch.ones(rows, 1), f"{name}.lora_down.weight": torch.ones(1, columns)}
    return write_state(folder / "lora.safetensors", state)


@pytest.mark.parametrize("family", UNET)
@pytest.mark.parametrize("is_original", [True, False])
def test_layers_of_the_network_are_found(
    checkpoints: dict[str, Checkpoint], tmp_path: Path, family: str, is_original: bool
) -> None:
    model = checkpoints[family].model
    weight = model.backbone.get_parameter(f"{UNET[family]}.weight")
    name = ORIGINAL[family] if is_original else UNET[family].replace(".", "_")
    patched, _ = apply_lora(open_lora(write(tmp_path, f"lora_unet_{name}", weight)), model, None, 0.5)
    assert patched is not None
    torch.testing.assert_close(patched.overlay.tensors()[f"{UNET[family]}.weight"].data, weight.data + 0.5)


@pytest.mark.parametrize(("family", "spelling", "kind"), SPELLINGS)
def test_each_text_encoder_has_its_own_names(
    checkpoints: dict[str, Checkpoint], tmp_path: Path, family: str, spelling: str, kind: str
) -> None:
    checkpoint = checkpoints[family]
    modules = {encoder.kind: encoder.module for encoder in checkpoint.clip.encoders}
    layer, weight = weight_of(modules[kind], "text_projection" if "projection" in spelling else LAYER)
    lora = open_lora(write(tmp_path, spelling, weight))
    _, clip = apply_lora(lora, checkpoint.model, checkpoint.clip)
    assert clip is not None
    changed = {encoder.kind: dict(encoder.overlay.tensors()) for encoder in clip.encoders}
    assert {each for each, tensors in changed.items() if tensors} == {kind}
    torch.testing.assert_close(changed[kind][layer].data, weight.data + 1)
    predicted = {each: lora_patch(lora, targets_of(family, each, modules[each]), 1.0) for each in [kind]}
    assert predicted[kind] is not None  # and so it is known before it runs


def test_a_name_without_a_number_does_not_mean_the_second_encoder(
    checkpoints: dict[str, Checkpoint], tmp_path: Path
) -> None:
    large = checkpoints["sdxl"].clip.encoders[1]
    lora = open_lora(write(tmp_path, f"lora_te_{UNDERSCORED}", weight_of(large.module, LAYER)[1]))
    with pytest.raises(CheckpointError, match="none of its 2 tensors belongs"):
        lora_patch(lora, targets_of("sdxl", "g", large.module), 1.0)


@pytest.mark.parametrize(("family", "said"), [("sdxl", "made for a model of other sizes"), ("sd2", "a LoRA for SDXL")])
def test_what_does_not_fit_is_explained(
    checkpoints: dict[str, Checkpoint], tmp_path: Path, family: str, said: str
) -> None:
    wrong = write(tmp_path, "lora_unet_mid_block_attentions_0_proj_in", torch.ones(3, 3))
    lora = open_lora(wrong)
    second = {"lora_te2_text_model_encoder_layers_0_mlp_fc9.lora_up.weight": torch.ones(1, 1)}
    with pytest.raises(CheckpointError, match=said):
        apply_lora(replace(lora, tensors={**lora.tensors, **second}), checkpoints[family].model, None)
