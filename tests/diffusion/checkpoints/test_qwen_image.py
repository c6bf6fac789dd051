"""Qwen-Image: a tiny model in the original layout computes what diffusers' and transformers' own classes do."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.families.qwen_image import CLEAN_KEY, TEMPLATE, TEMPLATE_FOR_PICTURES, before_message
from diffusion.checkpoints.load import load_checkpoint, load_clip, load_diffusion_model
from diffusion.clip import Clip
from diffusion.conditioning import Conditioning, with_extras
from diffusion.custom_sampling import sample_custom
from diffusion.errors import DiffusionError
from diffusion.forward import SeedNoise
from diffusion.guidance import guide
from diffusion.latent_formats import WAN
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.preview import preview
from diffusion.quantize import Precision
from diffusion.sampling import SamplerChoice, check_channels, sample, sampling_sigmas
from diffusion.text.vocabularies import load_tokenizer
from nodes.qwen_image import EmptyQwenImageLayeredLatentImage
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import (
    LAYERED,
    SIZES,
    text_state,
    tiny_text,
    tiny_transformer,
    tiny_vae_state,
    transformer_state,
)

PROMPTS = ("a photo of a cat", "blurry, and of another length")
SIGMA = 0.7


@pytest.fixture(scope="module")
def own() -> Any:
    """Return diffusers' transformer, with rotary positions of its own."""
    from diffusers import QwenImageTransformer2DModel

    ours = tiny_transformer()
    plain = QwenImageTransformer2DModel.from_config(ours.config).eval()
    plain.load_state_dict(ours.state_dict())
    return plain


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("qwen_image") / "model.safetensors"
    return load_diffusion_model(write_state(path, transformer_state(tiny_transformer(), "model.diffusion_model.")))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = write_state(tmp_path_factory.mktemp("qwen25") / "text.safetensors", text_state(tiny_text(), "model."))
    return load_clip([path], "qwen_image")


@pytest.fixture(scope="module")
def prompts(clip: Clip) -> tuple[Conditioning, Conditioning]:
    positive, negative = ((clip.encode(text),) for text in PROMPTS)
    return positive, negative


def noisy(rows: int, columns: int, batch: int = 1, seed: int = 1) -> Tensor:
    return torch.randn(batch, 16, rows, columns, generator=torch.Generator().manual_seed(seed))


def packed(latents: Tensor) -> Tensor:
    """Return tokens as diffusers' pipeline packs them."""
    from diffusers import QwenImagePipeline

    tokens: Tensor = QwenImagePipeline._pack_latents(latents, len(latents), 16, *latents.shape[-2:])
    return tokens


def unpacked(tokens: Tensor, rows: int, columns: int) -> Tensor:
    from diffusers import QwenImagePipeline

    latents: Tensor = QwenImagePipeline._unpack_latents(tokens, rows * 8, columns * 8, 8)
    return latents.squeeze(2)


@torch.no_grad()
def flow(own: Any, x: Tensor, embedding: Tensor, references: tuple[Tensor, ...] = (), mask: Any = None) -> Tensor:
    """Return what diffusers' transformer gives, called as its pipelines do."""
    tokens = torch.cat([packed(each) for each in (x, *references)], dim=1)
    shapes = [(1, each.shape[-2] // 2, each.shape[-1] // 2) for each in (x, *references)]
    output = own(
        hidden_states=tokens,
        timestep=torch.full((len(x),), SIGMA),
        encoder_hidden_states=embedding.expand(len(x), -1, -1),
        encoder_hidden_states_mask=mask,
        img_shapes=[shapes] * len(x),
        return_dict=False,
    )[0]
    return unpacked(output[:, : shapes[0][1] * shapes[0][2]], *x.shape[-2:])


def denoised(model: Model, x: Tensor, positive: Conditioning, negative: Conditioning = (), cfg: float = 1.0) -> Tensor:
    with torch.no_grad():
        return guide(model, positive, negative, x.shape, cfg)(x, torch.full((len(x),), SIGMA))


@pytest.mark.parametrize("batch", [1, 2])
def test_the_denoised_latent_is_that_of_diffusers(model: Model, prompts: Any, own: Any, batch: int) -> None:
    x, cfg = noisy(8, 12, batch), 4.0
    outputs = [flow(own, x, side[0].embedding) for side in prompts]
    expected = x - SIGMA * (outputs[1] + cfg * (outputs[0] - outputs[1]))
    torch.testing.assert_close(denoised(model, x, *prompts, cfg), expected, atol=1e-4, rtol=0)
    assert expected.std() > 0.01


def test_reference_pictures_are_more_tokens(model: Model, prompts: Any, own: Any) -> None:
    x, pictures = noisy(12, 8), (noisy(8, 8, seed=2), noisy(4, 8, seed=3))
    shown = with_extras(prompts[0], reference_latents=tuple(WAN.process_out(each.unsqueeze(2)) for each in pictures))
    expected = x - SIGMA * flow(own, x, prompts[0][0].embedding, pictures)
    torch.testing.assert_close(denoised(model, x, shown), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("batch", [1, 2])
def test_layers_lie_behind_each_other_and_the_picture_before_them(prompts: Any, tmp_path: Path, batch: int) -> None:
    """Qwen-Image Layered, called as QwenImageLayeredPipeline does it."""
    from diffusers import QwenImageTransformer2DModel

    ours = tiny_transformer(LAYERED)
    sizes = {name: value for name, value in ours.config.items() if not name.startswith("_")}
    own = QwenImageTransformer2DModel(**{**sizes, "use_layer3d_rope": True}).eval()
    own.load_state_dict(ours.state_dict())
    model = load_diffusion_model(write_state(tmp_path / "layered.safetensors", transformer_state(ours, "")))
    x, picture = torch.stack([noisy(12, 8, batch, seed=seed) for seed in (1, 2, 3)], dim=2), noisy(12, 8, seed=9)
    layers = [x[:, :, layer] for layer in range(3)]
    tokens = torch.cat([packed(each) for each in (*layers, picture.expand(batch, -1, -1, -1))], dim=1)
    output = own(
        hidden_states=tokens,
        timestep=torch.full((batch,), SIGMA),
        encoder_hidden_states=prompts[0][0].embedding.expand(batch, -1, -1),
        img_shapes=[[(1, 6, 4)] * 4] * batch,
        additional_t_cond=torch.zeros(batch, dtype=torch.long),
        return_dict=False,
    )[0]
    found = torch.stack([unpacked(each, 12, 8) for each in output[:, : 3 * 24].chunk(3, dim=1)], dim=2)
    shown = with_extras(prompts[0], reference_latents=(WAN.process_out(picture),))
    torch.testing.assert_close(denoised(model, x, shown), x - SIGMA * found, atol=1e-4, rtol=0)


def test_references_may_be_told_a_time_without_noise(prompts: Any, own: Any, tmp_path: Path) -> None:
    state = {**transformer_state(tiny_transformer(), ""), CLEAN_KEY: torch.zeros(0)}
    model = load_diffusion_model(write_state(tmp_path / "2511.safetensors", state))
    sizes = {name: value for name, value in own.config.items() if not name.startswith("_")}
    clean = type(own)(**{**sizes, "zero_cond_t": True}).eval()
    clean.load_state_dict(own.state_dict())
    x, picture = noisy(8, 8), noisy(8, 8, seed=2)
    shown = with_extras(prompts[0], reference_latents=(WAN.process_out(picture),))
    expected = x - SIGMA * flow(clean, x, prompts[0][0].embedding, (picture,))
    torch.testing.assert_close(denoised(model, x, shown), expected, atol=1e-4, rtol=0)
    plain = with_extras(shown, reference_latents_method="index")
    expected = x - SIGMA * flow(own, x, prompts[0][0].embedding, (picture,))
    torch.testing.assert_close(denoised(model, x, plain), expected, atol=1e-4, rtol=0)


def test_tokens_of_the_prompt_may_be_hidden(model: Model, prompts: Any, own: Any) -> None:
    x, embedding = noisy(8, 8), prompts[0][0].embedding
    mask = torch.ones(1, embedding.shape[1], dtype=torch.long)
    mask[:, -3:] = 0
    expected = x - SIGMA * flow(own, x, embedding, mask=mask)
    masked = denoised(model, x, with_extras(prompts[0], attention_mask=mask))
    torch.testing.assert_close(masked, expected, atol=1e-4, rtol=0)
    assert not torch.allclose(masked, denoised(model, x, prompts[0]), atol=1e-4)


@pytest.mark.parametrize(
    ("precision", "bound"),
    [
        (Precision(torch.bfloat16), 0.05),
        (Precision(torch.float8_e4m3fn, torch.float32), 0.2),
        (Precision(torch.float8_e4m3fn, torch.bfloat16), 0.2),
    ],
    ids=["bfloat16", "8 bits", "8 bits in bfloat16"],
)
def test_fewer_bits_stay_near(model: Model, prompts: Any, tmp_path: Path, precision: Precision, bound: float) -> None:
    path = write_state(tmp_path / "q.safetensors", transformer_state(tiny_transformer(), ""))
    x, picture = noisy(8, 8), WAN.process_out(noisy(8, 8, seed=2))
    shown = with_extras(prompts[0], reference_latents=(picture,))
    exact, rounded = (denoised(each, x, shown) for each in (model, load_diffusion_model(path, precision=precision)))
    assert 0 < (exact - rounded).abs().max() < bound


def test_odd_sides_are_filled_up_from_the_other_end(model: Model, prompts: Any) -> None:
    x = noisy(7, 5)
    filled = torch.cat((x, x[:, :, :1]), dim=2)
    filled = torch.cat((filled, filled[..., :1]), dim=3)
    even = denoised(model, filled, prompts[0])[..., :7, :5]
    torch.testing.assert_close(denoised(model, x, prompts[0]), even)


def test_methods_place_references_apart(model: Model, prompts: Any) -> None:
    x, references = noisy(8, 8), (WAN.process_out(noisy(8, 4, seed=2)), WAN.process_out(noisy(4, 8, seed=3)))
    shown = with_extras(prompts[0], reference_latents=references)
    methods = ("index", "negative_index", "offset", "index_timestep_zero")
    results = [denoised(model, x, with_extras(shown, reference_latents_method=method)) for method in methods]
    for number, result in enumerate(results):
        assert not any(torch.allclose(result, other, atol=1e-6) for other in results[:number])


@torch.no_grad()
def test_the_prompt_is_the_state_behind_the_order_to_describe(clip: Clip) -> None:
    ids = load_tokenizer("qwen").encode(TEMPLATE.replace("{}", PROMPTS[0]), add_special_tokens=False).ids
    encoder: Any = clip.encoder
    whole = encoder(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).last_hidden_state
    encoded = clip.encode(PROMPTS[0])
    torch.testing.assert_close(encoded.embedding, whole[:, 34:], atol=1e-5, rtol=1e-5)  # as QwenImagePipeline drops
    assert not encoded.extras


def test_the_order_for_pictures_is_as_long_as_diffusers_drops() -> None:
    ids = load_tokenizer("qwen").encode(TEMPLATE_FOR_PICTURES.replace("{}", "a cat"), add_special_tokens=False).ids
    assert before_message(ids) == 64  # QwenImageEditPipeline
    assert before_message([1, 2]) == 0


def test_parts_inside_of_a_checkpoint_belong_together(tmp_path: Path) -> None:
    state = transformer_state(tiny_transformer(), "model.diffusion_model.")
    state |= text_state(tiny_text(), "text_encoders.qwen25_7b.transformer.model.")
    state |= {f"vae.{key}": tensor for key, tensor in tiny_vae_state().items()}
    loaded = load_checkpoint(write_state(tmp_path / "whole.safetensors", state))
    assert loaded.model.family == "qwen_image"
    assert loaded.clip.encode_shown("a cat", [torch.rand(1, 56, 56, 3)]).embedding.shape[-1] == SIZES.context_width
    assert loaded.vae.latent_format == loaded.model.latent_format == WAN


@pytest.mark.parametrize("has_frame", [True, False])
def test_sampling_gives_pictures_of_one_frame(model: Model, prompts: Any, has_frame: bool) -> None:
    samples = WAN.process_out(noisy(8, 8, 2))
    latent = Latent(samples.unsqueeze(2) if has_frame else samples, noise_mask=torch.ones(1, 1, 64, 64))
    settings = {"seed": 1, "steps": 2, "cfg": 2.0, "sampler_name": "euler", "scheduler": "simple"}
    sampled = sample(model, *prompts, latent, **settings).samples
    assert sampled.shape == (2, 16, 1, 8, 8)
    sigmas = sampling_sigmas(model.parameterization, "euler", "simple", 2)
    result = sample_custom(
        model, *prompts, latent, noise=SeedNoise(1), sampler=SamplerChoice("euler"), sigmas=sigmas, cfg=2.0
    )
    torch.testing.assert_close(result.output.samples, sampled)
    torch.testing.assert_close(result.denoised.samples, sampled)


def test_a_latent_of_several_frames_is_refused(model: Model) -> None:
    with pytest.raises(DiffusionError, match="has 3 frames"):
        check_channels(torch.zeros(1, 16, 3, 8, 8), model)


def test_areas_and_masks_act_in_every_layer(prompts: Any, tmp_path: Path) -> None:
    state = transformer_state(tiny_transformer(LAYERED), "")
    model = load_diffusion_model(write_state(tmp_path / "layered.safetensors", state))
    x = torch.stack([noisy(8, 8, 2, seed=seed) for seed in (1, 2)], dim=2)
    whole = denoised(model, x, prompts[0])
    mask = torch.ones(2, 8, 8)
    masked = (replace(prompts[0][0], mask=mask, strength=0.5), replace(prompts[0][0], strength=0.25))
    torch.testing.assert_close(denoised(model, x, masked), whole, atol=1e-4, rtol=0)


@pytest.mark.parametrize("layers", [0, 2])
def test_layers_are_sampled_together_within_a_mask(prompts: Any, tmp_path: Path, layers: int) -> None:
    state = transformer_state(tiny_transformer(LAYERED), "")
    model = load_diffusion_model(write_state(tmp_path / "layered.safetensors", state))
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., :32] = 1
    start = EmptyQwenImageLayeredLatentImage(64, 64, layers, 2)
    latent = Latent(start.samples + 0.5, noise_mask=mask)
    settings = {"seed": 1, "steps": 2, "cfg": 2.0, "sampler_name": "euler", "scheduler": "simple"}
    sampled = sample(model, *prompts, latent, **settings).samples
    assert sampled.shape == (2, 16, layers + 1, 8, 8)
    torch.testing.assert_close(sampled[..., 4:], latent.samples[..., 4:], atol=1e-4, rtol=0)
    assert bool(((sampled - latent.samples)[..., :4].abs().amax(dim=(0, 1, 3, 4)) > 0.1).all())  # in every layer
    assert preview(sampled, WAN).size == (8, 8)


def test_noise_levels_are_those_of_flux(model: Model) -> None:
    shift = math.exp(1.15)
    assert len(model.parameterization.sigmas) == 10_000
    assert model.parameterization.percent_to_sigma(0.5) == pytest.approx(shift * 0.5 / (1 + (shift - 1) * 0.5))
