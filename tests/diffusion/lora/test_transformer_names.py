"""LoRAs for transformers change the layers that they name, by any program's names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.load import load_clip, load_diffusion_model
from diffusion.checkpoints.networks.aura_mmdit import aura_part
from diffusion.checkpoints.networks.mmdit import mmdit_part
from diffusion.checkpoints.original import original_sources
from diffusion.checkpoints.views import as_view
from diffusion.errors import CheckpointError
from diffusion.lora import apply_lora, open_lora
from diffusion.lora.names import names_for
from diffusion.models import Model
from tests.tiny_aura_flow import AURA, write_aura_flow
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import state_of
from tests.tiny_qwen_image import tiny_transformer, transformer_state
from tests.tiny_sd3 import SD35_MEDIUM, text_parts
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
SD3_LAYERS = {  # by the name in files
    "joint_blocks.0.x_block.attn.qkv": [f"transformer_blocks.0.attn.{part}" for part in ("to_q", "to_k", "to_v")],
    "joint_blocks.2.context_block.attn.qkv": [
        f"transformer_blocks.2.attn.{part}" for part in ("add_q_proj", "add_k_proj", "add_v_proj")
    ],
    "joint_blocks.1.x_block.attn2.qkv": [f"transformer_blocks.1.attn2.{part}" for part in ("to_q", "to_k", "to_v")],
    "joint_blocks.1.context_block.attn.proj": ["transformer_blocks.1.attn.to_add_out"],
    "joint_blocks.2.x_block.mlp.fc1": ["transformer_blocks.2.ff.net.0.proj"],
    "context_embedder": ["context_embedder"],
}
AURA_LAYERS = {
    "double_layers.0.attn.w1q": "joint_transformer_blocks.0.attn.add_q_proj",
    "double_layers.0.mlpX.c_fc1": "joint_transformer_blocks.0.ff.linear_1",
    "single_layers.1.attn.w1o": "single_transformer_blocks.1.attn.to_out.0",
    "cond_seq_linear": "context_embedder",
}
SHIFT_FIRST = {  # in files, where diffusers has the scale first: by the name in files
    "sd3": {
        "final_layer.adaLN_modulation.1": "norm_out.linear",
        "joint_blocks.2.context_block.adaLN_modulation.1": "transformer_blocks.2.norm1_context.linear",
    },
    "aura_flow": {"modF.1": "norm_out.linear"},
}
DOTTED = ["{}", "transformer.{}", "diffusion_model.{}"]
FLAT = ["lora_unet_{}", "lycoris_{}"]


@pytest.fixture(scope="module")
def z_image(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("z") / "z.safetensors", Networks().state("")))


@pytest.fixture(scope="module")
def qwen_image(tmp_path_factory: pytest.TempPathFactory) -> Model:
    state = transformer_state(tiny_transformer(), "")
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("qwen") / "qwen.safetensors", state))


@pytest.fixture(scope="module")
def sd3(tmp_path_factory: pytest.TempPathFactory) -> Model:
    state = state_of(mmdit_part(SD35_MEDIUM, ""))
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("sd3") / "sd3.safetensors", state))


@pytest.fixture(scope="module")
def aura_flow(tmp_path_factory: pytest.TempPathFactory) -> Model:
    state = state_of(aura_part(AURA, ""))
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("aura") / "aura.safetensors", state))


@pytest.fixture(params=["sd3", "aura_flow", "qwen_image", "z_image"])
def model(request: pytest.FixtureRequest) -> Model:
    found: Model = request.getfixturevalue(request.param)
    return found


def rand(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def weights(model: Model, layers: list[str]) -> Tensor:
    """Return the weights of layers with their changes, put together."""
    tensors = {**model.backbone.state_dict(), **{name: each.data for name, each in model.overlay.tensors().items()}}
    return torch.cat([tensors[f"{layer}.weight"] for layer in layers])


def changed(model: Model, folder: Path, file: dict[str, Tensor], strength: float = 1.0) -> Model:
    path = folder / f"{len(list(folder.iterdir()))}.safetensors"
    found, _ = apply_lora(open_lora(write_state(path, file)), model, None, strength)
    assert found is not None
    return found


def check(model: Model, folder: Path, name: str, layers: list[str]) -> None:
    """Hold that a file for a name changes these layers, together, and no others."""
    before = weights(model, layers)
    up, down = rand(len(before), 2), rand(2, before.shape[1])
    file = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down, f"{name}.alpha": torch.tensor(1.0)}
    found = changed(model, folder, file, 0.6)
    assert set(found.overlay.tensors()) == {f"{layer}.weight" for layer in layers}
    torch.testing.assert_close(weights(found, layers), before + 0.6 * 0.5 * (up @ down))


def spelled(form: str, layer: str) -> str:
    return form.format(layer.replace(".", "_") if form.endswith("_{}") else layer)


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


@pytest.mark.parametrize("form", [*DOTTED, *FLAT, "base_model.model.{}"])
def test_sd3s_attention_is_changed_as_a_whole_or_in_parts(sd3: Model, tmp_path: Path, form: str) -> None:
    for original, own in SD3_LAYERS.items():
        check(sd3, tmp_path, spelled(form, original), own)
        for part in own:
            check(sd3, tmp_path, spelled(form, part), [part])


def test_three_pairs_of_peft_change_what_one_of_kohya_does(sd3: Model, tmp_path: Path) -> None:
    original, own = next(iter(SD3_LAYERS.items()))
    down, ups = rand(2, SD35_MEDIUM.width), rand(3 * SD35_MEDIUM.width, 2).chunk(3)
    pairs = {f"transformer.{part}.lora_B.weight": up for part, up in zip(own, ups, strict=True)}
    pairs |= {f"transformer.{part}.lora_A.weight": down.clone() for part in own}
    fused = {
        f"lora_unet_{original.replace('.', '_')}.lora_up.weight": torch.cat(ups),
        f"lora_unet_{original.replace('.', '_')}.lora_down.weight": down,
    }
    both = [changed(sd3, tmp_path, file) for file in (pairs, fused)]
    assert not torch.equal(weights(both[0], own), weights(sd3, own))
    torch.testing.assert_close(weights(both[0], own), weights(both[1], own))


@pytest.mark.parametrize("form", DOTTED + FLAT)
def test_aura_flows_layers_go_by_two_names(aura_flow: Model, tmp_path: Path, form: str) -> None:
    for original, own in AURA_LAYERS.items():
        check(aura_flow, tmp_path, spelled(form, original), [own])
        check(aura_flow, tmp_path, spelled(form, own), [own])


@pytest.mark.parametrize("family", SHIFT_FIRST)
def test_diffusers_halves_of_last_norms_are_the_other_way_round(
    request: pytest.FixtureRequest, tmp_path: Path, family: str
) -> None:
    model: Model = request.getfixturevalue(family)
    for original, own in SHIFT_FIRST[family].items():
        difference = rand(*model.backbone.get_parameter(f"{own}.weight").shape)
        turned = torch.cat(difference.chunk(2)[::-1])
        scale_first = changed(model, tmp_path, {f"transformer.{own}.diff": difference})
        shift_first = changed(model, tmp_path, {f"diffusion_model.{original}.diff": turned})
        assert torch.equal(weights(scale_first, [own]), weights(shift_first, [own]))
        torch.testing.assert_close(weights(shift_first, [own]), weights(model, [own]) + turned)


def test_every_layer_of_files_has_a_name_and_no_name_means_two(model: Model) -> None:
    sources, names = original_sources(model.family, model.backbone), names_for(model.family, model.backbone)
    assert sources is not None
    assert names is not None
    for own, source in sources.items():
        view = as_view(source)
        targets = {names.aliases[each.removesuffix(".weight")] for each in (own, view.key)}
        meant = {share.name for target in targets for share in names.shares.get(target, ())}
        assert own in targets | meant
        assert "lora_unet_" + view.key.removesuffix(".weight").replace(".", "_") in names.aliases


def test_each_of_sd3s_text_encoders_has_a_number(tmp_path: Path) -> None:
    paths = [write_state(tmp_path / f"{name}.safetensors", state_of(part)) for name, part in text_parts().items()]
    clip = load_clip(paths, "sd3")
    layers = {
        "lora_te1_text_model_encoder_layers_0_mlp_fc1": ("l", "encoder.layers.0.mlp.fc1.weight"),
        "lora_te2_text_model_encoder_layers_0_mlp_fc1": ("g", "encoder.layers.0.mlp.fc1.weight"),
        "lora_te3_encoder_block_0_layer_0_SelfAttention_q": ("t5xxl", "block.0.layer.0.SelfAttention.q.weight"),
    }
    modules = {encoder.kind: dict(encoder.module.named_parameters()) for encoder in clip.encoders}
    named = {kind: next(each for each in modules[kind] if each.endswith(name)) for kind, name in layers.values()}
    file = {f"{key}.diff": rand(*modules[kind][named[kind]].shape) for key, (kind, _) in layers.items()}
    _, found = apply_lora(open_lora(write_state(tmp_path / "lora.safetensors", file)), None, clip)
    assert found is not None
    assert {encoder.kind: list(encoder.overlay.tensors()) for encoder in found.encoders} == {
        kind: [name] for kind, name in named.items()
    }


@pytest.mark.parametrize("form", ["text_encoders.pile_t5xl.transformer.{}", "text_encoders.transformer.{}"])
def test_pile_t5_goes_by_the_names_of_its_file(tmp_path: Path, form: str) -> None:
    write_aura_flow(tmp_path / "models")
    clip = load_clip((tmp_path / "models" / "text_encoders" / "pile.safetensors",), "aura_flow")
    name = "block.1.layer.0.SelfAttention.o.weight"
    before = clip.encoders[0].module.get_parameter(name).data
    difference = rand(*before.shape)
    file = {f"{form.format('encoder.' + name.removesuffix('.weight'))}.diff": difference}
    _, found = apply_lora(open_lora(write_state(tmp_path / "lora.safetensors", file)), None, clip)
    assert found is not None
    torch.testing.assert_close(found.encoders[0].overlay.tensors()[name].data, before + difference)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("transformer.joint_transformer_blocks.9.attn.to_q", "a LoRA for AuraFlow"),
        ("lora_unet_double_blocks_9_img_attn_qkv", "a LoRA for Flux"),
        ("transformer.transformer_blocks.9.attn.to_q", "a LoRA for SD3, Flux or Qwen-Image"),
    ],
)
def test_a_lora_for_another_transformer_is_told_by_name(sd3: Model, tmp_path: Path, key: str, said: str) -> None:
    with pytest.raises(CheckpointError, match=said):
        changed(sd3, tmp_path, {f"{key}.diff": rand(2, 2)})


def test_a_lora_for_another_size_of_the_family_is_not_said_to_be_of_another(sd3: Model, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="made for a model of other sizes"):
        changed(sd3, tmp_path, {"transformer.transformer_blocks.0.attn.to_q.diff": rand(2, 2)})
