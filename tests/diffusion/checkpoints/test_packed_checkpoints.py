"""Checkpoints with packed weights: every layout loads, computes what the unpacked weights do, and keeps near float32."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from diffusion.checkpoints import load_checkpoint
from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import Checkpoint
from diffusion.checkpoints.outline import read_outline
from diffusion.checkpoints.save import merged_checkpoint
from diffusion.errors import CheckpointError
from diffusion.latents import Latent
from diffusion.lora.changes import Additive, LowRank
from diffusion.overlay import WeightPatch
from diffusion.packed import PackedTensor, packed_in, unpacked
from diffusion.quantize import Precision, Precisions
from diffusion.sampling import sample
from tests.packed_files import LAYOUTS, write_packed
from tests.tiny_checkpoint import TinyNetworks, write_tiny_checkpoint

F32 = torch.float32
X, TIME = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([500.0, 20.0])
CONTEXT = torch.randn(2, 7, 64, generator=torch.Generator().manual_seed(1))
QKV = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packed")
    return {name: write_packed(folder / f"{number}.file", name) for number, name in enumerate(LAYOUTS)}


@torch.no_grad()
def denoise(checkpoint: Checkpoint) -> Tensor:
    return checkpoint.model.apply(X, TIME, CONTEXT)


def unpacked_first(module: nn.Module) -> None:
    """Replace the packed weights of a network by plain ones."""
    for layer, name, weight in list(packed_in(module)):
        layer._parameters[name] = nn.Parameter(unpacked(weight, F32), requires_grad=False)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_packed_network_computes_what_its_unpacked_weights_do(files: dict[str, Path], name: str) -> None:
    packed, plain = (load_checkpoint(files[name], dtype=F32) for _ in range(2))
    for network in (plain.model.backbone, plain.clip.encoder):
        assert any(True for _ in packed_in(network))
        unpacked_first(network)
    assert torch.equal(denoise(packed), denoise(plain))
    assert torch.equal(packed.clip.encode("a (cat:1.2)").embedding, plain.clip.encode("a (cat:1.2)").embedding)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_error_against_float32_is_within_that_of_the_layout(files: dict[str, Path], name: str) -> None:
    with torch.no_grad():
        expected = TinyNetworks().unet(X, TIME, CONTEXT).sample
    error = (denoise(load_checkpoint(files[name], dtype=F32)) - expected).norm() / expected.norm()
    assert LAYOUTS[name].error / 10 < error < LAYOUTS[name].error


@pytest.mark.parametrize("name", LAYOUTS)
def test_weights_stay_packed_and_take_the_bytes_of_the_layout(files: dict[str, Path], name: str) -> None:
    backbone = load_checkpoint(files[name], dtype=F32).model.backbone
    weight = next(each for _, _, each in packed_in(backbone) if tuple(each.shape) == (64, 64))
    assert weight.nbytes * 8 <= LAYOUTS[name].bits * weight.numel() + 8
    assert weight.dtype == F32


@pytest.mark.parametrize("name", ["fp8 scaled, old", "int8", "nvfp4", "Q4_0"])
def test_sampling_with_packed_weights_follows_that_with_plain_ones(files: dict[str, Path], name: str) -> None:
    def sampled(path: Path) -> Tensor:
        checkpoint = load_checkpoint(path, dtype=F32)
        positive, negative = (checkpoint.clip.encode(text) for text in ("a cat", ""))
        latent = Latent(torch.zeros(1, 4, 8, 8))
        settings = {"seed": 1, "steps": 4, "cfg": 2.0, "sampler_name": "euler", "scheduler": "normal"}
        return sample(checkpoint.model, (positive,), (negative,), latent, **settings).samples  # type: ignore[arg-type]

    expected = sampled(write_tiny_checkpoint(files[name].parent / "plain.safetensors"))
    result = sampled(files[name])
    assert (result - expected).norm() / expected.norm() < 2 * LAYOUTS[name].error


def test_a_file_of_8_bits_throughout_stays_so_to_the_last_bias(tmp_path: Path) -> None:
    path = write_tiny_checkpoint(tmp_path / "all.safetensors", dtype=torch.float8_e4m3fn)
    packed, plain = (load_checkpoint(path, dtype=F32) for _ in range(2))
    for network in (plain.model.backbone, plain.clip.encoder, plain.vae.autoencoder):
        assert all(isinstance(each, PackedTensor) for each in network.parameters())
        unpacked_first(network)
    assert torch.equal(denoise(packed), denoise(plain))
    assert torch.equal(packed.clip.encode("a cat").embedding, plain.clip.encode("a cat").embedding)
    decoded = [each.vae.autoencoder.decode(X).sample for each in (packed, plain)]
    assert torch.equal(*decoded)
    assert load_checkpoint(path).model.dtype == torch.bfloat16


def test_what_is_not_chosen_follows_the_file(files: dict[str, Path]) -> None:
    halves = load_checkpoint(files["int8"])  # all that is not packed there is in float16
    assert (halves.model.dtype, halves.vae.dtype) == (torch.float16, torch.float16)
    assert {each.dtype for each in halves.model.backbone.parameters()} == {torch.float16}
    chosen = load_checkpoint(files["int8"], precisions=Precisions(Precision(None, F32), Precision(F32), Precision(F32)))
    assert chosen.model.dtype == F32
    assert {each.dtype for _, _, each in packed_in(chosen.model.backbone)} == {F32}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_lora_changes_a_packed_network_as_an_unpacked_one(files: dict[str, Path], name: str) -> None:
    generator = torch.Generator().manual_seed(2)
    factors = torch.randn(32, 2, generator=generator), torch.randn(2, 32, generator=generator)
    patch = WeightPatch({QKV: Additive(LowRank(*factors), 0.3)}, digest="lora")
    packed, plain = (load_checkpoint(files[name], dtype=F32) for _ in range(2))
    unpacked_first(plain.model.backbone)
    results = [each.model.with_patch(patch).apply(X, TIME, CONTEXT) for each in (packed, plain)]
    assert torch.equal(*results)
    assert not torch.equal(results[0], denoise(packed))
    assert isinstance(packed.model.backbone.get_parameter(QKV), PackedTensor)


@pytest.mark.parametrize("name", ["fp8 e4m3", "nvfp4", "Q8_0"])
def test_what_is_known_before_loading_is_what_loading_gives(files: dict[str, Path], name: str) -> None:
    outline = read_outline(files[name], Precisions.all(F32))["model"][0]
    loaded = load_checkpoint(files[name], dtype=F32).model
    assert outline.digest == loaded.digest

    def shown(module: nn.Module) -> dict[str, tuple[int, torch.dtype, torch.Size]]:
        packed = {id(weight) for _, _, weight in packed_in(module)}
        named = module.named_parameters()
        return {key: (each.nbytes, each.dtype, each.shape) for key, each in named if id(each) in packed}

    assert shown(outline.module) == shown(loaded.backbone) != {}


def test_a_packed_checkpoint_is_saved_unpacked(files: dict[str, Path]) -> None:
    checkpoint = load_checkpoint(files["Q8_0"], dtype=F32)
    saved = merged_checkpoint(checkpoint.model, checkpoint.clip, checkpoint.vae).tensors
    assert not any(isinstance(tensor, PackedTensor) for tensor in saved.values())
    weight = checkpoint.model.backbone.get_parameter(QKV)
    key = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
    assert torch.equal(saved[key], unpacked(weight))


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_known_by_its_header(files: dict[str, Path], name: str) -> None:
    header = read_header(files[name])
    assert detect(header).family.name == "sd1"
    assert header.packed
    assert set(header.tensors) == set(TinyNetworks().original_state())


def test_a_way_of_packing_that_is_not_known_is_named(files: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(files["int8"])
    key = next(key for key in tensors if key.endswith(".comfy_quant"))
    tensors[key] = torch.tensor(list(b'{"format": "convrot_w4a4"}'), dtype=torch.uint8)
    save_file(tensors, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="is stored as convrot_w4a4"):
        load_checkpoint(tmp_path / "other.safetensors")
