"""ControlNets from a file to a picture: loaders, both ways to apply them, chains, and the memory of the device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.checkpoints.families.sd1 import KIND
from diffusion.checkpoints.networks.unet import build_unet
from diffusion.conditioning import Cond
from diffusion.control.load import load_control_net
from diffusion.latents import LatentFormat
from diffusion.models import Vae
from graph.formats import read_workflow
from graph.widgets import File
from nodes.control import (
    ControlNetApply,
    ControlNetApplyAdvanced,
    ControlNetApplySD3,
    ControlNetInpaintingAliMamaApply,
    ControlNetLoader,
    DiffControlNetLoader,
    SetUnionControlNetType,
)
from runtime.engine import open_studio
from runtime.settings import Settings
from tests.diffusion.control.nets import DIFFUSERS, SD1, UNION, make_control_lora, make_net, write_net
from tests.diffusion.control.transformer_nets import FLUX_FILL, FLUX_SINGLE, write_flux_net
from tests.nodes.folder_host import FolderRun
from tests.tiny_checkpoint import UNET, write_state, write_tiny_checkpoint

PICTURE = torch.rand(1, 16, 16, 3)
POSITIVE, NEGATIVE = (Cond(torch.ones(1, 5, 64)),), (Cond(torch.zeros(1, 5, 64)),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("checkpoints", "controlnet"):
        (tmp_path / "models" / kind).mkdir(parents=True)
    write_net(tmp_path / "models" / "controlnet" / "edges.safetensors", make_net(SD1))
    write_net(tmp_path / "models" / "controlnet" / "union.safetensors", make_net(UNION), DIFFUSERS)
    return tmp_path


def test_both_prompts_share_what_steers_them(folder: Path) -> None:
    net = ControlNetLoader("edges.safetensors", run=FolderRun(folder))
    once = ControlNetApplyAdvanced(POSITIVE, NEGATIVE, net, PICTURE, 0.5, 0.1, 0.9)
    control = once.positive[0].extras["control"]
    assert control is once.negative[0].extras["control"]
    assert (control.strength, control.start_percent, control.end_percent, control.previous) == (0.5, 0.1, 0.9, None)
    twice = ControlNetApplyAdvanced(*once, net, PICTURE)
    assert twice.positive[0].extras["control"].previous is control
    assert twice.positive[0].extras["control_apply_to_uncond"] is False


def test_the_old_node_steers_one_prompt_and_asks_for_the_other(folder: Path) -> None:
    net = ControlNetLoader("edges.safetensors", run=FolderRun(folder))
    (steered,) = ControlNetApply(POSITIVE, net, PICTURE, 2.0)
    assert (steered.extras["control"].strength, steered.extras["control_apply_to_uncond"]) == (2.0, True)
    assert ControlNetApply(POSITIVE, net, PICTURE, 0.0) is POSITIVE


def test_a_union_is_told_its_type(folder: Path) -> None:
    net = ControlNetLoader("union.safetensors", run=FolderRun(folder))
    assert SetUnionControlNetType(net, "depth").type == 1
    assert SetUnionControlNetType(SetUnionControlNetType(net, "depth"), "auto").type is None


@pytest.mark.parametrize("loader", [ControlNetLoader, DiffControlNetLoader])
def test_the_loaders_run_again_when_their_file_changes(loader: Any) -> None:
    assert loader.spec.input("control_net_name").widget == File("controlnet")


def workflow(strength: float, sampler: str = "euler") -> dict[str, Any]:
    """Return a workflow that is steered by a picture."""
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["1", 1]}},
        "3": {"class_type": "ControlNetLoader", "inputs": {"control_net_name": "edges.safetensors"}},
        "4": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 255}},
        "5": {
            "class_type": "ControlNetApplyAdvanced",
            "inputs": {
                **{"positive": ["2", 0], "negative": ["2", 0], "control_net": ["3", 0], "image": ["4", 0]},
                **{"strength": strength, "start_percent": 0.0, "end_percent": 0.6},
            },
        },
        "6": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "7": {
            "class_type": "KSampler",
            "inputs": {
                **{"model": ["1", 0], "positive": ["5", 0], "negative": ["5", 1], "latent_image": ["6", 0]},
                **{"seed": 1, "steps": 3, "cfg": 2.0, "sampler_name": sampler, "scheduler": "normal", "denoise": 1.0},
            },
        },
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["7", 0], "vae": ["1", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": f"{sampler}{strength}"}},
    }


@pytest.mark.parametrize("kind", ["net", "Control-LoRA"])
@pytest.mark.parametrize("budget", [None, 3_000_000])
def test_a_workflow_is_steered_under_any_budget(folder: Path, budget: int | None, kind: str) -> None:
    write_tiny_checkpoint(folder / "models" / "checkpoints" / "tiny.safetensors")
    if kind == "Control-LoRA":
        state = make_control_lora(build_unet(UNET, KIND))
        write_state(folder / "models" / "controlnet" / "edges.safetensors", state)
    with open_studio(Settings(base=folder, device="cpu")) as studio:
        if budget is not None:
            studio.memory.ledger.budget_bytes = budget
        pictures = []
        for strength in (0.0, 1.0, 1.0):
            document = workflow(strength)
            found = studio.engine.run(read_workflow(document, studio.registry.find), prompt=document)
            pictures.append((folder / "output" / found.ui["9"]["images"][0]["filename"]).read_bytes())
        assert pictures[0] != pictures[1]


def test_a_network_for_filling_in_sees_the_picture_without_what_is_to_be_painted(tmp_path: Path) -> None:
    net = load_control_net(write_flux_net(tmp_path / "net.safetensors", FLUX_FILL)[0])
    mask, vae = torch.zeros(1, 16, 16), Vae(torch.nn.Identity(), LatentFormat())
    mask[..., :8] = 1
    applied = ControlNetInpaintingAliMamaApply(POSITIVE, NEGATIVE, net, vae, PICTURE, mask)
    control = applied.positive[0].extras["control"]
    assert control is applied.negative[0].extras["control"]
    assert torch.equal(control.mask, 1 - mask)
    assert torch.equal(control.image, PICTURE * (1 - mask)[..., None])
    other = load_control_net(write_flux_net(tmp_path / "other.safetensors", FLUX_SINGLE)[0])
    control = (
        ControlNetInpaintingAliMamaApply(POSITIVE, NEGATIVE, other, vae, PICTURE, mask).positive[0].extras["control"]
    )
    assert (control.image is PICTURE, control.mask, control.vae is vae) == (True, None, True)


def test_the_node_of_sd3_is_the_other_with_a_vae(folder: Path) -> None:
    net, vae = ControlNetLoader("edges.safetensors", run=FolderRun(folder)), Vae(torch.nn.Identity(), LatentFormat())
    control = ControlNetApplySD3(POSITIVE, NEGATIVE, net, vae, PICTURE, 0.5, 0.1, 0.9).positive[0].extras["control"]
    assert (control.vae is vae, control.strength, control.start_percent, control.end_percent) == (True, 0.5, 0.1, 0.9)
