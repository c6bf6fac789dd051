"""ControlNets of Flux: in either layout they are diffusers' network, and they steer a model as in its pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.load import load_diffusion_model, load_vae
from diffusion.checkpoints.networks.flux import flux_part
from diffusion.conditioning import Cond
from diffusion.control.chain import apply_control
from diffusion.control.flux import FluxControlSizes
from diffusion.control.load import load_control_net
from diffusion.errors import DiffusionError
from diffusion.guidance import guide
from diffusion.latent_formats import FLUX as FLUX_LATENTS
from diffusion.models import Model, Vae
from diffusion.vae import encode
from tests.diffusion.checkpoints.test_flux import own_network, random
from tests.diffusion.control.transformer_nets import FLUX_FILL, FLUX_SINGLE, FLUX_UNION, XLABS, write_flux_net
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import FLUX, VAE, state_of, vae_part

MODEL = FLUX._replace(layers=5, single_layers=3)
SIGMA = torch.tensor([0.7])
ROWS, COLUMNS = 6, 8
PICTURE = torch.rand(1, ROWS * 8, COLUMNS * 8, 3, generator=torch.Generator().manual_seed(2))
X = random(1, 16, ROWS, COLUMNS)


def prompt(**extras: Any) -> Cond:
    return Cond(random(1, 5, FLUX.context_width), random(1, FLUX.pooled_width, seed=2), extras=extras)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("flux")
    return load_diffusion_model(write_state(folder / "flux.safetensors", state_of(flux_part(MODEL, ""))))


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> Vae:
    return load_vae(write_state(tmp_path_factory.mktemp("vae") / "ae.safetensors", state_of(vae_part(VAE, ""))))


@torch.no_grad()
def denoised(model: Model, cond: Cond, x: Tensor = X) -> Tensor:
    return guide(model, (cond,), (), x.shape, 1.0)(x, SIGMA.expand(len(x)))


def told() -> dict[str, Any]:
    """Return what FluxControlNetPipeline tells both networks of one step."""
    from diffusers import FluxPipeline

    return {
        "hidden_states": FluxPipeline._pack_latents(X, 1, 16, ROWS, COLUMNS),
        "encoder_hidden_states": prompt().embedding,
        "pooled_projections": prompt().pooled,
        "timestep": SIGMA,
        "img_ids": FluxPipeline._prepare_latent_image_ids(1, ROWS // 2, COLUMNS // 2, None, X.dtype),
        "txt_ids": torch.zeros(5, 3),
        "return_dict": False,
    }


@torch.no_grad()
def own_added(own: Any, hint: Tensor, strength: float, mode: int | None = None) -> tuple[Any, Any]:
    """Return what a network adds. hint: a latent, or pixels for XLabs' networks."""
    from diffusers import FluxPipeline

    packed = hint if hint.shape[1] == 3 else FluxPipeline._pack_latents(hint, 1, hint.shape[1], ROWS, COLUMNS)
    blocks, singles = own(
        controlnet_cond=packed,
        controlnet_mode=None if mode is None else torch.tensor([[mode]]),
        conditioning_scale=strength,
        guidance=torch.tensor([3.5]) if own.config.guidance_embeds else None,
        **told(),
    )
    return blocks, singles


@torch.no_grad()
def own_step(blocks: Any, singles: Any, *, repeats: bool = False) -> Tensor:
    """Do one step with what is added."""
    from diffusers import FluxPipeline

    (output,) = own_network(MODEL)(
        controlnet_block_samples=blocks,
        controlnet_single_block_samples=singles,
        controlnet_blocks_repeat=repeats,
        guidance=torch.tensor([3.5]),
        **told(),
    )
    return X - SIGMA * FluxPipeline._unpack_latents(output, ROWS * 8, COLUMNS * 8, 8)


def scaled(vae: Vae) -> Tensor:
    return FLUX_LATENTS.process_in(encode(vae, PICTURE))


@pytest.mark.parametrize("sizes", [FLUX_SINGLE, FLUX_SINGLE._replace(has_guidance=False, single_layers=0)])
def test_a_steered_step_is_that_of_diffusers(tmp_path: Path, model: Model, vae: Vae, sizes: FluxControlSizes) -> None:
    path, own = write_flux_net(tmp_path / "net.safetensors", sizes)
    (steered,) = apply_control((prompt(),), load_control_net(path), PICTURE, 0.7, vae=vae)
    expected = own_step(*own_added(own, scaled(vae), 0.7))
    torch.testing.assert_close(denoised(model, steered), expected, atol=1e-4, rtol=0)
    assert not torch.allclose(expected, denoised(model, prompt()), atol=1e-2)


def test_a_union_is_told_the_type_of_its_picture(tmp_path: Path, model: Model, vae: Vae) -> None:
    path, own = write_flux_net(tmp_path / "net.safetensors", FLUX_UNION)
    net = load_control_net(path).with_type("hed/pidi/scribble/ted")
    (steered,) = apply_control((prompt(),), net, PICTURE, 1.0, vae=vae)
    expected = own_step(*own_added(own, scaled(vae), 1.0, mode=2))
    torch.testing.assert_close(denoised(model, steered), expected, atol=1e-4, rtol=0)
    with pytest.raises(DiffusionError, match="knows 4 types"):
        net.with_type("tile")


def test_a_union_without_a_type_works_as_a_network_of_one_type(tmp_path: Path, model: Model, vae: Vae) -> None:
    path, own = write_flux_net(tmp_path / "net.safetensors", FLUX_UNION)
    (steered,) = apply_control((prompt(),), load_control_net(path), PICTURE, 1.0, vae=vae)
    found = denoised(model, steered)
    own.union = False
    torch.testing.assert_close(found, own_step(*own_added(own, scaled(vae), 1.0)), atol=1e-4, rtol=0)


def test_networks_of_xlabs_take_pixels(tmp_path: Path, model: Model) -> None:
    path, own = write_flux_net(tmp_path / "net.safetensors", XLABS)
    (steered,) = apply_control((prompt(),), load_control_net(path), PICTURE, 0.7)
    expected = own_step(*own_added(own, PICTURE.movedim(-1, 1) * 2 - 1, 0.7), repeats=True)
    torch.testing.assert_close(denoised(model, steered), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("has_mask", [True, False])
def test_networks_that_fill_in_take_a_mask(tmp_path: Path, model: Model, vae: Vae, has_mask: bool) -> None:
    path, own = write_flux_net(tmp_path / "net.safetensors", FLUX_FILL)
    mask = (torch.rand(1, ROWS, COLUMNS) > 0.5).float() if has_mask else None
    (steered,) = apply_control((prompt(),), load_control_net(path), PICTURE, 1.0, vae=vae, mask=mask)
    plane = torch.ones(1, ROWS, COLUMNS) if mask is None else mask
    expected = own_step(*own_added(own, torch.cat((scaled(vae), plane[:, None]), dim=1), 1.0))
    torch.testing.assert_close(denoised(model, steered), expected, atol=1e-4, rtol=0)


def test_networks_with_other_numbers_of_blocks_add_up(tmp_path: Path, model: Model, vae: Vae) -> None:
    (path, own), (other_path, other) = (
        write_flux_net(tmp_path / "net.safetensors", FLUX_SINGLE),
        write_flux_net(tmp_path / "other.safetensors", XLABS),
    )
    (steered,) = apply_control((prompt(),), load_control_net(path), PICTURE, 0.7, vae=vae)
    (steered,) = apply_control((steered,), load_control_net(other_path), PICTURE, 0.4)
    first, singles = own_added(own, scaled(vae), 0.7)
    second, _ = own_added(other, PICTURE.movedim(-1, 1) * 2 - 1, 0.4)
    blocks = [a + b for a, b in zip([first[0]] * 3 + [first[1]] * 2, [*second, *second, second[0]], strict=True)]
    torch.testing.assert_close(denoised(model, steered), own_step(blocks, singles), atol=1e-4, rtol=0)


def test_references_are_not_steered(tmp_path: Path, model: Model, vae: Vae) -> None:
    """What is added lies on the latent's tokens: no network means no change, and a network makes one."""
    cond = prompt(reference_latents=(random(1, 16, 4, 4, seed=5),), reference_latents_method="index")
    net = load_control_net(write_flux_net(tmp_path / "net.safetensors", FLUX_SINGLE)[0])
    (steered,) = apply_control((cond,), net, PICTURE, 1.0, vae=vae)
    (hardly,) = apply_control((cond,), net, PICTURE, 1e-9, vae=vae)
    torch.testing.assert_close(denoised(model, hardly), denoised(model, cond), atol=1e-5, rtol=0)
    assert not torch.allclose(denoised(model, steered), denoised(model, cond), atol=1e-2)


def test_sides_that_are_no_multiple_of_a_patch_are_steered_too(tmp_path: Path, model: Model, vae: Vae) -> None:
    x, picture = random(2, 16, 5, 7), PICTURE[:, :40, :56]
    for sizes in (FLUX_SINGLE, XLABS):
        net = load_control_net(write_flux_net(tmp_path / "net.safetensors", sizes)[0])
        (steered,) = apply_control((prompt(),), net, picture, 1.0, vae=vae)
        found, plain = denoised(model, steered, x), denoised(model, prompt(), x)
        assert found.shape == x.shape
        assert not torch.allclose(found, plain, atol=1e-2)


def test_a_picture_without_a_vae_is_refused(tmp_path: Path, model: Model) -> None:
    net = load_control_net(write_flux_net(tmp_path / "net.safetensors", FLUX_SINGLE)[0])
    (steered,) = apply_control((prompt(),), net, PICTURE, 1.0)
    with pytest.raises(DiffusionError, match="connect the model's VAE to the vae input"):
        denoised(model, steered)


def test_a_network_of_flux_steers_no_other_model(tmp_path: Path, tiny_model: Model, vae: Vae) -> None:
    net = load_control_net(write_flux_net(tmp_path / "net.safetensors", FLUX_SINGLE)[0])
    (steered,) = apply_control((Cond(torch.ones(1, 5, 32)),), net, PICTURE, 1.0, vae=vae)
    with pytest.raises(DiffusionError, match="A ControlNet of Flux cannot steer a model of this family"):
        guide(tiny_model, (steered,), (), (1, 4, 8, 8), 1.0)
