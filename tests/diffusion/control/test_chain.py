"""Steering: what networks add reaches the U-Net as in diffusers' pipelines, in its time, its place and its strength."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.adapters import SizedUNetAdapter, UNetAdapter
from diffusion.beside import BESIDE, BesideAdapter, Filling
from diffusion.checkpoints.families import sdxl
from diffusion.checkpoints.families.sd1 import KIND
from diffusion.checkpoints.networks.unet import build_unet
from diffusion.conditioning import Cond, Conditioning, set_area, set_mask
from diffusion.control.chain import Control, apply_control
from diffusion.control.load import load_control_net
from diffusion.control.net import ControlNet
from diffusion.errors import DiffusionError
from diffusion.guidance import guide
from diffusion.latents import LatentFormat
from diffusion.models import Model
from diffusion.parameterization import Parameterization
from tests.diffusion.control.nets import ADAPTERS, SD1, SDXL, filled, make_adapter, make_net, write_adapter, write_net
from tests.diffusion.control.test_load import AdapterLayout
from tests.tiny_checkpoint import UNET

SHAPE = (2, 4, 8, 16)
SIGMA, CFG = 2.0, 5.0
X = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)) * SIGMA
PICTURE = torch.rand(1, 64, 128, 3, generator=torch.Generator().manual_seed(2))


def prompt(seed: int) -> Conditioning:
    return (Cond(torch.randn(1, 5, UNET.context_width, generator=torch.Generator().manual_seed(seed))),)


POSITIVE, NEGATIVE = prompt(3), prompt(4)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(filled(build_unet(UNET, KIND)), Parameterization(), LatentFormat(), digest="tiny")


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ControlNet]:
    folder = tmp_path_factory.mktemp("nets")
    sizes = ADAPTERS["full"]
    adapter = write_adapter(folder / "t2i.safetensors", make_adapter(sizes), sizes, AdapterLayout("", True))
    made = {"t2i": load_control_net(adapter)}
    for seed, name in enumerate(("a", "b")):
        made[name] = load_control_net(write_net(folder / f"{name}.safetensors", make_net(SD1, seed)))
    return made


@torch.no_grad()
def denoised(model: Model, positive: Conditioning, negative: Conditioning, sigma: float = SIGMA) -> Tensor:
    return guide(model, positive, negative, SHAPE, CFG)(X, torch.full((2,), sigma))


class Own:
    """One step of diffusers' pipeline with several networks that steer."""

    def __init__(self, model: Model) -> None:
        self.model: Model = model
        self.sigma = torch.full((2,), SIGMA)
        self.scaled = X / (SIGMA**2 + 1) ** 0.5
        self.time = model.parameterization.timestep(self.sigma)

    def noise(self, cond: Cond, nets: list[tuple[ControlNet, Tensor, float]]) -> Tensor:
        context = cond.embedding.expand(2, -1, -1)
        more: dict[str, Any] = {}
        for net, hint, strength in nets:
            module: Any = net.network
            if net.is_adapter:
                more["down_intrablock_additional_residuals"] = [level * strength for level in module(hint)]
                continue
            down, middle = module(self.scaled, self.time, context, hint, conditioning_scale=strength, return_dict=False)
            if "mid_block_additional_residual" in more:
                down = [a + b for a, b in zip(more["down_block_additional_residuals"], down, strict=True)]
                middle = more["mid_block_additional_residual"] + middle
            more |= {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
        backbone: Any = self.model.backbone
        return backbone(self.scaled, self.time, encoder_hidden_states=context, **more).sample

    @torch.no_grad()
    def denoised(self, nets: list[tuple[ControlNet, Tensor, float]], negative: Any = None) -> Tensor:
        positive = self.noise(POSITIVE[0], nets)
        other = self.noise(NEGATIVE[0], nets if negative is None else negative)
        return X - SIGMA * (other + CFG * (positive - other))


def channels_first(picture: Tensor) -> Tensor:
    return picture.movedim(-1, 1)


def both(
    net: ControlNet, picture: Tensor, strength: float, *prompts: Conditioning, **when: float
) -> list[Conditioning]:
    """Apply a network to prompts as ControlNetApplyAdvanced does."""
    made: dict[Control | None, Control] = {}
    start, end = when.get("start", 0.0), when.get("end", 1.0)
    return [apply_control(each, net, picture, strength, start, end, made=made) for each in prompts]


@pytest.mark.parametrize("name", ["a", "t2i"])
@pytest.mark.parametrize("pictures", [1, 2])
def test_a_steered_step_is_that_of_diffusers(
    model: Model, nets: dict[str, ControlNet], name: str, pictures: int
) -> None:
    picture = torch.cat([PICTURE, PICTURE.flip(1)])[:pictures]
    hint = channels_first(picture).expand(2, -1, -1, -1)
    found = denoised(model, *both(nets[name], picture, 0.7, POSITIVE, NEGATIVE))
    torch.testing.assert_close(found, Own(model).denoised([(nets[name], hint, 0.7)]), atol=1e-4, rtol=0)


def test_networks_in_a_chain_add_up(model: Model, nets: dict[str, ControlNet]) -> None:
    other = PICTURE.flip(2)
    steered = both(nets["a"], PICTURE, 0.7, POSITIVE, NEGATIVE)
    steered = both(nets["t2i"], PICTURE, 0.5, *steered)
    steered = both(nets["b"], other, 1.2, *steered)
    own = Own(model).denoised(
        [
            (nets["a"], channels_first(PICTURE).expand(2, -1, -1, -1), 0.7),
            (nets["t2i"], channels_first(PICTURE).expand(2, -1, -1, -1), 0.5),
            (nets["b"], channels_first(other).expand(2, -1, -1, -1), 1.2),
        ]
    )
    torch.testing.assert_close(denoised(model, *steered), own, atol=1e-4, rtol=0)


def test_only_the_prompt_that_is_steered_is(model: Model, nets: dict[str, ControlNet]) -> None:
    (steered,) = both(nets["a"], PICTURE, 1.0, POSITIVE)
    hint = channels_first(PICTURE).expand(2, -1, -1, -1)
    own = Own(model).denoised([(nets["a"], hint, 1.0)], negative=[])
    torch.testing.assert_close(denoised(model, steered, NEGATIVE), own, atol=1e-4, rtol=0)


def test_the_other_side_is_steered_if_it_is_asked_for_and_nothing_steers_it(
    model: Model, nets: dict[str, ControlNet]
) -> None:
    steered = apply_control(POSITIVE, nets["a"], PICTURE, 1.0, for_uncond=True)
    expected = denoised(model, *both(nets["a"], PICTURE, 1.0, POSITIVE, NEGATIVE))
    torch.testing.assert_close(denoised(model, steered, NEGATIVE), expected)
    (own,) = both(nets["b"], PICTURE, 1.0, NEGATIVE)
    parts = denoised(model, steered, own), denoised(model, both(nets["a"], PICTURE, 1.0, POSITIVE)[0], own)
    torch.testing.assert_close(parts[0], parts[1])


def test_a_network_acts_in_its_time_only(model: Model, nets: dict[str, ControlNet]) -> None:
    late = both(nets["a"], PICTURE, 1.0, POSITIVE, NEGATIVE, start=0.5)
    always = both(nets["a"], PICTURE, 1.0, POSITIVE, NEGATIVE)
    middle = float(model.parameterization.percent_to_sigma(0.5))
    for sigma, expected in ((middle * 1.1, (POSITIVE, NEGATIVE)), (middle * 0.9, always)):
        torch.testing.assert_close(denoised(model, *late, sigma), denoised(model, *expected, sigma))
    early = both(nets["a"], PICTURE, 1.0, POSITIVE, NEGATIVE, end=0.5)
    torch.testing.assert_close(denoised(model, *early, middle * 0.9), denoised(model, POSITIVE, NEGATIVE, middle * 0.9))


def test_no_strength_leaves_prompts_as_they_are(nets: dict[str, ControlNet]) -> None:
    assert apply_control(POSITIVE, nets["a"], PICTURE, 0.0) is POSITIVE


def test_a_picture_is_scaled_to_the_area_of_its_prompt(model: Model, nets: dict[str, ControlNet]) -> None:
    area = set_area(POSITIVE, 64, 64, 64, 0)
    steered = both(nets["a"], PICTURE, 1.0, area, NEGATIVE)
    found = denoised(model, *steered)
    alone = guide(model, both(nets["a"], PICTURE, 1.0, POSITIVE)[0], (), (2, 4, 8, 8), 1.0)
    with torch.no_grad():
        part = alone(X[..., 8:], torch.full((2,), SIGMA))
    one_sided = guide(model, steered[0], (), SHAPE, 1.0)
    with torch.no_grad():
        torch.testing.assert_close(one_sided(X, torch.full((2,), SIGMA))[..., 8:], part, atol=1e-5, rtol=1e-5)
    assert found.isfinite().all()


def test_a_mask_weighs_a_steered_prompt_as_any_other(model: Model, nets: dict[str, ControlNet]) -> None:
    left = torch.zeros(1, 8, 16)
    left[..., :8] = 1
    steered = both(nets["a"], PICTURE, 1.0, POSITIVE, NEGATIVE)
    masked = set_mask(steered[0], left) + set_mask(POSITIVE, 1 - left)
    with torch.no_grad():
        found, whole, plain = (
            guide(model, each, (), SHAPE, 1.0)(X, torch.full((2,), SIGMA)) for each in (masked, steered[0], POSITIVE)
        )
    torch.testing.assert_close(found[..., :8], whole[..., :8], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found[..., 8:], plain[..., 8:], atol=1e-5, rtol=1e-5)


def test_a_picture_of_another_shape_is_cut_around_its_middle(model: Model, nets: dict[str, ControlNet]) -> None:
    tall = torch.cat([torch.zeros(1, 32, 128, 3), PICTURE, torch.ones(1, 32, 128, 3)], dim=1)
    found, expected = (denoised(model, *both(nets["a"], each, 1.0, POSITIVE, NEGATIVE)) for each in (tall, PICTURE))
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        (SD1._replace(context_width=32), "for prompts 32 wide, and this model's are 64"),
        (SD1._replace(in_channels=16), "for latents of 16 channels, and this model's have 4"),
        (SDXL._replace(context_width=64), "for SDXL"),
    ],
)
def test_a_network_of_another_family_is_refused(model: Model, tmp_path: Path, sizes: Any, reason: str) -> None:
    net = load_control_net(write_net(tmp_path / "net.safetensors", make_net(sizes)))
    with pytest.raises(DiffusionError, match=reason):
        denoised(model, *both(net, PICTURE, 1.0, POSITIVE, NEGATIVE))


def test_a_model_that_cannot_be_steered_says_so(model: Model, nets: dict[str, ControlNet]) -> None:
    class Other:
        repeats_contexts, planes = True, frozenset[str]()

        def prepare(self, cond: Cond, shape: Any) -> Any:
            return {}

        def call(self, backbone: Any, x: Tensor, timestep: Tensor, context: Tensor, given: Any) -> Tensor:
            return x

    with pytest.raises(DiffusionError, match="cannot steer a model of this family"):
        denoised(replace(model, adapter=Other()), *both(nets["a"], PICTURE, 1.0, POSITIVE, NEGATIVE))


@torch.no_grad()
def test_a_network_of_sdxl_takes_what_its_unet_takes(tmp_path: Path) -> None:
    sizes = UNET._replace(
        channels=(64, 128), depths=(0, 2), middle_depth=2, context_width=48, is_linear=True, vector_width=32 + 6 * 8
    )
    unet = filled(build_unet(sizes, sdxl.KIND._replace(time_ids_width=8)))
    model = Model(unet, Parameterization(), LatentFormat(), adapter=SizedUNetAdapter())
    own = make_net(SDXL)
    net = load_control_net(write_net(tmp_path / "xl.safetensors", own))
    prompt = (Cond(torch.randn(1, 5, 48), torch.randn(1, 32), extras={"width": 512}),)
    (steered,) = both(net, PICTURE, 0.7, prompt)
    found = guide(model, steered, (), SHAPE, 1.0)(X, torch.full((2,), SIGMA))
    added = {"text_embeds": prompt[0].pooled.expand(2, -1), "time_ids": torch.tensor([[64.0, 512, 0, 0, 64, 512]] * 2)}
    context, time = prompt[0].embedding.expand(2, -1, -1), model.parameterization.timestep(torch.full((2,), SIGMA))
    scaled, hint = X / (SIGMA**2 + 1) ** 0.5, channels_first(PICTURE)
    down, middle = own(scaled, time, context, hint, conditioning_scale=0.7, added_cond_kwargs=added, return_dict=False)
    noise = unet(
        scaled,
        time,
        encoder_hidden_states=context,
        added_cond_kwargs=added,
        down_block_additional_residuals=down,
        mid_block_additional_residual=middle,
    ).sample
    torch.testing.assert_close(found, X - SIGMA * noise, atol=1e-4, rtol=0)


@torch.no_grad()
def test_a_network_steers_a_model_that_sees_a_picture_beside_its_latent(nets: dict[str, ControlNet]) -> None:
    unet = filled(build_unet(UNET._replace(in_channels=9), KIND))
    adapter = BesideAdapter(UNetAdapter(), Filling(LatentFormat()))
    model = Model(unet, Parameterization(), LatentFormat(), adapter=adapter)
    (steered,) = both(nets["a"], PICTURE, 0.7, POSITIVE)
    found = guide(model, steered, (), SHAPE, 1.0)(X, torch.full((2,), SIGMA))
    time, context = model.parameterization.timestep(torch.full((2,), SIGMA)), POSITIVE[0].embedding.expand(2, -1, -1)
    scaled, network = X / (SIGMA**2 + 1) ** 0.5, nets["a"].network
    down, middle = network(scaled, time, context, channels_first(PICTURE), conditioning_scale=0.7, return_dict=False)
    planes = adapter.prepare(POSITIVE[0], SHAPE)[BESIDE]
    noise = unet(
        torch.cat((scaled, planes.expand(2, -1, -1, -1)), dim=1),
        time,
        encoder_hidden_states=context,
        down_block_additional_residuals=down,
        mid_block_additional_residual=middle,
    ).sample
    torch.testing.assert_close(found, X - SIGMA * noise, atol=1e-4, rtol=0)
