"""Models prompted with pictures: the network gives what diffusers' with its IP-Adapter gives, where and when it should."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.adapters import SizedUNetAdapter, UNetAdapter
from diffusion.checkpoints.families import sd1, sdxl
from diffusion.checkpoints.networks.unet import build_unet
from diffusion.clip_vision import ClipVision
from diffusion.errors import DiffusionError
from diffusion.ip_adapter.apply import COMBINED, How, apply_ip_adapter
from diffusion.ip_adapter.attention import SCALINGS
from diffusion.ip_adapter.load import IPAdapter, load_ip_adapter
from diffusion.ip_adapter.network import FULL, PLAIN, PLUS, KeysValues
from diffusion.latents import LatentFormat
from diffusion.models import Model
from diffusion.parameterization import Parameterization
from runtime.values import nbytes
from tests.diffusion.test_clip_vision import CLIP, filled
from tests.tiny_ip_adapters import KINDS, adapter_state, sizes_for, write_adapter
from tests.tiny_unets import SD1, SDXL

SIGMA = torch.tensor([2.0, 2.0])
TIMESTEP = torch.tensor([300.0, 300.0])
GENERATOR = torch.Generator().manual_seed(1)
IMAGES = torch.rand(2, 28, 28, 3, generator=GENERATOR)


def model_of(name: str) -> Model:
    sizes, kind = (SD1, sd1.KIND) if name == "sd1" else (SDXL, sdxl.KIND)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = build_unet(sizes, kind).eval().requires_grad_(False)
    adapter = UNetAdapter() if name == "sd1" else SizedUNetAdapter()
    return Model(backbone, Parameterization(), LatentFormat(), name, adapter=adapter, context_width=sizes.context_width)


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {name: model_of(name) for name in ("sd1", "sdxl")}


@pytest.fixture(scope="module")
def vision() -> ClipVision:
    return ClipVision(filled(CLIP), CLIP.image)


@pytest.fixture(scope="module")
def adapters(models: dict[str, Model], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], IPAdapter]:
    folder = tmp_path_factory.mktemp("adapters")

    def load(name: str, kind: str) -> IPAdapter:
        sizes = sizes_for(models[name].backbone, kind)
        return load_ip_adapter(write_adapter(folder / f"{name}-{kind}.safetensors", sizes))

    return {(name, kind): load(name, kind) for name in models for kind in KINDS}


def inputs(model: Model) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Return a latent for both sides, their prompts, and what else the network takes."""
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(2, 4, 16, 8, generator=generator)
    context = torch.randn(2, 7, model.context_width, generator=generator)
    given = {"text_embeds": torch.ones(2, 32), "time_ids": torch.full((2, 6), 64.0)}
    return x, context, given if model.family == "sdxl" else {}


@torch.no_grad()
def output(model: Model, sigma: float = 2.0, sides: tuple[int, ...] = (0, 1)) -> Tensor:
    x, context, given = inputs(model)
    return model.at(SIGMA * 0 + sigma).apply(x, TIMESTEP, context, sides, given)


@torch.no_grad()
def reference(model: Model, kind: str, seen: Tensor, unseen: Tensor, weight: float) -> Tensor:
    """Return what diffusers' U-Net with its own IP-Adapter gives; seen, unseen: (1, pictures, …) of both sides."""
    backbone: Any = copy.deepcopy(model.backbone)
    state = adapter_state(sizes_for(backbone, kind))
    parts = {
        part: {name.removeprefix(f"{part}."): tensor for name, tensor in state.items() if name.startswith(part)}
        for part in ("image_proj", "ip_adapter")
    }
    backbone._load_ip_adapter_weights([parts], low_cpu_mem_usage=False)
    for processor in backbone.attn_processors.values():
        if hasattr(processor, "scale"):
            processor.scale = [weight]
    x, context, given = inputs(model)
    added = {**given, "image_embeds": [torch.cat((seen, unseen))]}
    found: Tensor = backbone(x, TIMESTEP, context, added_cond_kwargs=added, return_dict=False)[0]
    return found


def pictures(vision: ClipVision, kind: str, count: int) -> tuple[Tensor, Tensor]:
    """Return what transformers' network sees in some pictures and what in black ones, as diffusers' pipelines have it."""
    seen, black = vision.encode_image(IMAGES[:count]), vision.encode_image(torch.zeros_like(IMAGES[:count]))
    if kind == PLAIN:
        return seen.image_embeds.unsqueeze(0), torch.zeros_like(seen.image_embeds).unsqueeze(0)
    return seen.penultimate_hidden_states.unsqueeze(0), black.penultimate_hidden_states.unsqueeze(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["sd1", "sdxl"])
@pytest.mark.parametrize("count", [1, 2])
def test_it_is_what_diffusers_gives(
    models: dict[str, Model], adapters: Any, vision: ClipVision, name: str, kind: str, count: int
) -> None:
    model, (seen, unseen) = models[name], pictures(vision, kind, count)
    prompted = apply_ip_adapter(model, adapters[name, kind], vision, IMAGES[:count], How(0.7))
    expected = reference(model, kind, seen, unseen, 0.7)
    torch.testing.assert_close(output(prompted), expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(output(model), expected, atol=1e-2)


def test_sides_see_their_own_pictures_in_any_order(models: dict[str, Model], adapters: Any, vision: ClipVision) -> None:
    prompted = apply_ip_adapter(models["sd1"], adapters["sd1", PLUS], vision, IMAGES[:1], How(), IMAGES[1:])
    swapped = apply_ip_adapter(models["sd1"], adapters["sd1", PLUS], vision, IMAGES[1:], How(), IMAGES[:1])
    torch.testing.assert_close(output(prompted), output(swapped, sides=(1, 0)))
    lone = output(prompted, sides=())
    torch.testing.assert_close(lone[:1], output(prompted)[:1])
    torch.testing.assert_close(lone[1:], output(swapped)[1:])


def test_it_acts_within_its_time_only(models: dict[str, Model], adapters: Any, vision: ClipVision) -> None:
    model = models["sd1"]
    how = How(start_percent=0.2, end_percent=0.6)
    prompted = apply_ip_adapter(model, adapters["sd1", PLAIN], vision, IMAGES[:1], how)
    always = output(apply_ip_adapter(model, adapters["sd1", PLAIN], vision, IMAGES[:1], How()))
    for percent, expected in [(0.1, output(model)), (0.2, always), (0.4, always), (0.6, always), (0.7, output(model))]:
        level = model.parameterization.threshold(percent)
        assert torch.equal(output(prompted, level), expected), percent


def test_several_adapters_add_up_and_no_weight_changes_nothing(
    models: dict[str, Model], adapters: Any, vision: ClipVision
) -> None:
    model, adapter = models["sd1"], adapters["sd1", PLAIN]
    assert apply_ip_adapter(model, adapter, vision, IMAGES[:1], How(0.0)) is model
    once = apply_ip_adapter(model, adapter, vision, IMAGES[:1], How(0.8))
    halves = apply_ip_adapter(model, adapter, vision, IMAGES[:1], How(0.3))
    halves = apply_ip_adapter(halves, adapter, vision, IMAGES[:1], How(0.5))
    torch.testing.assert_close(output(halves), output(once), atol=1e-5, rtol=1e-4)


def test_a_mask_says_where_it_acts(models: dict[str, Model], adapters: Any, vision: ClipVision) -> None:
    model, adapter = models["sd1"], adapters["sd1", PLAIN]

    def masked(mask: Tensor) -> Model:
        return apply_ip_adapter(model, adapter, vision, IMAGES[:1], How(mask=mask))

    torch.testing.assert_close(output(masked(torch.zeros(1, 50, 30))), output(model))
    whole = apply_ip_adapter(model, adapter, vision, IMAGES[:1], How())
    torch.testing.assert_close(output(masked(torch.ones(1, 50, 30))), output(whole))
    upper = torch.zeros(1, 32, 16)
    upper[:, :16] = 1.0
    plain, drawn = (_first_layer(each) for each in (model, masked(upper)))
    changed = (plain - drawn).abs().amax(dim=-1).reshape(2, 16, 8) > 1e-4  # the latent's rows and columns
    assert bool(changed[:, :8].all())
    assert not bool(changed[:, 8:].any())


def _first_layer(model: Model) -> Tensor:
    """Return what the first layer that attends to the prompt gives in a call."""
    found: list[Tensor] = []
    layer = model.backbone.get_submodule("down_blocks.0.attentions.0.transformer_blocks.0.attn2")
    handle = layer.register_forward_hook(lambda module, args, output: found.append(output))
    output(model)
    handle.remove()
    return found[0]


def test_hooks_are_gone_after_a_call(models: dict[str, Model], adapters: Any, vision: ClipVision) -> None:
    model = models["sdxl"]
    before = output(model)
    output(apply_ip_adapter(model, adapters["sdxl", PLUS], vision, IMAGES, How(mask=torch.ones(1, 8, 8))))
    assert torch.equal(output(model), before)


def test_ways_to_combine_make_one_picture_of_several(
    models: dict[str, Model], adapters: Any, vision: ClipVision
) -> None:
    adapter, seen = adapters["sd1", PLAIN], torch.tensor([[3.0, 0.0], [4.0, 2.0], [0.0, 2.0]])
    expected = {
        "add": [[7.0, 4.0]],
        "subtract": [[1.0, -2.0]],
        "average": [[7 / 3, 4 / 3]],
        "norm average": [[7 / 15, 4 / (3 * 8**0.5)]],
    }
    for way, combine in COMBINED.items():
        torch.testing.assert_close(combine(seen), torch.tensor(expected[way]))
    one, twice = (
        apply_ip_adapter(models["sd1"], adapter, vision, images, How(combination="average"))
        for images in (IMAGES[:1], IMAGES[:1].repeat(2, 1, 1, 1))
    )
    torch.testing.assert_close(output(one), output(twice), atol=1e-5, rtol=1e-5)


def test_what_a_weight_scales() -> None:
    both = KeysValues(torch.full((1, 2, 4), 2.0), torch.tensor([[[1.0] * 4, [3.0] * 4]]))
    expected = {
        "V only": (2.0, [0.5, 1.5]),
        "K+V": (1.0, [0.5, 1.5]),
        "K+V w/ C penalty": (0.5, [0.25, 0.75]),
        "K+mean(V) w/ C penalty": (0.5, [-0.5, 1.5]),  # 2 * 0.25 with what lies around the mean as it was
    }
    for name, (key, values) in expected.items():
        scaled = SCALINGS[name](both, 0.5, 640)
        assert torch.equal(scaled.keys, torch.full((1, 2, 4), key)), name
        assert torch.equal(scaled.values[0, :, 0], torch.tensor(values)), name


def test_what_does_not_fit_together_is_refused(models: dict[str, Model], adapters: Any, vision: ClipVision) -> None:
    sd1_model, sdxl_model = models["sd1"], models["sdxl"]
    with pytest.raises(DiffusionError, match="made for prompts 192 wide, and this model is prompts 64 wide"):
        apply_ip_adapter(sd1_model, adapters["sdxl", PLUS], vision, IMAGES, How())
    with pytest.raises(DiffusionError, match="this model is of the family flux"):
        apply_ip_adapter(
            replace(sd1_model, adapter=Flat(), family="flux"), adapters["sd1", PLUS], vision, IMAGES, How()
        )
    fewer = adapters["sd1", PLUS]
    fewer = replace(fewer, sizes=fewer.sizes._replace(layers=fewer.sizes.layers[:2]))
    with pytest.raises(DiffusionError, match=r"a network with 2 layers .* has 4"):
        apply_ip_adapter(sd1_model, fewer, vision, IMAGES, How())
    other = replace(vision, network=filled(CLIP._replace(projection=48, width=80)))
    for kind, width, found in [(PLAIN, 24, 48), (FULL, 64, 80), (PLUS, 64, 80)]:
        with pytest.raises(DiffusionError, match=f"takes vectors {width} wide, the CLIP vision network gave {found};"):
            apply_ip_adapter(sdxl_model, adapters["sdxl", kind], other, IMAGES, How())
    with pytest.raises(DiffusionError, match="connect CLIPVisionLoader to clip_vision"):
        apply_ip_adapter(sd1_model, adapters["sd1", PLUS], None, IMAGES, How())


class Flat(UNetAdapter):
    """An adapter of a family that no network steers."""

    steered_by = None  # type: ignore[assignment]


def test_an_adapter_may_bring_along_what_sees(models: dict[str, Model], adapters: Any, vision: ClipVision) -> None:
    adapter = adapters["sd1", PLUS]
    brought = apply_ip_adapter(models["sd1"], adapter.with_vision(vision), None, IMAGES, How())
    torch.testing.assert_close(output(brought), output(apply_ip_adapter(models["sd1"], adapter, vision, IMAGES, How())))


def test_the_cache_counts_what_a_handle_holds(models: dict[str, Model], adapters: Any, vision: ClipVision) -> None:
    adapter = adapters["sd1", PLAIN]
    prompted = apply_ip_adapter(models["sd1"], adapter, vision, IMAGES[:1], How())
    held = 2 * 2 * 4 * sum(adapter.sizes.layers) * 4  # keys and values, both sides, tokens, widths, bytes
    assert nbytes(prompted) - nbytes(models["sd1"]) == held
