"""Flux.1: a tiny model in the layout of Black Forest Labs computes what diffusers' and transformers' own classes do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families import flux
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.load import load_clip, load_diffusion_model, load_vae
from diffusion.checkpoints.networks.flux import FluxSizes, flux_part
from diffusion.checkpoints.views import as_view
from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.guidance import guide
from diffusion.latent_formats import FLUX as FLUX_LATENTS
from diffusion.models import Model
from diffusion.schedules import sigmas_for
from tests.diffusion.checkpoints.stripped import header
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import FLUX, random_part, state_of, write_flux

SIGMA = torch.tensor([0.7])
ROWS, COLUMNS = 6, 8


def load(sizes: FluxSizes, folder: Path) -> Model:
    return load_diffusion_model(write_state(folder / "flux.safetensors", state_of(flux_part(sizes, ""))))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(FLUX, tmp_path_factory.mktemp("flux"))


def own_network(sizes: FluxSizes) -> Any:
    """Return diffusers' own network with the weights of the file; its last norm has the scale first."""
    from diffusers import FluxTransformer2DModel

    ours = random_part(flux_part(sizes, ""))
    own = FluxTransformer2DModel(**{k: v for k, v in ours.config.items() if not k.startswith("_")})
    state = ours.state_dict()
    for name in ("norm_out.linear.weight", "norm_out.linear.bias"):
        state[name] = torch.cat(state[name].chunk(2)[::-1])
    own.load_state_dict(state)
    return own.eval()


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def prompt(**extras: Any) -> Cond:
    return Cond(random(1, 5, FLUX.context_width), random(1, FLUX.pooled_width, seed=2), extras=extras)


@torch.no_grad()
def denoised(model: Model, x: Tensor, cond: Cond) -> Tensor:
    return guide(model, (cond,), (), x.shape, 1.0)(x, SIGMA)


@torch.no_grad()
def own_denoised(sizes: FluxSizes, x: Tensor, cond: Cond, beside: Tensor | None = None, **others: Any) -> Tensor:
    """Do what FluxPipeline does of one step."""
    from diffusers import FluxPipeline

    batch, channels, rows, columns = x.shape
    tokens = FluxPipeline._pack_latents(x, batch, channels, rows, columns)
    places = FluxPipeline._prepare_latent_image_ids(batch, rows // 2, columns // 2, x.device, x.dtype)
    more = others.get("references", [])
    tokens_of = [FluxPipeline._pack_latents(each, 1, *each.shape[1:]) for each in more]
    ids = [FluxPipeline._prepare_latent_image_ids(1, *(side // 2 for side in e.shape[2:]), None, x.dtype) for e in more]
    for number, each in enumerate(ids, start=1):
        each[..., 0] = number
    whole = tokens if beside is None else torch.cat((tokens, beside), dim=2)
    guidance = torch.tensor([others.get("guidance", 3.5)]) if sizes.has_guidance else None
    output = own_network(sizes)(
        torch.cat([whole, *tokens_of], dim=1),
        encoder_hidden_states=cond.embedding,
        pooled_projections=cond.pooled,
        timestep=SIGMA,
        img_ids=torch.cat([places, *ids]),
        txt_ids=torch.zeros(cond.embedding.shape[1], 3),
        guidance=guidance,
    ).sample[:, : tokens.shape[1]]
    return x - SIGMA * FluxPipeline._unpack_latents(output, rows * 8, columns * 8, 8)


@pytest.mark.parametrize("has_guidance", [True, False], ids=["dev", "schnell"])
def test_the_denoised_latent_is_that_of_diffusers(has_guidance: bool, tmp_path: Path) -> None:
    sizes, x = FLUX._replace(has_guidance=has_guidance), random(1, 16, ROWS, COLUMNS)
    torch.testing.assert_close(
        denoised(load(sizes, tmp_path), x, prompt()), own_denoised(sizes, x, prompt()), atol=1e-4, rtol=0
    )


def test_guidance_is_the_prompts(model: Model) -> None:
    x = random(1, 16, ROWS, COLUMNS)
    strong, none = (denoised(model, x, prompt(guidance=guidance)) for guidance in (7.0, None))
    torch.testing.assert_close(strong, own_denoised(FLUX, x, prompt(), guidance=7.0), atol=1e-4, rtol=0)
    assert not torch.allclose(strong, none, atol=1e-3)
    torch.testing.assert_close(denoised(model, x, prompt()), own_denoised(FLUX, x, prompt()), atol=1e-4, rtol=0)


def test_references_are_more_tokens_in_pictures_of_their_own(model: Model) -> None:
    x, raw = random(1, 16, ROWS, COLUMNS), (random(1, 16, 4, 4, seed=5), random(1, 16, 2, 6, seed=6))
    cond = prompt(reference_latents=raw, reference_latents_method="index")
    scaled = [FLUX_LATENTS.process_in(each) for each in raw]
    expected = own_denoised(FLUX, x, cond, references=scaled)
    torch.testing.assert_close(denoised(model, x, cond), expected, atol=1e-4, rtol=0)


def test_prompts_with_other_references_or_methods_do_not_mix(model: Model) -> None:
    x, raw = random(1, 16, ROWS, COLUMNS), (random(1, 16, 4, 4, seed=5), random(1, 16, 4, 4, seed=6))
    first, second = (prompt(reference_latents=raw, reference_latents_method=each) for each in ("index", "uxo"))
    with torch.no_grad():
        together = guide(model, (first,), (second,), x.shape, 3.0)(x, SIGMA)
    alone = [denoised(model, x, each) for each in (first, second)]
    torch.testing.assert_close(together, alone[1] + 3.0 * (alone[0] - alone[1]), atol=1e-4, rtol=0)


def test_a_method_of_another_family_is_refused(model: Model) -> None:
    cond = prompt(reference_latents=(random(1, 16, 4, 4),), reference_latents_method="index_timestep_zero")
    with pytest.raises(DiffusionError, match="offset, index, uxo"):
        denoised(model, random(1, 16, ROWS, COLUMNS), cond)


def test_sides_that_are_no_multiple_of_a_patch_are_filled_up_from_the_other_end(model: Model) -> None:
    x = random(1, 16, 5, 7)
    full = torch.cat((x, x[:, :, :1]), dim=2)
    full = torch.cat((full, full[..., :1]), dim=3)
    expected = denoised(model, full, prompt())[..., :5, :7]
    torch.testing.assert_close(denoised(model, x, prompt()), expected, atol=1e-5, rtol=0)


def test_fill_gets_the_picture_and_a_pixel_of_the_mask_in_each_channel(tmp_path: Path) -> None:
    """The mask is packed as FluxFillPipeline does it."""
    from diffusers import FluxPipeline

    sizes = FLUX._replace(in_channels=384)
    x, picture = random(1, 16, ROWS, COLUMNS), random(1, 16, ROWS, COLUMNS, seed=3)
    mask = (random(1, 1, ROWS * 8, COLUMNS * 8, seed=4) > 0).float()
    pixels = mask[:, 0].view(1, ROWS, 8, COLUMNS, 8).permute(0, 2, 4, 1, 3).reshape(1, 64, ROWS, COLUMNS)
    scaled = FLUX_LATENTS.process_in(picture)
    beside = [FluxPipeline._pack_latents(each, 1, each.shape[1], ROWS, COLUMNS) for each in (scaled, pixels)]
    cond = prompt(concat_latent_image=picture, concat_mask=mask)
    expected = own_denoised(sizes, x, cond, torch.cat(beside, dim=2))
    torch.testing.assert_close(denoised(load(sizes, tmp_path), x, cond), expected, atol=1e-4, rtol=0)


def test_depth_and_canny_get_a_picture(tmp_path: Path) -> None:
    from diffusers import FluxPipeline

    sizes = FLUX._replace(in_channels=128)
    x, picture = random(1, 16, ROWS, COLUMNS), random(1, 16, ROWS, COLUMNS, seed=3)
    beside = FluxPipeline._pack_latents(FLUX_LATENTS.process_in(picture), 1, 16, ROWS, COLUMNS)
    expected = own_denoised(sizes, x, prompt(), beside)
    model = load(sizes, tmp_path)
    torch.testing.assert_close(denoised(model, x, prompt(concat_latent_image=picture)), expected, atol=1e-4, rtol=0)
    empty = denoised(model, x, prompt(concat_latent_image=torch.zeros_like(picture)))
    assert torch.equal(denoised(model, x, prompt()), empty)


def test_in_sixteen_bits_the_time_is_not_rounded(model: Model) -> None:
    """Times that bfloat16 cannot tell apart make a difference."""
    half = replace(model, backbone=random_part(flux_part(FLUX, "")).to(torch.bfloat16), computed=None)
    x, cond = random(1, 16, ROWS, COLUMNS), prompt()
    context, given = cond.embedding.bfloat16(), {"pooled": cond.pooled.bfloat16(), "guidance": torch.ones(1)}  # type: ignore[union-attr]
    with torch.no_grad():
        first, second = (half.apply(x, torch.tensor([time]), context, given=given) for time in (985.0, 986.0))
    assert torch.tensor(0.985).bfloat16() == torch.tensor(0.986).bfloat16()
    assert not torch.equal(first, second)


@torch.no_grad()
def test_in_sixteen_bits_guidance_is_rounded_as_other_programs_round_it(model: Model) -> None:
    network: Any = random_part(flux_part(FLUX, "")).to(torch.bfloat16)
    seen: dict[str, Tensor] = {}
    for name in ("timestep_embedder", "guidance_embedder"):
        layer = network.time_text_embed.get_submodule(name)
        layer.register_forward_pre_hook(lambda layer, args, name=name: seen.update({name: args[0]}))
    pooled, guidance = (
        torch.zeros(1, FLUX.pooled_width, dtype=torch.bfloat16),
        torch.tensor([3.5], dtype=torch.bfloat16),
    )
    context, given = prompt().embedding.bfloat16(), {"pooled": pooled, "guidance": guidance}
    replace(model, backbone=network).apply(random(1, 16, 4, 4), torch.tensor([985.3]), context, given=given)
    for name, told in (("timestep_embedder", 985.3), ("guidance_embedder", 3504.0)):
        angles = told * torch.exp(-math.log(10_000) * torch.arange(128) / 128)
        waves = torch.cat((angles.cos(), angles.sin())).bfloat16()
        torch.testing.assert_close(seen[name][0], waves, atol=1e-2, rtol=0)


@torch.no_grad()
def test_a_prompt_is_t5s_tokens_and_clips_pooled_output(tmp_path: Path) -> None:
    files = write_flux(tmp_path)
    clip = load_clip((files.t5, files.clip), "flux")
    cond = clip.encode("a (red:1.2) cat")
    assert cond.embedding.shape == (1, 256, FLUX.context_width)
    assert cond.pooled is not None
    assert cond.pooled.shape == (1, FLUX.pooled_width)
    small = next(encoder for encoder in clip.encoders if encoder.kind == "l")
    torch.testing.assert_close(cond.pooled, small.read("a (red:1.2) cat", None, clip.embeddings).pooled)
    assert load_vae(files.vae).latent_format.channels == 16


def test_dev_has_its_own_noise_levels_and_schnell_none() -> None:
    dev, schnell = flux.parameterization(is_dev=True), flux.parameterization(is_dev=False)
    share = torch.tensor(0.5)
    shifted = 1 / (1 + torch.exp(torch.tensor(-1.15)))  # BFL's time_shift: e^mu / (e^mu + (1 / t - 1))
    torch.testing.assert_close(dev.sigma(share * 1000), shifted)
    torch.testing.assert_close(schnell.sigma(share * 1000), share)
    steps = 28
    times = 1 - (torch.arange(steps) * (10_000 / steps)).int() / 10_000
    expected = 1 / (1 + torch.exp(torch.tensor(-1.15)) * (1 / times - 1))
    torch.testing.assert_close(sigmas_for("simple", dev, steps)[:-1], expected)
    assert sigmas_for("simple", schnell, 4).tolist() == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0])


@pytest.mark.parametrize("leaf", ["weight", "scale"])
def test_norms_go_by_either_name(leaf: str, tmp_path: Path) -> None:
    part = flux_part(FLUX, "model.diffusion_model.", leaf)
    path = write_state(tmp_path / "flux.safetensors", state_of(part))
    assert detect(read_header(path)).prefix == "model.diffusion_model."
    loaded = load_diffusion_model(path).backbone.state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in random_part(part).state_dict().items())


def labelled(seen: Header) -> dict[str, Tensor]:
    """Return a tensor for each of a file with as many rows; no two numbers in them are the same."""
    rows = {key: info.shape[0] for key, info in seen.tensors.items()}
    start, labels = 0, {}
    for key, count in rows.items():
        labels[key] = torch.arange(start, start + count).reshape(count, *[1] * (len(seen.tensors[key].shape) - 1))
        start += count
    return labels


def rows_differ(seen: Header, module: Any, keys: Mapping[str, Any], convert: Callable[[Any], Any]) -> list[str]:
    """Return the names of tensors of which diffusers' converter takes other rows of the file; the last norm aside."""
    labels = labelled(seen)
    converted = convert(dict(labels))
    assert converted.keys() == module.state_dict().keys()
    differing = []
    for name in module.state_dict():
        view = as_view(keys[name])
        ours = view.of(labels[view.key])
        ours = torch.cat(ours.chunk(2)[::-1]) if name.startswith("norm_out.") else ours
        if not torch.equal(ours, converted[name]):
            differing.append(name)
    return differing


@pytest.mark.parametrize("name", ["flux1_dev", "flux1_schnell"])
def test_all_tensors_are_the_rows_that_diffusers_takes(name: str) -> None:
    from diffusers.loaders.single_file_utils import convert_flux_transformer_checkpoint_to_diffusers

    seen = header(f"flux/{name}")
    part = flux.FAMILY.read(seen, "").part
    with torch.device("meta"):
        module = part.build()
    assert rows_differ(seen, module, part.keys(module), convert_flux_transformer_checkpoint_to_diffusers) == []


def test_the_real_files_have_their_sizes() -> None:
    dev, fill = (flux.FAMILY.read(header(f"flux/{name}"), "") for name in ("flux1_dev", "flux1_fill_dev"))
    with torch.device("meta"):
        module = dev.part.build()
    assert sum(parameter.numel() for parameter in module.parameters()) == 11_901_408_320
    assert (dev.latent_format.channels, fill.latent_format.channels) == (16, 16)
    assert dev.context_width == 4096
