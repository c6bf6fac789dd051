"""LoRAs of Flux: names of Black Forest Labs, kohya and diffusers mean the same weights, however layers are put together."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.load import load_clip, load_diffusion_model
from diffusion.checkpoints.networks.flux import flux_part
from diffusion.checkpoints.networks.flux2 import flux2_part
from diffusion.errors import CheckpointError
from diffusion.lora import apply_lora, open_lora
from diffusion.lora.entry import Entry
from diffusion.lora.names import names_for
from diffusion.lora.read import FORMS
from diffusion.models import Model
from tests.diffusion.lora.test_lora import rand, write
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import FLUX, state_of, write_flux
from tests.tiny_flux2 import FLUX2

WIDTH = FLUX.width
QKV, LINEAR1 = "double_blocks.1.txt_attn.qkv", "single_blocks.0.linear1"
DOUBLE, SINGLE = "transformer_blocks.1.attn", "single_transformer_blocks.0"
PARTS = {  # of the file's layers: their tensors here, in order
    QKV: [f"{DOUBLE}.add_q_proj", f"{DOUBLE}.add_k_proj", f"{DOUBLE}.add_v_proj"],
    LINEAR1: [f"{SINGLE}.attn.to_q", f"{SINGLE}.attn.to_k", f"{SINGLE}.attn.to_v", f"{SINGLE}.proj_mlp"],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("flux") / "flux.safetensors"
    return load_diffusion_model(write_state(path, state_of(flux_part(FLUX, ""))))


def merged(model: Model, layers: list[str], leaf: str = "weight") -> Tensor:
    """Return layers with their changes, put together as files have them."""
    tensors = {**model.backbone.state_dict(), **{name: each.data for name, each in model.overlay.tensors().items()}}
    return torch.cat([tensors[f"{layer}.{leaf}"] for layer in layers])


def changed(model: Model, folder: Path, file: dict[str, Tensor], strength: float = 1.0) -> Model:
    found, _ = apply_lora(open_lora(write(folder, file)), model, None, strength)
    assert found is not None
    return found


@pytest.mark.parametrize("form", ["diffusion_model.{}", "lora_unet_{}"])
@pytest.mark.parametrize("layer", PARTS)
def test_a_layer_of_several_is_changed_as_a_whole(model: Model, tmp_path: Path, layer: str, form: str) -> None:
    name = form.format(layer.replace(".", "_") if form.startswith("lora_unet") else layer)
    before = merged(model, PARTS[layer])
    up, down = rand(len(before), 2), rand(2, before.shape[1])
    file = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down, f"{name}.alpha": torch.tensor(1.0)}
    after = merged(changed(model, tmp_path, file, 0.6), PARTS[layer])
    torch.testing.assert_close(after, before + 0.6 * 0.5 * (up @ down))


@pytest.mark.parametrize("form", ["transformer.{}", "{}", "lycoris_{}", "lora_transformer_{}"])
def test_diffusers_names_mean_one_tensor(model: Model, tmp_path: Path, form: str) -> None:
    layer = PARTS[QKV][1]
    name = form.format(layer.replace(".", "_") if form.endswith("_{}") else layer)
    up, down = rand(WIDTH, 2), rand(2, WIDTH)
    found = changed(model, tmp_path, {f"{name}.lora_B.weight": up, f"{name}.lora_A.weight": down})
    assert set(found.overlay.tensors()) == {f"{layer}.weight"}
    torch.testing.assert_close(merged(found, [layer]), merged(model, [layer]) + up @ down)


def test_every_layer_of_the_file_has_a_name(model: Model) -> None:
    names = names_for("flux", model.backbone)
    assert names is not None
    reached = {share.name for shares in names.shares.values() for share in shares} | set(names.aliases.values())
    assert set(model.backbone.state_dict()) <= reached
    original = (key.removesuffix(".weight") for key in state_of(flux_part(FLUX, "", "weight")))
    assert all(f"lora_unet_{key.replace('.', '_')}" in names.aliases for key in original)


def test_the_last_norm_has_its_halves_the_other_way_round_in_diffusers(model: Model, tmp_path: Path) -> None:
    difference = rand(2 * WIDTH, WIDTH)
    scale_first = changed(model, tmp_path, {"transformer.norm_out.linear.diff": difference})
    shift_first = changed(
        model, tmp_path, {"diffusion_model.final_layer.adaLN_modulation.1.diff": torch.cat(difference.chunk(2)[::-1])}
    )
    assert torch.equal(merged(scale_first, ["norm_out.linear"]), merged(shift_first, ["norm_out.linear"]))
    torch.testing.assert_close(
        merged(shift_first, ["norm_out.linear"]),
        merged(model, ["norm_out.linear"]) + torch.cat(difference.chunk(2)[::-1]),
    )


@pytest.mark.parametrize(
    "tensors",
    [
        {".diff": rand(3 * WIDTH, WIDTH), ".diff_b": rand(3 * WIDTH)},
        {".set_weight": rand(3 * WIDTH, WIDTH)},
        {".lokr_w1": rand(4, 4), ".lokr_w2": rand(3 * WIDTH // 4, WIDTH // 4)},
        {
            ".lora_up.weight": rand(3 * WIDTH, 2),
            ".lora_down.weight": rand(2, WIDTH),
            ".dora_scale": rand(3 * WIDTH, 1).abs(),
        },
    ],
    ids=["difference", "whole weight", "lokr", "dora"],
)
def test_every_form_is_shared_as_it_would_change_the_whole(
    model: Model, tmp_path: Path, tensors: dict[str, Tensor]
) -> None:
    """The same file on a layer that is not split."""
    change = next(found for found in (read(Entry(tensors)) for read in FORMS) if found is not None)
    before = merged(model, PARTS[QKV])
    after = changed(model, tmp_path, {f"diffusion_model.{QKV}{suffix}": each for suffix, each in tensors.items()})
    torch.testing.assert_close(merged(after, PARTS[QKV]), change.apply(before, 1.0))
    if ".diff_b" in tensors:
        expected = merged(model, PARTS[QKV], "bias") + tensors[".diff_b"]
        torch.testing.assert_close(merged(after, PARTS[QKV], "bias"), expected)


def test_a_part_of_a_fused_layer_may_be_named(model: Model, tmp_path: Path) -> None:
    difference = rand(3 * WIDTH, WIDTH)
    found = changed(model, tmp_path, {f"diffusion_model.{LINEAR1}_qkv.diff": difference})
    torch.testing.assert_close(merged(found, PARTS[LINEAR1][:3]), merged(model, PARTS[LINEAR1][:3]) + difference)
    assert torch.equal(merged(found, PARTS[LINEAR1][3:]), merged(model, PARTS[LINEAR1][3:]))


def test_what_cannot_be_shared_or_does_not_fit_is_told(model: Model, tmp_path: Path) -> None:
    name = f"diffusion_model.{QKV}"
    factors = {f"{name}.lora_up.weight": rand(3 * WIDTH, 2), f"{name}.lora_down.weight": rand(2, WIDTH)}
    with pytest.raises(CheckpointError, match="cannot be shared"):
        changed(model, tmp_path, {**factors, f"{name}.dora_scale": rand(1, WIDTH)})
    with pytest.raises(CheckpointError, match=f"made for {WIDTH} x {WIDTH}, the layer has {3 * WIDTH} x {WIDTH}"):
        changed(model, tmp_path, {f"{name}.diff": rand(WIDTH, WIDTH)})


@pytest.mark.parametrize("form", ["diffusion_model.single_blocks.1.linear1", "transformer.{}"])
def test_flux2s_fused_layers_stay_what_they_are(tmp_path: Path, form: str) -> None:
    path = write_state(tmp_path / "flux2.safetensors", state_of(flux2_part(FLUX2, "")))
    model = load_diffusion_model(path)
    layer = "single_transformer_blocks.1.attn.to_qkv_mlp_proj"
    rows, columns = model.backbone.get_parameter(f"{layer}.weight").shape
    found = changed(model, tmp_path, {f"{form.format(layer)}.diff": rand(rows, columns)})
    torch.testing.assert_close(merged(found, [layer]), merged(model, [layer]) + rand(rows, columns))


@pytest.mark.parametrize(
    "form", ["lora_te2_{}", "lora_te3_{}", "text_encoder_2.{}", "text_encoders.t5xxl.transformer.{}"]
)
def test_t5_and_clip_each_get_their_own(tmp_path: Path, form: str) -> None:
    files = write_flux(tmp_path)
    clip = load_clip((files.clip, files.t5), "flux")
    layers = {
        "l": ("lora_te1_text_model_encoder_layers_0_mlp_fc1", "encoder.layers.0.mlp.fc1.weight"),
        "t5xxl": ("encoder.block.0.layer.0.SelfAttention.q", "block.0.layer.0.SelfAttention.q.weight"),
    }
    t5 = layers["t5xxl"][0]
    names = {"l": layers["l"][0], "t5xxl": form.format(t5.replace(".", "_") if form.startswith("lora") else t5)}
    modules = {encoder.kind: encoder.module for encoder in clip.encoders}
    differences = {kind: rand(*modules[kind].get_parameter(layers[kind][1]).shape) for kind in layers}
    path = write(tmp_path, {f"{names[kind]}.diff": differences[kind] for kind in layers})
    _, found = apply_lora(open_lora(path), None, clip)
    assert found is not None
    for encoder in found.encoders:
        (name, tensor), *rest = encoder.overlay.tensors().items()
        assert (name, rest) == (layers[encoder.kind][1], [])
        expected = modules[encoder.kind].get_parameter(name) + differences[encoder.kind]
        torch.testing.assert_close(tensor.data, expected.data)
