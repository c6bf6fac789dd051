"""Flux.2: tiny models in the layout of Black Forest Labs compute what diffusers' and transformers' own classes do."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from diffusion import vae as work
from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.families import flux2
from diffusion.checkpoints.fill import check_shapes
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import load_clip, load_diffusion_model, load_vae
from diffusion.checkpoints.networks.flux2 import Flux2Sizes, flux2_part
from diffusion.checkpoints.networks.mistral import mistral_part
from diffusion.checkpoints.networks.qwen3 import qwen3_part
from diffusion.checkpoints.together import family_for
from diffusion.checkpoints.vaes import find_vae
from diffusion.conditioning import Cond
from diffusion.errors import CheckpointError
from diffusion.guidance import guide
from diffusion.models import Model
from diffusion.preview import preview
from tests.diffusion.checkpoints.stripped import header
from tests.diffusion.checkpoints.test_flux import random, rows_differ
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import random_part, state_of
from tests.tiny_flux2 import FLUX2, MISTRAL, QWEN, VAE, vae_part, write_flux2

SIGMA = torch.tensor([0.7])
ROWS, COLUMNS = 3, 5


def load(sizes: Flux2Sizes, folder: Path) -> Model:
    return load_diffusion_model(write_state(folder / "flux2.safetensors", state_of(flux2_part(sizes, ""))))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(FLUX2, tmp_path_factory.mktemp("flux2"))


def prompt(tokens: int = 7, **extras: Any) -> Cond:
    return Cond(random(1, tokens, FLUX2.context_width), extras=extras)


@torch.no_grad()
def denoised(model: Model, x: Tensor, cond: Cond) -> Tensor:
    return guide(model, (cond,), (), x.shape, 1.0)(x, SIGMA)


@torch.no_grad()
def own_denoised(
    sizes: Flux2Sizes, x: Tensor, context: Tensor, references: tuple[Tensor, ...] = (), guidance: float = 3.5
) -> Tensor:
    """Do what Flux2Pipeline does of one step; diffusers' last norm has the scale first."""
    from diffusers import Flux2Pipeline, Flux2Transformer2DModel

    ours = random_part(flux2_part(sizes, ""))
    own = Flux2Transformer2DModel(**{key: value for key, value in ours.config.items() if not key.startswith("_")})
    state = ours.state_dict()
    state["norm_out.linear.weight"] = torch.cat(state["norm_out.linear.weight"].chunk(2)[::-1])
    own.load_state_dict(state)
    places = [Flux2Pipeline._prepare_latent_ids(x)]
    places += [Flux2Pipeline._prepare_image_ids([each[0] for each in references])] if references else []
    output = own.eval()(
        torch.cat([Flux2Pipeline._pack_latents(each) for each in (x, *references)], dim=1),
        encoder_hidden_states=context,
        timestep=SIGMA,
        img_ids=torch.cat(places, dim=1),
        txt_ids=Flux2Pipeline._prepare_text_ids(context),
        guidance=torch.tensor([guidance]) if sizes.has_guidance else None,
    ).sample[:, : x.shape[2] * x.shape[3]]
    return x - SIGMA * output.transpose(1, 2).reshape(x.shape)


@pytest.mark.parametrize("has_guidance", [True, False], ids=["dev", "klein"])
def test_the_denoised_latent_is_that_of_diffusers(has_guidance: bool, tmp_path: Path) -> None:
    sizes, x, cond = FLUX2._replace(has_guidance=has_guidance), random(1, 128, ROWS, COLUMNS), prompt(512)
    expected = own_denoised(sizes, x, cond.embedding)
    torch.testing.assert_close(denoised(load(sizes, tmp_path), x, cond), expected, atol=1e-4, rtol=0)


def test_references_are_more_tokens_ten_pictures_apart(model: Model) -> None:
    x, references = random(1, 128, ROWS, COLUMNS), (random(1, 128, 2, 2, seed=5), random(1, 128, 1, 3, seed=6))
    cond = prompt(512, reference_latents=references, guidance=2.0)
    expected = own_denoised(FLUX2, x, cond.embedding, references, guidance=2.0)
    torch.testing.assert_close(denoised(model, x, cond), expected, atol=1e-4, rtol=0)


def test_shorter_prompts_get_zeros_before_them(model: Model) -> None:
    x, cond = random(1, 128, ROWS, COLUMNS), prompt()
    full = torch.cat((torch.zeros(1, 505, FLUX2.context_width), cond.embedding), dim=1)
    torch.testing.assert_close(denoised(model, x, cond), denoised(model, x, Cond(full)))


def test_no_guidance_is_another_thing_than_some(model: Model) -> None:
    x = random(1, 128, ROWS, COLUMNS)
    none, some = (denoised(model, x, prompt(512, guidance=guidance)) for guidance in (None, 1.0))
    assert not torch.allclose(none, some, atol=1e-3)


@pytest.mark.parametrize(("name", "tensors"), [("flux2_dev", 299), ("flux2_klein_4b", 149), ("flux2_klein_9b", 201)])
def test_all_tensors_are_the_rows_that_diffusers_takes(name: str, tensors: int) -> None:
    from diffusers.loaders.single_file_utils import convert_flux2_transformer_checkpoint_to_diffusers

    seen = header(f"flux2/{name}")
    assert len(seen.tensors) == tensors
    backbone = flux2.FAMILY.read(seen, "")
    with torch.device("meta"):
        module = backbone.part.build()
    keys = backbone.part.keys(module)
    assert rows_differ(seen, module, keys, convert_flux2_transformer_checkpoint_to_diffusers) == []
    encoders = {"flux2_dev": 5120, "flux2_klein_4b": 2560, "flux2_klein_9b": 4096}
    assert flux2.TEXTS.joiner.width({"any": encoders[name]}) == backbone.context_width


def own_vae() -> Any:
    """Return diffusers' own autoencoder with the weights of the file."""
    from diffusers import AutoencoderKLFlux2

    ours = random_part(vae_part())
    own = AutoencoderKLFlux2(
        block_out_channels=VAE.encoder.channels,
        decoder_block_out_channels=VAE.decoder_channels,
        layers_per_block=1,
        norm_num_groups=8,
    )
    own.load_state_dict({**ours.state_dict(), "bn.num_batches_tracked": torch.tensor(0)})
    return own.eval()


@pytest.mark.parametrize("quant_inside", [False, True])
def test_the_vae_packs_and_norms_as_flux2s_pipeline_does(quant_inside: bool, tmp_path: Path) -> None:
    from diffusers import Flux2Pipeline

    own = own_vae()
    vae = load_vae(write_state(tmp_path / "vae.safetensors", state_of(vae_part(quant_inside=quant_inside))))
    assert (vae.latent_format.channels, vae.latent_format.spatial_downscale) == (128, 16)
    image = random(1, 32, 48, 3).sigmoid()
    mean = own.bn.running_mean.view(1, -1, 1, 1)
    deviation = (own.bn.running_var.view(1, -1, 1, 1) + own.config.batch_norm_eps).sqrt()
    with torch.no_grad():
        raw = own.encode(image.movedim(-1, 1) * 2 - 1).latent_dist.mode()
        expected = (Flux2Pipeline._patchify_latents(raw) - mean) / deviation
        samples = work.encode(vae, image)
        torch.testing.assert_close(samples, expected, atol=1e-4, rtol=0)
        pixels = own.decode(Flux2Pipeline._unpatchify_latents(samples * deviation + mean)).sample
    torch.testing.assert_close(
        work.decode(vae, samples), (pixels.movedim(1, -1) / 2 + 0.5).clamp(0, 1), atol=1e-4, rtol=0
    )


def test_the_real_vae_is_known_by_its_header() -> None:
    seen = header("../vaes/flux2")
    found = find_vae(seen)
    assert found is not None
    assert (found.latent_format.channels, found.latent_format.spatial_downscale) == (128, 16)
    with torch.device("meta"):
        module = found.part.build()
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    check_shapes(seen, shapes, found.part.keys(module))
    assert seen.tensors.keys() - set(found.part.keys(module).values()) == {"bn.num_batches_tracked"}


def test_previews_show_the_cells_that_are_packed() -> None:
    latent = torch.zeros(1, 128, 2, 3)
    latent[:, 3 * 4 + 1, 0, 0] = 2.0  # of channel 3 the cell on the right
    picture = preview(latent, flux2.LATENTS)
    assert picture.size == (6, 4)
    shown = {(x, y) for x in range(6) for y in range(4) if picture.getpixel((x, y)) != picture.getpixel((5, 3))}
    assert shown == {(1, 0)}


@torch.no_grad()
def test_klein_stacks_three_states_of_qwen3(tmp_path: Path) -> None:
    from transformers import Qwen3Model

    files = write_flux2(tmp_path)
    clip = load_clip((files.text,), "flux2")
    cond = clip.encode("a cat")
    assert cond.embedding.shape == (1, 512, FLUX2.context_width)
    ids = torch.tensor([clip.encoders[0].reader.ids("a cat")])  # type: ignore[attr-defined]
    ours = random_part(qwen3_part(QWEN, "model."))
    own = Qwen3Model(ours.config)
    own.load_state_dict(ours.state_dict())
    count = int((ids != 151_643).sum())
    states = own.eval()(ids[:, :count], output_hidden_states=True).hidden_states
    expected = torch.cat([states[layer] for layer in (9, 18, 27)], dim=-1)
    torch.testing.assert_close(cond.embedding[:, :count], expected, atol=1e-4, rtol=1e-4)


def tekken() -> bytes:
    """Return a tokenizer of single bytes in the form of Mistral's."""
    vocabulary = [{"rank": byte, "token_bytes": base64.b64encode(bytes([byte])).decode()} for byte in range(256)]
    marks = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"]
    return json.dumps(
        {
            "config": {"default_num_special_tokens": 1000, "default_vocab_size": 1256},
            "vocab": vocabulary,
            "special_tokens": [{"rank": rank, "token_str": mark} for rank, mark in enumerate(marks)],
        }
    ).encode()


def write_mistral(path: Path, tensors: dict[str, Tensor]) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


@torch.no_grad()
def test_dev_stacks_three_states_of_mistral_whose_tokenizer_lies_in_its_file(tmp_path: Path) -> None:
    from transformers import MistralModel

    state = state_of(mistral_part(MISTRAL, "model."))
    book = torch.frombuffer(bytearray(tekken()), dtype=torch.uint8)
    clip = load_clip((write_mistral(tmp_path / "mistral.safetensors", {**state, "tekken_model": book}),), "flux2")
    cond = clip.encode("a cat")
    ids = clip.encoders[0].reader.ids("a cat")  # type: ignore[attr-defined]
    assert (ids[0], ids[1], ids[-1]) == (1, 5, 4)
    assert bytes(number - 1000 for number in ids[-6:-1]) == b"a cat"
    assert len(clip.encoder.layers) == 30  # type: ignore[arg-type]  # the last are not used
    own = MistralModel(random_part(mistral_part(MISTRAL, "model.")).config)
    own.load_state_dict({name.removeprefix("model."): tensor for name, tensor in state.items()}, strict=False)
    states = own.eval()(torch.tensor([ids]), output_hidden_states=True).hidden_states
    expected = torch.cat([states[layer] for layer in (10, 20, 30)], dim=-1)
    torch.testing.assert_close(cond.embedding, expected, atol=1e-4, rtol=1e-4)


def test_a_mistral_without_a_tokenizer_says_where_one_belongs(tmp_path: Path) -> None:
    path = write_mistral(tmp_path / "mistral.safetensors", state_of(mistral_part(MISTRAL, "model.")))
    assert encoder_alone(read_header(path))[0] == "mistral3_24b"
    with pytest.raises(CheckpointError, match=r"mistral\.safetensors: the tokenizer of Mistral is missing"):
        load_clip((path,), "flux2")


def test_it_takes_one_text_encoder_and_no_more() -> None:
    kinds = ("mistral3_24b", "qwen3_4b", "qwen3_8b")
    assert all(flux2.TEXTS.fits(frozenset({kind})) for kind in kinds)
    assert not flux2.TEXTS.fits(frozenset(kinds[:2]))
    assert not flux2.TEXTS.fits(frozenset())
    assert not flux2.TEXTS.fits(frozenset({"t5xxl"}))
    assert family_for("flux2", [("a", "qwen3_4b")]).name == "flux2"
    assert family_for("stable_diffusion", [("a", "qwen3_4b")]).name == "z_image"  # which has no other
    with pytest.raises(CheckpointError, match=r"Flux\.2 takes Mistral Small 3 or Qwen3 4B or Qwen3 8B"):
        family_for("flux2", [("a", "qwen3_4b"), ("b", "qwen3_8b")])
