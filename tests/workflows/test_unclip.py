"""Pictures beside prompts, from the loaders to a saved picture: unCLIP from one checkpoint, SDXL with a network of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from diffusion.checkpoints.networks.clip_vision import VisionLayout
from graph.formats import to_api
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.settings import CacheSettings, Settings
from tests.tiny_checkpoint import write_state
from tests.tiny_unclip import VISION, tiny_unclip, vision_state
from tests.tiny_unets import tiny_networks

ALONE = VisionLayout("vision_model.", is_open_clip=False)
SDXL_POOLED = 32
KINDS = ["unclip", "sdxl"]


def files(kind: str) -> Mapping[str, Mapping[str, Tensor]]:
    """Return the tensors of the model files, by folder."""
    if kind == "unclip":
        return {"checkpoints": tiny_unclip().state}
    vision = vision_state(VISION._replace(projection=SDXL_POOLED), ALONE)
    return {"checkpoints": tiny_networks("sdxl").state, "clip_vision": vision}


def drawing(kind: str, strength: float) -> Workflow:
    """Return a drawing of two pictures, the second of a strength."""
    loader = "unCLIPCheckpointLoader" if kind == "unclip" else "CheckpointLoaderSimple"
    vision = Link("1", 3) if kind == "unclip" else Link("2", 0)
    pictures = [
        node
        for number, share in ((1, 1.0), (2, strength))
        for node in (
            Node(f"load{number}", "LoadImage", {"image": f"{number}.png"}),
            Node(f"see{number}", "CLIPVisionEncode", {"clip_vision": vision, "image": Link(f"load{number}", 0)}),
            Node(
                f"want{number}",
                "unCLIPConditioning",
                {
                    "conditioning": Link("4" if number == 1 else "want1", 0),
                    "clip_vision_output": Link(f"see{number}", 0),
                    "strength": share,
                    "noise_augmentation": 0.1,
                },
            ),
        )
    ]
    prompts = {"positive": Link("want2", 0), "negative": Link("5", 0), "latent_image": Link("6", 0)}
    return Workflow.of(
        Node("1", loader, {"ckpt_name": "tiny.safetensors"}),
        *([] if kind == "unclip" else [Node("2", "CLIPVisionLoader", {"clip_name": "tiny.safetensors"})]),
        Node("3", "CLIPTextEncode", {"text": "", "clip": Link("1", 1)}),
        Node("4", "ConditioningZeroOut", {"conditioning": Link("3", 0)}),
        Node("5", "CLIPTextEncode", {"text": "blurry", "clip": Link("1", 1)}),
        Node("6", "EmptyLatent", {"width": 64, "height": 64, "batch_size": 2}),
        *pictures,
        Node("7", "KSampler", {"model": Link("1", 0), **prompts, "steps": 2, "seed": 1}),
        Node("8", "VAEDecode", {"samples": Link("7", 0), "vae": Link("1", 2)}),
        Node("9", "SaveImage", {"images": Link("8", 0), "filename_prefix": "drawn"}),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_it_draws_what_it_saw(kind: str, tmp_path: Path) -> None:
    for folder, state in files(kind).items():
        (tmp_path / "models" / folder).mkdir(parents=True)
        write_state(tmp_path / "models" / folder / "tiny.safetensors", state)
    (tmp_path / "input").mkdir()
    for number, colour in ((1, (200, 40, 40)), (2, (30, 60, 220))):
        Image.new("RGB", (40, 28), colour).save(tmp_path / "input" / f"{number}.png")
    with open_studio(Settings(tmp_path, device="cpu", cache=CacheSettings(disk_bytes=0))) as studio:
        for strength in (0.8, 0.0):
            workflow = drawing(kind, strength)
            assert validate(workflow, studio.registry) == ()
            studio.engine.run(workflow, prompt=to_api(workflow))
    drawn = [np.asarray(Image.open(path)) for path in sorted((tmp_path / "output").glob("*.png"))]
    assert [picture.shape for picture in drawn] == [(64, 64, 3)] * 4
    assert not np.array_equal(drawn[0], drawn[2])  # the second picture counted
