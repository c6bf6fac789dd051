"""What sees pictures, as packs ask it: the network itself too, and what they make of its output."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from compat.wires import from_pack, to_pack
from compat.wires.base_model import SDXL, BaseModel, InstructSDXL, SDXLRefiner, base_model_of
from diffusion.adapters import UNetAdapter
from diffusion.attention import attend
from diffusion.beside import BesideAdapter, Changing
from diffusion.checkpoints import load_checkpoint
from diffusion.clip_vision import ClipVision, VisionOutput
from diffusion.ip_adapter.apply import How, apply_ip_adapter
from diffusion.ip_adapter.load import load_ip_adapter
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.sampling import sample
from tests.diffusion.test_clip_vision import CLIP, SIGLIP, filled
from tests.tiny_ip_adapters import sizes_for, write_adapter

IMAGE = torch.rand(2, 28, 28, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def handle() -> ClipVision:
    return ClipVision(filled(CLIP), CLIP.image)


@pytest.mark.usefixtures("modules")
def test_the_network_gives_what_was_seen(handle: ClipVision) -> None:
    vision, seen = to_pack("CLIP_VISION", handle), handle.encode_image(IMAGE)
    importlib.import_module("comfy.model_management").load_model_gpu(vision.patcher)
    module = importlib.import_module("comfy.clip_vision")
    pixels = module.clip_preprocess(
        IMAGE.to(vision.load_device), vision.image_size, vision.image_mean, vision.image_std
    )
    last, middle, embeds, projected = vision.model(pixel_values=pixels, intermediate_output=-2)
    torch.testing.assert_close(last, seen.last_hidden_state)
    torch.testing.assert_close(middle, seen.penultimate_hidden_states)
    torch.testing.assert_close(embeds, seen.image_embeds)
    assert projected is None
    assert vision.model(pixels)[1] is None
    every = vision.model(pixels, intermediate_output="all")[1]
    assert every.shape == (2, CLIP.layers, *last.shape[1:])
    torch.testing.assert_close(every[:, -2], middle)
    assert (vision.model_type, to_pack("*", ClipVision(filled(SIGLIP), 28, is_siglip=True)).model_type) == (
        "clip_vision_model",
        "siglip_vision_model",
    )


def test_it_comes_back_as_it_was(handle: ClipVision) -> None:
    vision, seen = to_pack("CLIP_VISION", handle), handle.encode_image(IMAGE)
    assert from_pack("CLIP_VISION", vision) is handle
    output = vision.encode_image(IMAGE)
    returned = from_pack("*", output)
    assert isinstance(returned, VisionOutput)
    assert torch.equal(returned.image_embeds, seen.image_embeds)
    assert torch.equal(to_pack("CLIP_VISION_OUTPUT", seen)["last_hidden_state"], output.last_hidden_state)


@pytest.mark.usefixtures("modules")
def test_what_a_pack_puts_together_is_what_was_seen() -> None:
    made: Any = importlib.import_module("comfy.clip_vision").Output()
    assert from_pack("CLIP_VISION_OUTPUT", made) is made
    for name in ("image_embeds", "last_hidden_state", "penultimate_hidden_states"):
        made[name] = torch.ones(1)
    assert isinstance(from_pack("CLIP_VISION_OUTPUT", made), VisionOutput)


def test_keys_of_more_pictures_than_queries_are_more_tokens() -> None:
    query, keys, values = torch.randn(1, 5, 8), torch.randn(3, 4, 8), torch.randn(3, 4, 8)
    whole = attend(query, keys.reshape(1, 12, 8), values.reshape(1, 12, 8), 2)
    torch.testing.assert_close(attend(query, keys, values, 2), whole)


@pytest.mark.usefixtures("modules")
def test_a_model_that_sees_pictures_draws_the_same_through_a_pack(
    handle: ClipVision, checkpoint_path: Path, tmp_path: Path
) -> None:
    checkpoint = load_checkpoint(checkpoint_path)
    file = write_adapter(tmp_path / "adapter.safetensors", sizes_for(checkpoint.model.backbone, "plus"))
    how = How(0.8, start_percent=0.2, end_percent=0.7)
    model = apply_ip_adapter(checkpoint.model, load_ip_adapter(file), handle, IMAGE[:1], how)
    called: list[int] = []

    def wrapper(apply_model: Any, arguments: dict[str, Any]) -> torch.Tensor:
        called.append(1)
        result: torch.Tensor = apply_model(arguments["input"], arguments["timestep"], **arguments["c"])
        return result

    patcher = to_pack("MODEL", model).clone()
    patcher.set_model_unet_function_wrapper(wrapper)
    prompt = (checkpoint.clip.encode("a cat"),)
    latent = Latent(torch.zeros(1, 4, 8, 8))
    settings: dict[str, Any] = {"seed": 1, "steps": 4, "cfg": 2.0, "sampler_name": "euler", "scheduler": "normal"}
    plain, own, through = (
        sample(each, prompt, prompt, latent, **settings).samples
        for each in (checkpoint.model, model, from_pack("MODEL", patcher))
    )
    assert called
    torch.testing.assert_close(through, own, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(plain, own, atol=1e-2)


def test_models_of_sdxl_have_classes_of_their_own(tiny_model: Model) -> None:
    instruct = BesideAdapter(UNetAdapter(), Changing())
    made = {
        "sd1": tiny_model,
        "sdxl": replace(tiny_model, family="sdxl"),
        "instruct": replace(tiny_model, family="sdxl", adapter=instruct),
        "refiner": replace(tiny_model, family="sdxl_refiner"),
    }
    assert {name: type(base_model_of(model)) for name, model in made.items()} == {
        "sd1": BaseModel,
        "sdxl": SDXL,
        "instruct": InstructSDXL,
        "refiner": SDXLRefiner,
    }
