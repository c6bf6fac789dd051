"""Stable Diffusion 3, from the loaders to a saved picture: from files of its own, and from one checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from graph.formats import to_api
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.settings import CacheSettings, Settings
from tests.tiny_checkpoint import write_state
from tests.tiny_sd3 import SD35_MEDIUM, checkpoint_state, write_sd3

TEXTS = {"clip_l": "a house", "clip_g": "a (red:1.2) house", "t5xxl": "", "empty_padding": "none"}


def drawing(*, is_one_file: bool) -> Workflow:
    """Return text to image, as the templates of SD3 have it."""
    loaders = [
        Node("1", "UNETLoader", {"unet_name": "sd3.safetensors", "weight_dtype": "default"}),
        Node("2", "TripleCLIPLoader", {f"clip_name{n}": f"{name}.safetensors" for n, name in enumerate(NAMES, 1)}),
        Node("3", "VAELoader", {"vae_name": "sd3.safetensors"}),
    ]
    checkpoint = [Node("1", "CheckpointLoaderSimple", {"ckpt_name": "sd3.safetensors"})]
    model, clip, vae = (Link("1", n) if is_one_file else Link(str(n + 1), 0) for n in range(3))
    settings = {
        "seed": 1,
        "steps": 2,
        "cfg": 4.0,
        "sampler_name": "dpmpp_2m",
        "scheduler": "sgm_uniform",
        "denoise": 1.0,
    }
    links = {"positive": Link("5", 0), "negative": Link("6", 0), "latent_image": Link("7", 0)}
    return Workflow.of(
        *(checkpoint if is_one_file else loaders),
        Node("4", "ModelSamplingSD3", {"model": model, "shift": 3.0}),
        Node("5", "CLIPTextEncodeSD3", {"clip": clip, **TEXTS}),
        Node("6", "CLIPTextEncode", {"text": "", "clip": clip}),
        Node("7", "EmptySD3LatentImage", {"width": 80, "height": 48}),
        Node("8", "KSampler", {"model": Link("4", 0), **links, **settings}),
        Node("9", "VAEDecode", {"samples": Link("8", 0), "vae": vae}),
        Node("10", "SaveImage", {"images": Link("9", 0), "filename_prefix": "sd3"}),
    )


NAMES = ("clip_l", "clip_g", "t5xxl")


@pytest.mark.parametrize("is_one_file", [False, True], ids=["files", "checkpoint"])
def test_it_draws(is_one_file: bool, tmp_path: Path) -> None:
    if is_one_file:
        (tmp_path / "models" / "checkpoints").mkdir(parents=True)
        write_state(tmp_path / "models" / "checkpoints" / "sd3.safetensors", checkpoint_state(SD35_MEDIUM))
    else:
        write_sd3(tmp_path / "models", SD35_MEDIUM)
    workflow = drawing(is_one_file=is_one_file)
    with open_studio(Settings(tmp_path, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        assert validate(workflow, studio.registry) == ()
        studio.engine.run(workflow, prompt=to_api(workflow))
    (path,) = (tmp_path / "output").glob("*.png")
    with Image.open(path) as picture:
        assert picture.size == (80, 48)
