"""Families whose networks come in files of their own, from the loaders to a saved picture."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from diffusion.checkpoints.networks.kl_vae import VaeSizes, vae_part
from graph.formats import to_api
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.settings import CacheSettings, Settings
from tests.diffusion.checkpoints.written import original_state
from tests.diffusion.control.transformer_nets import FUN_FILL, fun_network
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import LAYERED, text_state, tiny_text, tiny_transformer, tiny_vae_state, transformer_state
from tests.tiny_z_image import Networks as ZImage

FLUX_VAE = VaeSizes((32, 32, 32, 32), 1, 16, has_quant_conv=False)
PROMPT = Link("5", 0)
FOLDERS = {"model": "diffusion_models", "text": "text_encoders", "vae": "vae", "patch": "model_patches"}


def draw(base: Path, workflow: Workflow) -> tuple[int, int]:
    """Run a workflow and return the size of the picture that it saves."""
    with open_studio(Settings(base, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        studio.engine.run(workflow, prompt=to_api(workflow))
    (path,) = (base / "output").glob("*.png")
    with Image.open(path) as picture:
        return picture.size


def write(base: Path, kind: str, state: dict[str, torch.Tensor]) -> None:
    """Write a file of a kind of network where its loader looks for it."""
    folder = base / "models" / FOLDERS[kind]
    folder.mkdir(parents=True)
    write_state(folder / "tiny.safetensors", state)


def drawing(clip_type: str, *changes: Node, positive: Link = PROMPT) -> Workflow:
    """Return text to image; changes replace or add nodes."""
    nodes = {
        "1": Node("1", "UNETLoader", {"unet_name": "tiny.safetensors", "weight_dtype": "default"}),
        "2": Node("2", "CLIPLoader", {"clip_name": "tiny.safetensors", "type": clip_type}),
        "3": Node("3", "VAELoader", {"vae_name": "tiny.safetensors"}),
        "4": Node("4", "ModelSamplingAuraFlow", {"model": Link("1", 0), "shift": 3.0}),
        "5": Node("5", "CLIPTextEncode", {"text": "a (red) house", "clip": Link("2", 0)}),
        "6": Node("6", "ConditioningZeroOut", {"conditioning": Link("5", 0)}),
        "7": Node("7", "EmptySD3LatentImage", {"width": 64, "height": 96}),
        "8": Node(
            "8",
            "KSampler",
            {
                "model": Link("4", 0),
                "positive": positive,
                "negative": Link("6", 0),
                "latent_image": Link("7", 0),
                "steps": 2,
                "cfg": 2.0,
                "sampler_name": "res_multistep",
                "scheduler": "simple",
            },
        ),
        "9": Node("9", "VAEDecode", {"samples": Link("8", 0), "vae": Link("3", 0)}),
        "10": Node("10", "SaveImage", {"images": Link("9", 0)}),
    }
    nodes |= {change.id: change for change in changes}
    return Workflow.of(*nodes.values())


def write_z_image(base: Path) -> None:
    """Write the three files of a tiny Z-Image."""
    networks, part = ZImage(), vae_part(FLUX_VAE, "")
    vae = part.build()
    write(base, "model", networks.state(""))
    write(base, "text", networks.text_state("model."))
    write(base, "vae", original_state([(vae, part.keys(vae))]))


def test_z_image_draws(tmp_path: Path) -> None:
    write_z_image(tmp_path)
    assert draw(tmp_path, drawing("lumina2")) == (64, 96)


def test_z_image_follows_a_picture(tmp_path: Path) -> None:
    write_z_image(tmp_path)
    write(tmp_path, "patch", fun_network(FUN_FILL._replace(refiners=1)).state_dict())
    given = {"model": Link("1", 0), "model_patch": Link("11", 0), "vae": Link("3", 0), "image": Link("12", 0)}
    more = {"inpaint_image": Link("12", 0), "mask": Link("13", 0)}
    nodes = (
        Node("11", "ModelPatchLoader", {"name": "tiny.safetensors"}),
        Node("12", "EmptyImage", {"width": 64, "height": 64, "color": 255}),
        Node("13", "SolidMask", {"value": 1.0, "width": 64, "height": 64}),
    )
    seen = set()
    for strength in (0.0, 1.0):
        patched = Node("14", "ZImageFunControlnet", {**given, **more, "strength": strength})
        shifted = Node("4", "ModelSamplingAuraFlow", {"model": Link("14", 0), "shift": 3.0})
        assert draw(tmp_path, drawing("lumina2", *nodes, patched, shifted)) == (64, 96)
        (path,) = (tmp_path / "output").glob("*.png")
        seen.add(Image.open(path).tobytes())
        path.unlink()
    assert len(seen) == 2


def write_qwen_image(base: Path) -> None:
    """Write the three files of a tiny Qwen-Image."""
    write(base, "model", transformer_state(tiny_transformer(), ""))
    write(base, "text", text_state(tiny_text(), "model."))
    write(base, "vae", tiny_vae_state())


def test_qwen_image_draws(tmp_path: Path) -> None:
    write_qwen_image(tmp_path)
    assert draw(tmp_path, drawing("qwen_image")) == (64, 96)


def test_qwen_image_takes_a_picture_apart(tmp_path: Path) -> None:
    write(tmp_path, "model", transformer_state(tiny_transformer(LAYERED), ""))
    write(tmp_path, "text", text_state(tiny_text(), "model."))
    write(tmp_path, "vae", tiny_vae_state(pixel_channels=4))
    (tmp_path / "input").mkdir()
    Image.new("RGB", (40, 56), (90, 120, 60)).save(tmp_path / "input" / "grey.png")
    layers = drawing(
        "qwen_image",
        Node("6", "ReferenceLatent", {"conditioning": Link("5", 0), "latent": Link("12", 0)}),
        Node("7", "EmptyQwenImageLayeredLatentImage", {"width": 32, "height": 48, "layers": 2}),
        Node("9", "VAEDecode", {"samples": Link("14", 0), "vae": Link("3", 0)}),
        Node("11", "LoadImage", {"image": "grey.png"}),
        Node("12", "VAEEncode", {"pixels": Link("11", 0), "vae": Link("3", 0)}),
        Node("13", "LatentCut", {"samples": Link("8", 0), "dim": "t", "index": 1, "amount": 16384}),
        Node("14", "LatentCutToBatch", {"samples": Link("13", 0), "dim": "t", "slice_size": 1}),
        positive=Link("6", 0),
    )
    with open_studio(Settings(tmp_path, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        studio.engine.run(layers, prompt=to_api(layers))
    paths = list((tmp_path / "output").glob("*.png"))
    assert len(paths) == 2
    for path in paths:
        with Image.open(path) as picture:
            assert (picture.mode, picture.size) == ("RGBA", (32, 48))


def test_qwen_image_edits(tmp_path: Path) -> None:
    write_qwen_image(tmp_path)
    (tmp_path / "input").mkdir()
    Image.new("RGB", (40, 56), (90, 120, 60)).save(tmp_path / "input" / "grey.png")
    shown = {"clip": Link("2", 0), "image1": Link("11", 0)}
    edit = drawing(
        "qwen_image",
        Node("5", "TextEncodeQwenImageEditPlus", {"prompt": "make it night", **shown}),
        Node("12", "ReferenceLatent", {"conditioning": Link("5", 0), "latent": Link("7", 0)}),
        Node("6", "TextEncodeQwenImageEditPlus", {"prompt": "", **shown}),
        Node("7", "VAEEncode", {"pixels": Link("11", 0), "vae": Link("3", 0)}),
        Node("11", "LoadImage", {"image": "grey.png"}),
        positive=Link("12", 0),
    )
    assert draw(tmp_path, edit) == (40, 56)
