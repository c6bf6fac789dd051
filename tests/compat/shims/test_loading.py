"""Models from files, as packs load them through ComfyUI's modules."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.checkpoints.families.sd1 import TEXT
from diffusion.clip_vision import load_clip_vision
from runtime.machine import LocalMachine
from tests.diffusion.control.nets import SD1, make_net, write_net
from tests.diffusion.test_clip_vision import CLIP, OWN, filled, write
from tests.tiny_checkpoint import write_state
from tests.tiny_unclip import tiny_unclip
from tests.tiny_unets import PICTURE_WIDTH


@pytest.fixture
def modules(machine: LocalMachine) -> Any:
    """Return comfy.sd and comfy.controlnet."""
    return importlib.import_module("comfy.sd"), importlib.import_module("comfy.controlnet")


def test_a_network_of_its_own_is_that_of_the_checkpoint(modules: Any, machine: LocalMachine, checkpoint: str) -> None:
    sd, _ = modules
    path = str(machine.folders.find_model("checkpoints", checkpoint))
    alone, (whole, *_) = sd.load_diffusion_model(path), sd.load_checkpoint_guess_config(path)
    assert type(alone) is type(whole)
    first, second = alone.model_state_dict(), whole.model_state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_control_net_is_loaded_and_applied(modules: Any, tmp_path: Path) -> None:
    _, controlnet = modules
    write_net(tmp_path / "edges.safetensors", make_net(SD1))
    net = controlnet.load_controlnet(str(tmp_path / "edges.safetensors"))
    applied = net.copy().set_cond_hint(torch.rand(1, 3, 64, 64), 0.5, (0.0, 0.5))
    assert (applied.strength, net.strength) == (0.5, 1.0)


def test_text_encoders_of_their_own_read_as_those_of_the_checkpoint(
    modules: Any, machine: LocalMachine, checkpoint: str, tmp_path: Path
) -> None:
    sd, _ = modules
    path = machine.folders.find_model("checkpoints", checkpoint)
    part = {
        f"text_model.{key.removeprefix(TEXT)}": each for key, each in load_file(path).items() if key.startswith(TEXT)
    }
    save_file(part, tmp_path / "clip_l.safetensors")
    alone = sd.load_clip([str(tmp_path / "clip_l.safetensors")], clip_type=sd.CLIPType.STABLE_DIFFUSION)
    whole = sd.load_checkpoint_guess_config(str(path))[1]
    first, second = (clip.encode_from_tokens(clip.tokenize("a cat")) for clip in (alone, whole))
    torch.testing.assert_close(first, second)
    assert (sd.CLIPType.STABLE_DIFFUSION.value, sd.CLIPType.MINIMAX.value) == (1, 35)


def test_a_network_that_reads_pictures_is_loaded_and_asked(modules: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "vision.safetensors", filled(CLIP), CLIP, OWN)
    module = importlib.import_module("comfy.clip_vision")
    image = torch.rand(1, 40, 30, 3)
    vision = module.load(str(path))
    seen = vision.encode_image(image)
    assert isinstance(seen, module.Output)
    assert torch.equal(seen["image_embeds"], load_clip_vision(path).encode_image(image).image_embeds)
    assert module.clip_preprocess(image, size=vision.image_size).shape == (1, 3, vision.image_size, vision.image_size)


def test_an_unclip_checkpoint_gives_what_reads_pictures(modules: Any, checkpoint: str, machine: LocalMachine) -> None:
    sd, _ = modules
    plain = machine.folders.find_model("checkpoints", checkpoint)
    path = write_state(plain.with_name("unclip.safetensors"), tiny_unclip().state)
    vision = sd.load_checkpoint_guess_config(str(path), output_clipvision=True)[3]
    assert vision.encode_image(torch.rand(1, 40, 30, 3))["image_embeds"].shape == (1, PICTURE_WIDTH)
    assert sd.load_checkpoint_guess_config(str(path))[3] is None
    assert sd.load_checkpoint_guess_config(str(plain), output_clipvision=True)[3] is None
