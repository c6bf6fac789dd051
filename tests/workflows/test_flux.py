"""Flux.1 from files of its own, from the loaders to a saved picture: text to image, and an edited picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from graph.formats import to_api
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.settings import CacheSettings, Settings
from tests.tiny_flux import FLUX, write_flux


def drawing(*, edits: bool) -> Workflow:
    """Return a workflow as the templates of Flux have it; with a picture to work from if it edits."""
    positive = Link("8", 0) if edits else Link("5", 0)
    editing = [
        Node("6", "LoadImage", {"image": "grey.png"}),
        Node("7", "VAEEncode", {"pixels": Link("6", 0), "vae": Link("3", 0)}),
        Node("8", "ReferenceLatent", {"conditioning": Link("5", 0), "latent": Link("7", 0)}),
    ]
    return Workflow.of(
        Node("1", "UNETLoader", {"unet_name": "flux.safetensors", "weight_dtype": "default"}),
        Node(
            "2",
            "DualCLIPLoader",
            {"clip_name1": "clip_l.safetensors", "clip_name2": "t5xxl.safetensors", "type": "flux"},
        ),
        Node("3", "VAELoader", {"vae_name": "ae.safetensors"}),
        Node("4", "CLIPTextEncode", {"text": "a (red:1.2) house", "clip": Link("2", 0)}),
        Node("5", "FluxGuidance", {"conditioning": Link("4", 0), "guidance": 2.5}),
        *(editing if edits else []),
        Node("9", "ModelSamplingFlux", {"model": Link("1", 0), "width": 80, "height": 48}),
        Node("10", "BasicGuider", {"model": Link("9", 0), "conditioning": positive}),
        Node("11", "RandomNoise", {"noise_seed": 1}),
        Node("12", "KSamplerSelect", {"sampler_name": "euler"}),
        Node("13", "BasicScheduler", {"model": Link("9", 0), "scheduler": "simple", "steps": 2}),
        Node("14", "EmptySD3LatentImage", {"width": 80, "height": 48}),
        Node(
            "15",
            "SamplerCustomAdvanced",
            {
                "noise": Link("11", 0),
                "guider": Link("10", 0),
                "sampler": Link("12", 0),
                "sigmas": Link("13", 0),
                "latent_image": Link("14", 0),
            },
        ),
        Node("16", "VAEDecode", {"samples": Link("15", 0), "vae": Link("3", 0)}),
        Node("17", "SaveImage", {"images": Link("16", 0), "filename_prefix": "flux"}),
    )


@pytest.mark.parametrize("edits", [False, True], ids=["draws", "edits"])
def test_a_model_of_three_files_draws(edits: bool, tmp_path: Path) -> None:
    write_flux(tmp_path / "models")
    (tmp_path / "input").mkdir()
    Image.new("RGB", (64, 32), (90, 120, 60)).save(tmp_path / "input" / "grey.png")
    workflow = drawing(edits=edits)
    with open_studio(Settings(tmp_path, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        assert validate(workflow, studio.registry) == ()
        studio.engine.run(workflow, prompt=to_api(workflow))
    (path,) = (tmp_path / "output").glob("*.png")
    with Image.open(path) as picture:
        assert picture.size == (80, 48)


def test_fill_paints_where_the_mask_is(tmp_path: Path) -> None:
    write_flux(tmp_path / "models", FLUX._replace(in_channels=384))
    (tmp_path / "input").mkdir()
    Image.new("RGBA", (80, 48), (90, 120, 60, 100)).save(tmp_path / "input" / "grey.png")
    loaded = [node for node in drawing(edits=False).nodes.values() if int(node.id) <= 5]
    seen = {"positive": Link("5", 0), "negative": Link("4", 0), "vae": Link("3", 0)}
    workflow = Workflow.of(
        *loaded,
        Node("6", "LoadImage", {"image": "grey.png"}),
        Node(
            "7", "InpaintModelConditioning", {**seen, "pixels": Link("6", 0), "mask": Link("6", 1), "noise_mask": True}
        ),
        Node(
            "8",
            "KSampler",
            {
                "model": Link("1", 0),
                "positive": Link("7", 0),
                "negative": Link("7", 1),
                "latent_image": Link("7", 2),
                "steps": 2,
                "cfg": 1.0,
                "seed": 1,
            },
        ),
        Node("9", "VAEDecode", {"samples": Link("8", 0), "vae": Link("3", 0)}),
        Node("10", "SaveImage", {"images": Link("9", 0), "filename_prefix": "fill"}),
    )
    with open_studio(Settings(tmp_path, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        studio.engine.run(workflow, prompt=to_api(workflow))
    (path,) = (tmp_path / "output").glob("*.png")
    with Image.open(path) as picture:
        assert picture.size == (80, 48)
