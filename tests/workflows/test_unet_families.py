"""A tiny checkpoint of each family with a U-Net, from the loader to a saved picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from graph.formats import to_api
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.settings import CacheSettings, Settings
from tests.tiny_checkpoint import write_state
from tests.tiny_unets import RECIPES, tiny_networks

PICTURES = {
    "inpaint": (
        "InpaintModelConditioning",
        {"vae": Link("1", 2), "pixels": Link("9", 0), "mask": Link("9", 1), "noise_mask": True},
    ),
    "instruct": ("InstructPixToPixConditioning", {"vae": Link("1", 2), "pixels": Link("9", 0)}),
}


def drawing(name: str) -> Workflow:
    """Return text to image, or what a model that sees a picture does with one."""
    use = PICTURES.get(name.partition("_")[2])
    prompts = {"positive": Link("2", 0), "negative": Link("3", 0), "latent_image": Link("4", 0)}
    nodes = [
        Node("1", "LoadCheckpoint", {"ckpt_name": "tiny.safetensors"}),
        Node("2", "CLIPTextEncode", {"text": "a (red:1.2) house", "clip": Link("1", 1)}),
        Node("3", "CLIPTextEncode", {"text": "blurry", "clip": Link("1", 1)}),
        Node("4", "EmptyLatent", {"width": 64, "height": 64}),
        Node("6", "VAEDecode", {"samples": Link("5", 0), "vae": Link("1", 2)}),
        Node("7", "SaveImage", {"images": Link("6", 0), "filename_prefix": name}),
    ]
    if use is not None:
        nodes.append(Node("9", "LoadImage", {"image": "grey.png"}))
        nodes.append(Node("8", use[0], {"positive": Link("2", 0), "negative": Link("3", 0), **use[1]}))
        prompts = {"positive": Link("8", 0), "negative": Link("8", 1), "latent_image": Link("8", 2)}
    nodes.append(Node("5", "KSampler", {"model": Link("1", 0), **prompts, "steps": 2, "seed": 1}))
    return Workflow.of(*nodes)


def few_steps(kind: str) -> Workflow:
    """Return a drawing in few steps, as distilled models want it: LCM, Lightning (as Hyper), Turbo."""
    workflow = drawing("sdxl")
    nodes = {name: node for name, node in workflow.nodes.items() if name != "5"}
    inputs = {**workflow.nodes["5"].inputs, "cfg": 1.0}
    if kind == "turbo":
        shared = {name: inputs[name] for name in ("model", "positive", "negative", "latent_image", "cfg")}
        nodes["8"] = Node("8", "SDTurboScheduler", {"model": Link("1", 0), "steps": 2})
        nodes["9"] = Node("9", "KSamplerSelect", {"sampler_name": "euler_ancestral"})
        custom = {"sampler": Link("9", 0), "sigmas": Link("8", 0), "noise_seed": 1, "add_noise": True}
        return Workflow.of(*nodes.values(), Node("5", "SamplerCustom", {**shared, **custom}))
    if kind == "lcm":
        nodes["8"] = Node("8", "ModelSamplingDiscrete", {"model": Link("1", 0), "sampling": "lcm"})
        inputs |= {"model": Link("8", 0), "sampler_name": "lcm"}
    return Workflow.of(*nodes.values(), Node("5", "KSampler", {**inputs, "scheduler": "sgm_uniform"}))


@pytest.mark.parametrize("kind", ["lcm", "lightning", "turbo"])
def test_distilled_models_draw_in_few_steps(kind: str, tmp_path: Path) -> None:
    draw("sdxl", few_steps(kind), tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_a_checkpoint_draws(name: str, tmp_path: Path) -> None:
    draw(name, drawing(name), tmp_path)


def draw(name: str, workflow: Workflow, tmp_path: Path) -> None:
    """Run a workflow on a tiny checkpoint; it saves one picture."""
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    write_state(folder / "tiny.safetensors", tiny_networks(name).state)
    (tmp_path / "input").mkdir()
    Image.new("RGBA", (64, 64), (90, 120, 60, 100)).save(tmp_path / "input" / "grey.png")
    with open_studio(Settings(tmp_path, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        studio.engine.run(workflow, prompt=to_api(workflow))
    (path,) = (tmp_path / "output").glob("*.png")
    with Image.open(path) as picture:
        assert picture.size == (64, 64)
