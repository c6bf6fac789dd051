"""Transformers steered by pictures, from the loaders to a saved picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from graph.formats import to_api
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.settings import CacheSettings, Settings
from tests.diffusion.control.transformer_nets import (
    FLUX_FILL,
    FLUX_UNION,
    QWEN_NET,
    SD3_NET,
    XLABS,
    block_wise_state,
    write_flux_net,
    write_qwen_net,
    write_sd3_net,
    write_sd35_net,
)
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import write_flux
from tests.tiny_qwen_image import text_state, tiny_text, tiny_transformer, tiny_vae_state, transformer_state
from tests.tiny_sd3 import write_sd3

FLUX_FILES = {"clip_name1": "clip_l.safetensors", "clip_name2": "t5xxl.safetensors", "type": "flux"}


def drawing(loaders: list[Node], apply: str, strength: float, more: dict[str, Any]) -> Workflow:
    """Return a workflow: loaders of the model (1), text encoders (2) and VAE (3), and a network applied by a node."""
    prompts = {"positive": Link("4", 0), "negative": Link("4", 0)}
    return Workflow.of(
        *loaders,
        Node("4", "CLIPTextEncode", {"text": "a house", "clip": Link("2", 0)}),
        Node("5", "LoadImage", {"image": "edges.png"}),
        Node("6", "ControlNetLoader", {"control_net_name": "net.safetensors"}),
        Node("7", "SetUnionControlNetType", {"control_net": Link("6", 0), "type": "depth"}),
        Node(
            "8",
            apply,
            {
                **prompts,
                **more,
                "control_net": Link("7", 0),
                "vae": Link("3", 0),
                "image": Link("5", 0),
                "strength": strength,
            },
        ),
        Node("9", "EmptySD3LatentImage", {"width": 64, "height": 48}),
        Node(
            "10",
            "KSampler",
            {
                "model": Link("1", 0),
                "positive": Link("8", 0),
                "negative": Link("8", 1),
                "latent_image": Link("9", 0),
                "steps": 2,
                "cfg": 2.0,
                "seed": 1,
            },
        ),
        Node("11", "VAEDecode", {"samples": Link("10", 0), "vae": Link("3", 0)}),
        Node("12", "SaveImage", {"images": Link("11", 0), "filename_prefix": f"strength {strength}"}),
    )


def flux_loaders() -> list[Node]:
    return [
        Node("1", "UNETLoader", {"unet_name": "flux.safetensors", "weight_dtype": "default"}),
        Node("2", "DualCLIPLoader", FLUX_FILES),
        Node("3", "VAELoader", {"vae_name": "ae.safetensors"}),
    ]


def pictures_of(base: Path, loaders: list[Node], apply: str, more: dict[str, Any]) -> list[bytes]:
    """Return the pictures that a network draws with no strength, and with some."""
    (base / "input").mkdir(exist_ok=True)
    picture = Image.new("RGBA", (64, 48), (90, 120, 60, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 32, 48))
    picture.save(base / "input" / "edges.png")
    found = []
    with open_studio(Settings(base, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        for strength in (0.0, 1.0):
            workflow = drawing(loaders, apply, strength, more)
            assert validate(workflow, studio.registry) == ()
            ui = studio.engine.run(workflow, prompt=to_api(workflow)).ui["12"]
            found.append(Image.open(base / "output" / ui["images"][0]["filename"]).tobytes())
    return found


@pytest.mark.parametrize(
    ("sizes", "apply", "more"),
    [
        (FLUX_UNION, "ControlNetApplyAdvanced", {}),
        (XLABS, "ControlNetApplySD3", {}),
        (FLUX_FILL, "ControlNetInpaintingAliMamaApply", {"mask": Link("5", 1)}),
    ],
    ids=["union", "xlabs", "fill"],
)
def test_flux_is_steered(tmp_path: Path, sizes: Any, apply: str, more: dict[str, Any]) -> None:
    write_flux(tmp_path / "models")
    (tmp_path / "models" / "controlnet").mkdir()
    write_flux_net(tmp_path / "models" / "controlnet" / "net.safetensors", sizes)
    plain, steered = pictures_of(tmp_path, flux_loaders(), apply, more)
    assert plain != steered


@pytest.mark.parametrize("is_stabilitys", [False, True])
def test_sd3_is_steered(tmp_path: Path, is_stabilitys: bool) -> None:
    write_sd3(tmp_path / "models")
    (tmp_path / "models" / "controlnet").mkdir()
    path = tmp_path / "models" / "controlnet" / "net.safetensors"
    if is_stabilitys:
        write_sd35_net(path, kind=2)
    else:
        write_sd3_net(path, SD3_NET)
    clips = {"clip_name1": "clip_l.safetensors", "clip_name2": "clip_g.safetensors", "clip_name3": "t5xxl.safetensors"}
    loaders = [
        Node("1", "UNETLoader", {"unet_name": "sd3.safetensors", "weight_dtype": "default"}),
        Node("2", "TripleCLIPLoader", clips),
        Node("3", "VAELoader", {"vae_name": "sd3.safetensors"}),
    ]
    plain, steered = pictures_of(tmp_path, loaders, "ControlNetApplySD3", {})
    assert plain != steered


def qwen_loaders(models: Path) -> list[Node]:
    """Write a tiny Qwen-Image and return the nodes that load it."""
    states = {
        "diffusion_models": transformer_state(tiny_transformer(), ""),
        "text_encoders": text_state(tiny_text(), "model."),
        "vae": tiny_vae_state(),
    }
    for folder, state in states.items():
        (models / folder).mkdir(parents=True)
        write_state(models / folder / "qwen.safetensors", state)
    return [
        Node("1", "UNETLoader", {"unet_name": "qwen.safetensors", "weight_dtype": "default"}),
        Node("2", "CLIPLoader", {"clip_name": "qwen.safetensors", "type": "qwen_image"}),
        Node("3", "VAELoader", {"vae_name": "qwen.safetensors"}),
    ]


def test_qwen_image_is_steered(tmp_path: Path) -> None:
    loaders = qwen_loaders(tmp_path / "models")
    (tmp_path / "models" / "controlnet").mkdir()
    write_qwen_net(tmp_path / "models" / "controlnet" / "net.safetensors", QWEN_NET)
    plain, steered = pictures_of(tmp_path, loaders, "ControlNetApplyAdvanced", {})
    assert plain != steered


def test_a_network_goes_along_with_qwen_image(tmp_path: Path) -> None:
    """Beside a ControlNet without strength: what changes the picture is the network that goes along."""
    loaders = qwen_loaders(tmp_path / "models")
    for folder in ("controlnet", "model_patches"):
        (tmp_path / "models" / folder).mkdir()
    write_qwen_net(tmp_path / "models" / "controlnet" / "net.safetensors", QWEN_NET)
    write_state(tmp_path / "models" / "model_patches" / "patch.safetensors", block_wise_state(1))
    found = []
    for strength in (0.0, 1.0):
        given = {"model": Link("0", 0), "model_patch": Link("13", 0), "vae": Link("3", 0), "image": Link("5", 0)}
        along = [
            Node("0", loaders[0].type, loaders[0].inputs),
            Node("13", "ModelPatchLoader", {"name": "patch.safetensors"}),
            Node("1", "QwenImageDiffsynthControlnet", {**given, "mask": Link("5", 1), "strength": strength}),
            *loaders[1:],
        ]
        found.append(pictures_of(tmp_path, along, "ControlNetApplyAdvanced", {})[0])
    assert found[0] != found[1]
