"""Flux.2 klein from files of its own, from the loaders to a saved picture made after another."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from graph.formats import to_api
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.settings import CacheSettings, Settings
from tests.tiny_flux2 import FLUX2, write_flux2

EDITING = Workflow.of(
    Node("1", "UNETLoader", {"unet_name": "flux2.safetensors", "weight_dtype": "default"}),
    Node("2", "CLIPLoader", {"clip_name": "qwen3.safetensors", "type": "flux2"}),
    Node("3", "VAELoader", {"vae_name": "flux2-vae.safetensors"}),
    Node("4", "CLIPTextEncode", {"text": "a house", "clip": Link("2", 0)}),
    Node("5", "ConditioningZeroOut", {"conditioning": Link("4", 0)}),
    Node("6", "LoadImage", {"image": "grey.png"}),
    Node("7", "VAEEncode", {"pixels": Link("6", 0), "vae": Link("3", 0)}),
    Node("8", "ReferenceLatent", {"conditioning": Link("4", 0), "latent": Link("7", 0)}),
    Node("9", "CFGGuider", {"model": Link("1", 0), "positive": Link("8", 0), "negative": Link("5", 0), "cfg": 2.0}),
    Node("10", "RandomNoise", {"noise_seed": 1}),
    Node("11", "KSamplerSelect", {"sampler_name": "euler"}),
    Node("12", "Flux2Scheduler", {"steps": 2, "width": 96, "height": 48}),
    Node("13", "EmptyFlux2LatentImage", {"width": 96, "height": 48}),
    Node(
        "14",
        "SamplerCustomAdvanced",
        {
            "noise": Link("10", 0),
            "guider": Link("9", 0),
            "sampler": Link("11", 0),
            "sigmas": Link("12", 0),
            "latent_image": Link("13", 0),
        },
    ),
    Node("15", "VAEDecode", {"samples": Link("14", 0), "vae": Link("3", 0)}),
    Node("16", "SaveImage", {"images": Link("15", 0), "filename_prefix": "flux2"}),
)


def test_a_model_of_three_files_edits_a_picture(tmp_path: Path) -> None:
    write_flux2(tmp_path / "models", FLUX2._replace(has_guidance=False))
    (tmp_path / "input").mkdir()
    Image.new("RGB", (64, 32), (90, 120, 60)).save(tmp_path / "input" / "grey.png")
    with open_studio(Settings(tmp_path, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        assert validate(EDITING, studio.registry) == ()
        studio.engine.run(EDITING, prompt=to_api(EDITING))
    (path,) = (tmp_path / "output").glob("*.png")
    with Image.open(path) as picture:
        assert picture.size == (96, 48)
