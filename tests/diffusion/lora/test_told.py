"""What LoRA files are made for, from names and shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diffusion.checkpoints.header import header_of
from diffusion.lora.told import Told, read_told
from tests.diffusion.checkpoints.stripped import header


def told(shapes: dict[str, list[int]]) -> Told | None:
    tensors: dict[str, Any] = {name: ("F16", shape) for name, shape in shapes.items()}
    return read_told(header_of(Path("a.safetensors"), tensors).tensors)


def pair(layer: str, inputs: int, outputs: int = 64, rank: int = 16, *, dotted: bool = False) -> dict[str, list[int]]:
    down, up = (".lora_A.weight", ".lora_B.weight") if dotted else (".lora_down.weight", ".lora_up.weight")
    return {layer + down: [rank, inputs], layer + up: [outputs, rank]}


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        (pair("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 768), "Stable Diffusion 1"),
        (
            pair("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k", 1024, dotted=True),
            "Stable Diffusion 2",
        ),
        (pair("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_v", 2048), "Stable Diffusion XL"),
        (pair("lora_te2_text_model_encoder_layers_0_mlp_fc1", 1280), "Stable Diffusion XL"),
        (pair("lora_unet_double_blocks_0_img_attn_qkv", 3072), "Flux.1"),
        (pair("lora_unet_single_blocks_0_linear1", 3072, 7 * 3072), "Flux.1"),
        (pair("diffusion_model.single_blocks.0.linear1", 3072, 9 * 3072, dotted=True), "Flux.2"),
        (pair("diffusion_model.double_blocks.0.img_attn.qkv", 6144, dotted=True), "Flux.2"),
        (pair("transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj", 3072, dotted=True), "Flux.2"),
        (pair("transformer.single_transformer_blocks.0.attn.to_q", 3072, dotted=True), "Flux.1"),
        (pair("transformer_blocks.0.img_mlp.net.2", 12288, dotted=True), "Qwen-Image"),
        (pair("diffusion_model.layers.0.attention.qkv", 3840, dotted=True), "Z-Image"),
        (pair("diffusion_model.joint_blocks.0.x_block.attn.qkv", 1536, dotted=True), "Stable Diffusion 3"),
        (pair("diffusion_model.blocks.0.self_attn.q", 1536, dotted=True), "Wan"),
        (pair("something.else", 8), ""),
    ],
)
def test_the_family_is_told_by_names_and_sizes(shapes: dict[str, list[int]], family: str) -> None:
    found = told(shapes)
    assert found is not None
    assert found.family == family
    assert "rank 16" in found.details


@pytest.mark.parametrize(
    ("shapes", "details"),
    [
        ({**pair("a", 8, rank=4), **pair("b", 8, rank=32)}, ("ranks 4 to 32",)),
        ({"a.hada_w1_a": [8, 4], "a.hada_w1_b": [4, 8]}, ("rank 4", "LoHa")),
        ({"a.lokr_w1": [4, 4], "a.lokr_w2": [4, 4]}, ("LoKr",)),
        ({**pair("a", 8), "a.dora_scale": [8, 1]}, ("rank 16", "DoRA")),
        ({"a.diff": [8, 8]}, ("differences of whole weights",)),
        ({"a.oft_blocks": [2, 4, 4]}, ("OFT, which is not supported",)),
        (pair("lora_te_text_model_encoder_layers_0_mlp_fc1", 8), ("rank 16", "text encoders too")),
    ],
)
def test_rank_and_form_are_told(shapes: dict[str, list[int]], details: tuple[str, ...]) -> None:
    found = told(shapes)
    assert found is not None
    assert found.details == details


def test_what_is_no_lora_is_none() -> None:
    assert read_told(header("vae").tensors) is None
