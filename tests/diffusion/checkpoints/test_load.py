"""Loading: the networks of the file, mapped and not copied; whatever is wrong with a file is said in a sentence."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.checkpoints import load_checkpoint, load_vae
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import load_clip
from diffusion.errors import CheckpointError
from diffusion.text.readers import clip_tokenizer
from tests.tiny_checkpoint import TinyNetworks, write_state, write_tiny_checkpoint
from tests.tiny_flux import write_flux

OUT = "model.diffusion_model.out.2.weight"


def message(path: Path) -> str:
    """Return why a file is refused."""
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(path)
    assert path.name in str(error.value)
    return str(error.value)


def test_the_networks_compute_what_those_in_the_file_do(tiny_checkpoint: Path) -> None:
    checkpoint, networks = load_checkpoint(tiny_checkpoint), TinyNetworks()
    generator = torch.Generator().manual_seed(0)
    x, context = torch.randn(2, 4, 8, 8, generator=generator), torch.randn(2, 77, 64, generator=generator)
    timestep = torch.tensor([3.5, 900.0])
    expected = networks.unet(x, timestep, context).sample
    torch.testing.assert_close(checkpoint.model.apply(x, timestep, context), expected, atol=0, rtol=0)
    decoded = checkpoint.vae.autoencoder.decode(x).sample
    torch.testing.assert_close(decoded, networks.vae.decode(x).sample, atol=0, rtol=0)
    ids = torch.tensor([clip_tokenizer().pad(clip_tokenizer().encode("a cat"))])
    expected = networks.text(ids).last_hidden_state
    torch.testing.assert_close(checkpoint.clip.encode("a cat").embedding, expected)


def test_handles_say_what_they_are(tiny_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(tiny_checkpoint)
    assert checkpoint.model.family == "sd1"
    assert checkpoint.model.device == torch.device("cpu")
    assert len({checkpoint.model.digest, checkpoint.clip.digest, checkpoint.vae.digest}) == 3
    for module in (checkpoint.model.backbone, checkpoint.clip.encoder, checkpoint.vae.autoencoder):
        assert not module.training
        assert not any(parameter.requires_grad or parameter.is_meta for parameter in module.parameters())


def test_precision_is_kept_or_chosen(tmp_path: Path) -> None:
    path = write_tiny_checkpoint(tmp_path / "half.safetensors", dtype=torch.float16)
    kept, chosen = load_checkpoint(path), load_checkpoint(path, dtype=torch.float32)
    assert (kept.model.dtype, kept.clip.dtype, kept.vae.dtype) == (torch.float16,) * 3
    assert (chosen.model.dtype, chosen.clip.dtype, chosen.vae.dtype) == (torch.float32,) * 3
    assert kept.model.digest != chosen.model.digest


def test_weights_stay_in_the_file(tiny_checkpoint: Path) -> None:
    """All tensors of a network lie in one mapping, as far apart as in the file."""
    parameters = list(load_checkpoint(tiny_checkpoint).model.backbone.parameters())
    addresses = [parameter.data_ptr() for parameter in parameters]
    assert max(addresses) - min(addresses) < tiny_checkpoint.stat().st_size


def test_the_digest_follows_the_content(tmp_path: Path, tiny_checkpoint: Path) -> None:
    first = load_checkpoint(tiny_checkpoint).model.digest
    assert load_checkpoint(tiny_checkpoint).model.digest == first
    other = write_tiny_checkpoint(tmp_path / "other.safetensors", seed=1)
    assert load_checkpoint(other).model.digest != first


@pytest.mark.parametrize(("metadata", "prediction"), [({}, "eps"), ({"modelspec.prediction_type": "v"}, "v")])
def test_the_metadata_say_how_the_output_is_read(metadata: dict[str, str], prediction: str, tmp_path: Path) -> None:
    path = write_tiny_checkpoint(tmp_path / "x.safetensors", metadata=metadata)
    parameterization = load_checkpoint(path).model.parameterization
    x, output, sigma = torch.ones(1, 4, 2, 2), torch.full((1, 4, 2, 2), 0.5), torch.tensor([2.0])
    expected = x - 2.0 * output if prediction == "eps" else x / 5.0 - output * 2.0 / 5.0**0.5
    torch.testing.assert_close(parameterization.to_denoised(output, x, sigma), expected)


def test_old_names_of_the_text_encoder_and_extra_tensors_are_accepted(tmp_path: Path) -> None:
    state = {key.replace(".text_model.", "."): tensor for key, tensor in TinyNetworks().original_state().items()}
    path = write_state(tmp_path / "old.safetensors", {**state, "alphas_cumprod": torch.ones(1000)})
    assert load_checkpoint(path).clip.encode("a cat").embedding.shape == (1, 77, 64)


@pytest.mark.parametrize("prefix", ["first_stage_model.", ""])
def test_a_vae_is_read_with_or_without_its_prefix(prefix: str, tmp_path: Path) -> None:
    state = TinyNetworks().original_state()
    part = {key.replace("first_stage_model.", prefix): t for key, t in state.items() if key.startswith("first_stage")}
    vae = load_vae(write_state(tmp_path / "vae.safetensors", part))
    latent = torch.ones(1, 4, 4, 4)
    torch.testing.assert_close(vae.autoencoder.decode(latent).sample, TinyNetworks().vae.decode(latent).sample)


def test_a_file_without_a_vae_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no VAE is in this file; found 1 tensors"):
        load_vae(write_state(tmp_path / "x.safetensors", {"a": torch.ones(1)}))
    with pytest.raises(CheckpointError, match=r"a diffusion model of the family Flux\.1; load it with UNETLoader"):
        load_vae(write_flux(tmp_path).model)


def test_another_file_in_the_place_of_a_text_encoder_is_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"Found a checkpoint of the family Stable Diffusion 1; load it with LoadCh"
    ):
        load_clip([tiny_checkpoint], "stable_diffusion")
    with pytest.raises(CheckpointError, match=r"Found a VAE alone; load it with VAELoader, from models/vae\."):
        load_clip([write_flux(tmp_path).vae], "stable_diffusion")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in message(tmp_path / "missing.safetensors")
    assert "directory" in message(tmp_path)


@pytest.mark.parametrize("kept", [0, 5, 100, 100_000])
def test_a_file_that_is_cut_off_is_refused(kept: int, tmp_path: Path, tiny_checkpoint: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(tiny_checkpoint.read_bytes()[:kept])
    assert "get it again" in message(path)


def test_the_missing_bytes_are_counted(tmp_path: Path, tiny_checkpoint: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(tiny_checkpoint.read_bytes()[:-1000])
    assert "1,000 of" in message(path)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"a": 3}', b'{"a": {"dtype": "F32"}}', b"\xff\xfe"])
def test_a_damaged_header_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    assert "the header is damaged" in message(path)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"a":' * 100_000])
def test_a_header_nested_without_end_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "deep.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    assert "the header is damaged" in message(path)


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("dtype", "Q7", "b has the unknown type 'Q7'"),
        ("shape", [-2], "b has the shape [-2]"),
        ("shape", "xy", "b has the shape 'xy'"),
        ("shape", [3], "b has 8 bytes; [3] of F32 are 12"),
        ("shape", [10**15], "b has 8 bytes; [1000000000000000] of F32 are 4,000,000,000,000,000"),
        ("data_offsets", [-8, 0], "b lies from -8 to 0"),
        ("data_offsets", [16, 8], "b lies from 16 to 8"),
        ("data_offsets", [0.5, "x"], "b lies from 0.5 to 'x'"),
        ("data_offsets", [4, 12], "b begins at byte 4 and overlaps the tensor before it, which ends at 8"),
        ("data_offsets", [16, 24], "8 of 24 bytes of weights are missing"),
        ("data_offsets", [0, 8], "b begins at byte 0 and overlaps the tensor before it, which ends at 8"),
    ],
)
def test_a_header_that_contradicts_itself_names_the_tensor(field: str, value: Any, part: str, tmp_path: Path) -> None:
    good = {"dtype": "F32", "shape": [2]}
    header = {"a": {**good, "data_offsets": [0, 8]}, "b": {**good, "data_offsets": [8, 16], field: value}}
    text = json.dumps(header).encode()
    path = tmp_path / "wrong.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16))
    assert part in message(path)


@pytest.mark.parametrize(
    ("offsets", "part"),
    [
        ("[8, 16]", "a begins at byte 8 and leaves a gap before it"),
        ("[0, 8]", "8 bytes after the last tensor belong to none"),
    ],
)
def test_bytes_that_belong_to_no_tensor_are_refused(offsets: str, part: str, tmp_path: Path) -> None:
    text = f'{{"a": {{"dtype": "F32", "shape": [2], "data_offsets": {offsets}}}}}'.encode()
    path = tmp_path / "gap.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16))
    assert part in message(path)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"GGUF\x03\0\0\0\x01\0\0\0", "cut off within its header"),
        (pickle.dumps({"a": 1}) + bytes(9), "a pickle file"),
        (b"some text of a reader", "not a safetensors file"),
    ],
)
def test_another_format_under_this_name_is_refused(content: bytes, part: str, tmp_path: Path) -> None:
    path = tmp_path / "page.safetensors"
    path.write_bytes(content)
    assert part in message(path)


def test_weights_stored_as_whole_numbers_are_refused(tmp_path: Path) -> None:
    path = write_tiny_checkpoint(tmp_path / "int.safetensors", dtype=torch.int8)
    assert f"{OUT.replace('out.2', 'input_blocks.0.0')} is stored as I8, expected BF16, F16" in message(path)


@pytest.mark.parametrize("is_zip", [True, False])
def test_pickles_are_refused_unopened(is_zip: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    if is_zip:
        torch.save({"a": torch.ones(1)}, path)
    else:
        path.write_bytes(pickle.dumps({"a": 1}))
    assert "pickle" in message(path)


def test_missing_tensors_are_named(tmp_path: Path) -> None:
    state = TinyNetworks().original_state()
    for key in [key for key in state if ".middle_block.0." in key]:
        del state[key]
    said = message(write_state(tmp_path / "x.safetensors", state))
    assert "model.diffusion_model.middle_block.0.in_layers.0.weight is missing (expected (64,))" in said
    assert "more" in said


def test_a_wrong_shape_is_named(tmp_path: Path) -> None:
    state = TinyNetworks().original_state()
    key = "model.diffusion_model.middle_block.0.in_layers.0.weight"
    said = message(write_state(tmp_path / "x.safetensors", {**state, key: torch.ones(63)}))
    assert f"{key} has the shape (63,), expected (64,)" in said


def test_an_unknown_model_is_explained(tmp_path: Path) -> None:
    said = message(write_state(tmp_path / "x.safetensors", {"blocks.0.weight": torch.ones(1)}))
    assert "Seen: 1 tensors: blocks.0.* (1)." in said


def test_a_header_is_read_without_weights(tiny_checkpoint: Path) -> None:
    header = read_header(tiny_checkpoint)
    assert header.shape(OUT) == (4, 32, 3, 3)
    assert header.shape("nothing") is None
    assert header.nbytes == tiny_checkpoint.stat().st_size
