"""Previews by tiny VAEs where they are asked for and there; and tiny VAEs among the choices of loaders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.checkpoints.families import sdxl
from diffusion.latent_formats import FLUX
from diffusion.latents import LatentFormat
from diffusion.tiny_vae import TINY_VAES
from graph.formats import read_workflow
from nodes.loaders import VAELoader
from nodes.previews import previewer
from runtime.engine import Studio, open_studio
from runtime.settings import Settings
from tests.diffusion.test_tiny_vae import Files
from tests.nodes.folder_host import FolderRun

LATENTS = torch.zeros(1, 4, 3, 5)


def run_asking(root: Path, method: str | None) -> FolderRun:
    run = FolderRun(root)
    run.extra = {} if method is None else {"preview_method": method}
    return run


@pytest.mark.parametrize(("method", "times"), [("taesd", 8), (None, 1), ("auto", 1), ("latent2rgb", 1)])
def test_a_tiny_vae_draws_what_asks_for_it(tmp_path: Path, method: str | None, times: int) -> None:
    Files(tmp_path / "models" / "vae_approx")
    picture = previewer(run_asking(tmp_path, method), LatentFormat())(LATENTS)
    assert picture.size == (5 * times, 3 * times)


@pytest.mark.parametrize(
    "latent_format", [LatentFormat(tiny_vae=None), LatentFormat(tiny_vae="taef1"), LatentFormat(channels=16)]
)
def test_latents_of_which_there_is_no_tiny_vae_are_drawn_by_the_matrix(
    tmp_path: Path, latent_format: LatentFormat
) -> None:
    Files(tmp_path / "models" / "vae_approx")
    assert previewer(run_asking(tmp_path, "taesd"), latent_format)(LATENTS).size == (5, 3)


def open_here(root: Path) -> Studio:
    for kind in ("vae", "vae_approx"):
        (root / "models" / kind).mkdir(parents=True, exist_ok=True)
    return open_studio(Settings(base=root, device="cpu", preview_method="taesd"))


def test_a_host_draws_by_the_tiny_vae_that_its_start_asked_for(tmp_path: Path) -> None:
    with open_here(tmp_path) as studio:
        assert studio.host.load_tiny_decoder("taesd") is None
        Files(tmp_path / "models" / "vae_approx")
        assert studio.host.load_tiny_decoder("taesd") is studio.host.load_tiny_decoder("taesd") is not None
        assert studio.host.preview_method == "taesd"


def test_loaders_offer_the_tiny_vaes_that_are_there_whole(tmp_path: Path) -> None:
    with open_here(tmp_path) as studio:
        assert studio.names("vae") == []
        files = Files(tmp_path / "models" / "vae_approx")
        assert studio.names("vae") == ["taesd"]
        document: dict[str, Any] = {
            "1": {"class_type": "VAELoader", "inputs": {"vae_name": "taesd"}},
            "2": {"class_type": "EmptyLatentImage", "inputs": {"width": 16, "height": 16, "batch_size": 1}},
            "3": {"class_type": "VAEDecode", "inputs": {"samples": ["2", 0], "vae": ["1", 0]}},
            "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
        }
        workflow = read_workflow(document, studio.registry.find)
        assert studio.engine.run(workflow).ran == ("1", "2", "3", "4")
        assert studio.engine.run(workflow).cached
        torch.save(
            {**torch.load(files.paths["encoder"], weights_only=True), "x": torch.zeros(1)}, files.paths["encoder"]
        )
        assert "1" in studio.engine.run(workflow).ran  # the encoder counts as much as the decoder


def test_a_tiny_vae_that_is_not_there_says_which_files_it_needs(tmp_path: Path) -> None:
    with open_here(tmp_path) as studio, pytest.raises(Exception, match="put taesd_encoder and taesd_decoder"):
        studio.host.load_tiny_vae("taesd")


def test_the_loader_gives_a_tiny_vae(tmp_path: Path) -> None:
    Files(tmp_path / "models" / "vae_approx")
    assert VAELoader("taesd", run=FolderRun(tmp_path)).latent_format.channels == 4


def test_each_family_names_the_tiny_vae_of_its_latents() -> None:
    assert sdxl.LATENTS.tiny_vae == "taesdxl"
    assert (LatentFormat().tiny_vae, LatentFormat().scale_factor) == ("taesd", TINY_VAES["taesd"].factor)
    assert sdxl.LATENTS.scale_factor == TINY_VAES["taesdxl"].factor
    assert (FLUX.tiny_vae, TINY_VAES["taef1"]) == ("taef1", (FLUX.scale_factor, FLUX.shift_factor, FLUX.kinds))
