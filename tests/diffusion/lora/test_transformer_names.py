"""LoRAs for Z-Image and Qwen-Image change the layers that they name, by any program's names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.load import load_diffusion_model
from diffusion.lora import apply_lora, open_lora
from diffusion.models import Model
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import tiny_transformer, transformer_state
from tests.tiny_z_image import SIZES, Networks

WIDTH = SIZES.width
QKV = [f"layers.1.attention.{part}" for part in ("to_q", "to_k", "to_v")]
Z_IMAGE_LAYERS = {  # by the name in files
    "layers.0.attention.out": "layers.0.attention.to_out.0",
    "noise_refiner.0.feed_forward.w1": "noise_refiner.0.feed_forward.w1",
    "x_embedder": "all_x_embedder.2-1",
    "final_layer.linear": "all_final_layer.2-1.linear",
}
QWEN_IMAGE_LAYERS = ["transformer_blocks.1.attn.add_q_proj", "transformer_blocks.0.img_mlp.net.2", "img_in"]
DOTTED = ["{}", "transformer.{}", "diffusion_model.{}"]
FLAT = ["lora_unet_{}", "lycoris_{}"]


@pytest.fixture(scope="module")
def z_image(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("z") / "z.safetensors", Networks().state("")))


@pytest.fixture(scope="module")
def qwen_image(tmp_path_factory: pytest.TempPathFactory) -> Model:
    state = transformer_state(tiny_transformer(), "")
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("qwen") / "qwen.safetensors", state))


def rand(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def weights(model: Model, layers: list[str]) -> Tensor:
    """Return the weights of layers with their changes, put together."""
    tensors = {**model.backbone.state_dict(), **{name: each.data for name, each in model.overlay.tensors().items()}}
    return torch.cat([tensors[f"{layer}.weight"] for layer in layers])


def check(model: Model, folder: Path, name: str, layers: list[str]) -> None:
    """Hold that a file for a name changes these layers, together, and no others."""
    before = weights(model, layers)
    up, down = rand(len(before), 2), rand(2, before.shape[1])
    file = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down, f"{name}.alpha": torch.tensor(1.0)}
    found, _ = apply_lora(open_lora(write_state(folder / "lora.safetensors", file)), model, None, 0.6)
    assert found is not None
    assert set(found.overlay.tensors()) == {f"{layer}.weight" for layer in layers}
    torch.testing.assert_close(weights(found, layers), before + 0.6 * 0.5 * (up @ down))


def spelled(form: str, layer: str) -> str:
    return form.format(layer if form in DOTTED else layer.replace(".", "_"))


@pytest.mark.parametrize("form", DOTTED + FLAT)
def test_z_images_layers_go_by_two_names(z_image: Model, tmp_path: Path, form: str) -> None:
    for original, own in Z_IMAGE_LAYERS.items():
        check(z_image, tmp_path, spelled(form, original), [own])
        check(z_image, tmp_path, spelled(form, own), [own])


@pytest.mark.parametrize("form", DOTTED + FLAT)
def test_z_images_attention_is_changed_as_a_whole_or_in_parts(z_image: Model, tmp_path: Path, form: str) -> None:
    check(z_image, tmp_path, spelled(form, "layers.1.attention.qkv"), QKV)
    for part in QKV:
        check(z_image, tmp_path, spelled(form, part), [part])


@pytest.mark.parametrize("form", DOTTED + FLAT)
@pytest.mark.parametrize("layer", QWEN_IMAGE_LAYERS)
def test_qwen_images_layers_go_by_one_name(qwen_image: Model, tmp_path: Path, form: str, layer: str) -> None:
    check(qwen_image, tmp_path, spelled(form, layer), [layer])
