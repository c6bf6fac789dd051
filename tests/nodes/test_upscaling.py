"""Upscaling by a network, from a file to a picture."""

from __future__ import annotations

from pathlib import Path

import torch

from diffusion.upscalers.compact import CompactNet, CompactSizes
from graph.formats import read_workflow
from graph.widgets import File
from nodes.upscaling import ImageUpscaleWithModel, UpscaleModelLoader
from runtime.engine import open_studio
from runtime.settings import Settings
from tests.nodes.folder_host import FolderRun


def write_upscaler(root: Path) -> CompactNet:
    folder = root / "models" / "upscale_models"
    folder.mkdir(parents=True)
    network = CompactNet(CompactSizes(3, 3, width=4, layers=1, scale=2)).eval().requires_grad_(False)
    torch.save({"params": network.state_dict()}, folder / "2x.pth")
    return network


def test_a_picture_becomes_as_large_as_the_model_makes_it(tmp_path: Path) -> None:
    network = write_upscaler(tmp_path)
    run = FolderRun(tmp_path)
    image = torch.rand(2, 6, 5, 3)
    larger = ImageUpscaleWithModel(UpscaleModelLoader("2x.pth", run=run), image, run=run)
    torch.testing.assert_close(larger, network(image.movedim(-1, 1)).clamp(0, 1).movedim(1, -1))
    assert run.told == [(1, 2), (2, 2)]


def test_the_loader_runs_again_when_its_file_changes() -> None:
    (socket,) = UpscaleModelLoader.spec.inputs
    assert socket.widget == File("upscale_models")


def test_a_workflow_upscales_under_the_memory_scheduler(tmp_path: Path) -> None:
    write_upscaler(tmp_path)
    document = {
        "1": {"class_type": "UpscaleModelLoader", "inputs": {"model_name": "2x.pth"}},
        "2": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 8, "batch_size": 1, "color": 255}},
        "3": {"class_type": "ImageUpscaleWithModel", "inputs": {"upscale_model": ["1", 0], "image": ["2", 0]}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }
    with open_studio(Settings(base=tmp_path, device="cpu")) as studio:
        studio.engine.run(read_workflow(document, studio.registry.find), prompt=document)
        assert len(studio.memory.ledger.blocks) > 0  # the weights lie in the memory of the device
