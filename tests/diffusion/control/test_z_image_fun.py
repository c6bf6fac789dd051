"""Fun ControlNets of Z-Image: what diffusers' layers give along the picture's tokens is added where ComfyUI adds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.describe import describe_header
from diffusion.checkpoints.header import header_of, read_header
from diffusion.checkpoints.load import load_diffusion_model, load_vae
from diffusion.checkpoints.networks.kl_vae import vae_part
from diffusion.checkpoints.networks.z_image import z_image_part
from diffusion.conditioning import Cond
from diffusion.control.model_patch import Pictures, along, load_model_patch
from diffusion.control.z_image_fun import FunSizes, build_fun, read_fun
from diffusion.errors import DiffusionError
from diffusion.guidance import guide
from diffusion.latent_formats import FLUX
from diffusion.models import Model, Vae
from diffusion.vae import encode
from graph.ledger import Ledger
from runtime.residency import DeviceMemory
from tests.diffusion.control.transformer_nets import FUN, FUN_FILL, FUN_MANY, fun_network
from tests.runtime.test_residency import SmallWorkspaces
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import state_of
from tests.tiny_sd3 import VAE
from tests.tiny_z_image import SIZES

SIGMA, ROWS, COLUMNS, STRENGTH = torch.tensor([0.7]), 6, 8, 0.6
SHAPE, TOKENS = (1, 16, ROWS, COLUMNS), ROWS * COLUMNS // 4
Adds = dict[nn.Module, Tensor]


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def picture(seed: int) -> Tensor:
    return torch.rand(1, ROWS * 8, COLUMNS * 8, 3, generator=torch.Generator().manual_seed(seed))


X, PROMPT, OTHER = (
    random(*SHAPE),
    Cond(random(1, 9, SIZES.context_width, seed=4)),
    Cond(random(1, 5, SIZES.context_width)),
)
EDGES, FILLED = picture(2), picture(3)
MASK = (torch.rand(1, ROWS * 8, COLUMNS * 8, generator=torch.Generator().manual_seed(5)) > 0.5).float()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("z")
    for name, layers in (("model", 4), ("deep", 15)):
        part = z_image_part(SIZES._replace(layers=layers, refiners=2), "")
        write_state(folder / f"{name}.safetensors", state_of(part))
    write_state(folder / "vae.safetensors", state_of(vae_part(VAE, "")))
    for name, sizes in (("plain", FUN), ("fill", FUN_FILL), ("many", FUN_MANY)):
        write_state(folder / f"{name}.safetensors", fun_network(sizes).state_dict())
    return folder


@pytest.fixture(scope="module")
def vae(files: Path) -> Vae:
    return load_vae(files / "vae.safetensors")


@torch.no_grad()
def denoised(model: Model, cfg: float = 1.0) -> Tensor:
    return guide(model, (PROMPT,), (OTHER,), SHAPE, cfg)(X, SIGMA)


def watched(model: Model, adds: Adds, at: nn.Module) -> tuple[Tensor, ...]:
    """Return what a layer is given in a step in which something is added behind others."""
    seen: list[tuple[Tensor, ...]] = []
    handle = at.register_forward_pre_hook(lambda layer, args: seen.append(args))
    added(model, adds)
    handle.remove()
    return seen[0][0][:, :TOKENS], seen[0][2][:, :TOKENS], seen[0][3]


def added(model: Model, adds: Adds) -> Tensor:
    """Return a step in which something is added to the picture's tokens behind some layers."""

    def adding(more: Tensor) -> Callable[..., Tensor]:
        return lambda layer, args, output: output + functional.pad(more, (0, 0, 0, output.shape[1] - TOKENS)) * STRENGTH

    handles = [layer.register_forward_hook(adding(more)) for layer, more in adds.items()]
    found = denoised(model)
    for handle in handles:
        handle.remove()
    return found


def stacked(layers: Sequence[Any], context: Tensor, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return what diffusers' layers give one after the other, and last what is left of the picture's tokens."""
    tokens, places, time = given
    for layer in layers:
        context = layer(context, tokens, None, places, time)
    return context.unbind()


@torch.no_grad()
def own(model: Model, net: Any, sizes: FunSizes, latent: Tensor) -> Tensor:
    """Return a step as ComfyUI's description has it, with diffusers' layers, stage after stage."""
    network: Any = model.backbone
    cells = latent.reshape(1, -1, ROWS // 2, 2, COLUMNS // 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(1, TOKENS, -1)
    context, adds = net.control_all_x_embedder["2-1"](cells), {}
    given = watched(model, adds, network.noise_refiner[0])
    if sizes.by_layers:
        *first, context = stacked(net.control_layers[:1], context, given)
        *others, context = stacked(net.control_layers[1:], context[None], given)
        adds = dict(zip(network.noise_refiner, (first[0], others[0]), strict=True))
    elif sizes.adds_early:
        *hints, context = stacked(net.control_noise_refiner, context, given)
        adds = dict(zip(network.noise_refiner, hints, strict=True))
    else:
        for layer in net.control_noise_refiner:
            context = layer(context, None, *given[1:])
    stride = round(len(network.layers) / sizes.layers)
    *hints, _ = stacked(net.control_layers, context, watched(model, adds, network.layers[0]))
    return added(model, {**adds, **dict(zip(network.layers[::stride], hints, strict=False))})


def latent_of(vae: Vae, image: Tensor | None) -> Tensor:
    return FLUX.process_in(encode(vae, torch.full_like(EDGES, 0.5) if image is None else image))


@pytest.mark.parametrize(
    ("name", "image", "filled", "mask"),
    [
        ("plain", EDGES, None, None),
        ("fill", EDGES, None, None),
        ("fill", EDGES, FILLED, MASK),
        ("fill", None, FILLED, MASK),
        ("many", EDGES, None, None),
    ],
)
def test_a_step_is_that_of_comfyui(files: Path, vae: Vae, name: str, image: Any, filled: Any, mask: Any) -> None:
    model = load_diffusion_model(files / ("deep.safetensors" if name == "many" else "model.safetensors"))
    patch: Any = load_model_patch(files / f"{name}.safetensors")
    latent = latent_of(vae, image)
    if patch.sizes.fills:
        stays = torch.zeros(1, 1, ROWS * 8, COLUMNS * 8) if mask is None else mask[:, None]
        kept = None if filled is None else (filled - 0.5) * stays.movedim(1, -1) + 0.5
        planes = functional.interpolate(stays, (ROWS, COLUMNS), mode="nearest")
        latent = torch.cat((latent, planes, latent_of(vae, kept)), dim=1)
    found = denoised(along(model, patch, Pictures(vae, image, mask, filled), STRENGTH))
    assert patch.sizes.by_layers == (name == "many")
    torch.testing.assert_close(found, own(model, fun_network(patch.sizes), patch.sizes, latent), atol=1e-4, rtol=0)
    assert not torch.allclose(found, denoised(model), atol=1e-3)


@torch.no_grad()
def test_both_sides_of_guidance_and_a_small_budget_change_nothing(files: Path, vae: Vae) -> None:
    plain, model = load_model_patch(files / "fill.safetensors"), load_diffusion_model(files / "model.safetensors")
    steered = along(model, plain, Pictures(vae, EDGES), STRENGTH)
    positive, negative = (guide(steered, (prompt,), (), SHAPE, 1.0)(X, SIGMA) for prompt in (PROMPT, OTHER))
    expected = negative + 3.0 * (positive - negative)
    torch.testing.assert_close(denoised(steered, 3.0), expected, atol=1e-4, rtol=0)
    memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", 2_500_000), SmallWorkspaces())
    patch = load_model_patch(files / "fill.safetensors", keep=memory.keep)
    kept = load_diffusion_model(files / "model.safetensors", keep=memory.keep)
    torch.testing.assert_close(
        denoised(along(kept, patch, Pictures(vae, EDGES), STRENGTH), 3.0), expected, atol=1e-4, rtol=0
    )
    assert memory.ledger.used_bytes <= 2_500_000


def test_what_does_not_go_together_is_refused(files: Path, vae: Vae) -> None:
    model = load_diffusion_model(files / "model.safetensors")
    patch = load_model_patch(files / "plain.safetensors")
    with pytest.raises(DiffusionError, match="no picture to follow"):
        along(model, patch, Pictures(vae, None, filled=FILLED), 1.0)
    with pytest.raises(DiffusionError, match="has 15 layers 48 wide, and the model 4 that are 48 wide"):
        along(model, load_model_patch(files / "many.safetensors"), Pictures(vae, EDGES), 1.0)


def test_the_well_known_sizes_are_read_from_headers(files: Path) -> None:
    """Those of Z-Image-Turbo-Fun-Controlnet-Union, and of its second version, which fills in too."""
    first = FunSizes(16, 3840, 128, 6, 2)
    for sizes in (first, first._replace(channels=33, layers=15, adds_early=True)):
        with torch.device("meta"):
            state = build_fun(sizes).state_dict()
        header = header_of(Path("fun"), {name: ("BF16", tuple(each.shape)) for name, each in state.items()})
        assert read_fun(header) == sizes
        told = describe_header(header)
        assert (told.kind, told.title, told.folder) == ("model patch", "Z-Image", "model_patches")
    assert read_fun(read_header(files / "fill.safetensors")) == FUN_FILL
