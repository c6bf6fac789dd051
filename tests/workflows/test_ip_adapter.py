"""Models of Stable Diffusion prompted with a picture, from the loaders to a saved picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from graph.formats import to_api
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from runtime.engine import Studio, open_studio
from runtime.memory_settings import MemorySettings, Residence
from runtime.settings import CacheSettings, Settings
from tests.diffusion.test_clip_vision import CLIP, OWN, filled, write
from tests.tiny_checkpoint import TinyNetworks, write_state
from tests.tiny_ip_adapters import sizes_for, write_adapter
from tests.tiny_unets import tiny_networks


def drawing(weight: float, end_at: float = 1.0) -> Workflow:
    prompted = {"model": Link("1", 0), "ipadapter": Link("4", 0), "image": Link("7", 0), "clip_vision": Link("5", 0)}
    return Workflow.of(
        Node("1", "LoadCheckpoint", {"ckpt_name": "tiny.safetensors"}),
        Node("2", "CLIPTextEncode", {"text": "a house", "clip": Link("1", 1)}),
        Node("3", "EmptyLatent", {"width": 64, "height": 64}),
        Node("4", "IPAdapterModelLoader", {"ipadapter_file": "plus.safetensors"}),
        Node("5", "CLIPVisionLoader", {"clip_name": "vision.safetensors"}),
        Node("6", "LoadImage", {"image": "like.png"}),
        Node("7", "PrepImageForClipVision", {"image": Link("6", 0), "crop_position": "center", "sharpening": 0.1}),
        Node("8", "IPAdapterAdvanced", {**prompted, "weight": weight, "start_at": 0.0, "end_at": end_at}),
        Node(
            "9",
            "KSampler",
            {
                "model": Link("8", 0),
                "positive": Link("2", 0),
                "negative": Link("2", 0),
                "latent_image": Link("3", 0),
                "steps": 2,
                "cfg": 2.0,
                "seed": 1,
            },
        ),
        Node("10", "VAEDecode", {"samples": Link("9", 0), "vae": Link("1", 2)}),
        Node("11", "SaveImage", {"images": Link("10", 0), "filename_prefix": "like"}),
    )


def write_files(base: Path, name: str) -> None:
    """Write a checkpoint, an adapter for it, a CLIP vision network and a picture."""
    for folder in ("models/checkpoints", "models/clip_vision", "input"):
        (base / folder).mkdir(parents=True)
    networks = TinyNetworks() if name == "sd1" else tiny_networks(name)
    state = networks.original_state() if isinstance(networks, TinyNetworks) else networks.state
    write_state(base / "models/checkpoints/tiny.safetensors", state)
    write_adapter(base / "models/ipadapter/plus.safetensors", sizes_for(networks.unet, "plus"))
    write(base / "models/clip_vision/vision.safetensors", filled(CLIP), CLIP, OWN)
    Image.new("RGB", (80, 64), (90, 120, 60)).save(base / "input/like.png")


def drawn(studio: Studio, base: Path, workflow: Workflow) -> bytes:
    assert validate(workflow, studio.registry) == ()
    ui = studio.engine.run(workflow, prompt=to_api(workflow)).ui["11"]
    return Image.open(base / "output" / ui["images"][0]["filename"]).tobytes()


def opened(base: Path, residence: Residence) -> Studio:
    return open_studio(
        Settings(base, device="cpu", cache=CacheSettings(disk_bytes=0), memory=MemorySettings(residence=residence))
    )


@pytest.mark.parametrize("name", ["sd1", "sdxl"])
def test_a_picture_changes_what_is_drawn_for_its_part_of_the_way(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, name)
    with opened(tmp_path, Residence.NORMAL) as studio:
        found = [drawn(studio, tmp_path, drawing(*how)) for how in [(0.0,), (0.8,), (0.8, 0.1)]]
        lying = {block.name for block in studio.memory.ledger.blocks}
    assert len(set(found)) == 3
    assert any(" ip adapter/" in block for block in lying)
    with opened(tmp_path, Residence.NONE) as streamed:
        assert drawn(streamed, tmp_path, drawing(0.8)) == found[1]
