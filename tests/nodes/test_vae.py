"""The VAE's operators: sizes, tiles and what inpainting blanks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from diffusion.latents import Latent
from diffusion.models import Vae
from graph.workflow import Node
from nodes.vae import VAEDecode, VAEDecodeTiled, VAEEncode, VAEEncodeForInpaint, VAEEncodeTiled
from tests.nodes.folder_host import FolderRun


def picture(height: int = 32, width: int = 48) -> torch.Tensor:
    return torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(0))


def test_a_picture_goes_to_a_latent_and_back(tiny_vae: Vae, tmp_path: Path) -> None:
    latent = VAEEncode(picture(), tiny_vae)
    assert latent.samples.shape == (1, 4, 4, 6)
    assert VAEDecode(latent, tiny_vae, run=FolderRun(tmp_path)).shape == (1, 32, 48, 3)


def test_a_picture_that_fits_into_one_tile_is_the_same_in_tiles(tiny_vae: Vae, tmp_path: Path) -> None:
    latent = VAEEncode(picture(), tiny_vae)
    run = FolderRun(tmp_path)
    assert torch.allclose(VAEEncodeTiled(picture(), tiny_vae, run=run).samples, latent.samples, atol=1e-5)
    assert torch.allclose(VAEDecodeTiled(latent, tiny_vae, run=run), VAEDecode(latent, tiny_vae, run=run), atol=1e-5)


def test_tiles_tell_how_far_they_are(tiny_vae: Vae, tmp_path: Path) -> None:
    latent = VAEEncode(picture(96, 160), tiny_vae)
    run = FolderRun(tmp_path)
    decoded = VAEDecodeTiled(latent, tiny_vae, tile_size=64, overlap=4096, run=run)
    assert decoded.shape == (1, 96, 160, 3)
    assert len(run.told) > 3
    assert run.told[-1][0] == run.told[-1][1] == len(run.told)


def test_inpainting_hides_what_the_mask_covers(tiny_vae: Vae) -> None:
    mask = torch.zeros(1, 32, 48)
    mask[:, :, 24:] = 1.0
    other = picture()
    other[:, :, 24:] = 0.9
    first, second = (VAEEncodeForInpaint(pixels, tiny_vae, mask) for pixels in (picture(), other))
    assert torch.equal(first.samples, second.samples)
    assert first.noise_mask is not None
    assert first.noise_mask.shape == (1, 1, 32, 48)
    assert first.noise_mask[0, 0, 16].sum() == 24 + 2  # six pixels are two to the left and three to the right, as there


def test_the_mask_is_cut_like_the_picture(tiny_vae: Vae) -> None:
    latent = VAEEncodeForInpaint(picture(37, 51), tiny_vae, torch.ones(1, 10, 10), 0)
    assert latent.samples.shape == (1, 4, 4, 6)
    assert latent.noise_mask is not None
    assert latent.noise_mask.shape == (1, 1, 32, 48)


def of_kinds(vae: Vae, *kinds: str) -> Vae:
    return replace(vae, latent_format=replace(vae.latent_format, kinds=kinds))


def test_a_vae_of_another_family_is_told_and_used_all_the_same(
    tiny_vae: Vae, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = FolderRun(tmp_path)
    run.nodes = {run.node_id: Node(run.node_id, "VAEDecode", title="last")}
    latent = VAEEncode(picture(), of_kinds(tiny_vae, "sd1"))
    for decode in (VAEDecode, VAEDecodeTiled):
        caplog.clear()
        decode(latent, of_kinds(tiny_vae, "sdxl"), run=run)
        assert '"last" (VAEDecode) #9: the latent is one of Stable Diffusion 1 and 2' in caplog.text
        assert "the VAE is that of Stable Diffusion XL" in caplog.text


@pytest.mark.parametrize(("made", "read"), [(("sd1",), ("sd1", "sdxl")), ((), ("sdxl",)), (("sd1",), ())])
def test_nothing_is_told_of_a_vae_that_may_belong_to_the_latent(
    made: tuple[str, ...], read: tuple[str, ...], tiny_vae: Vae, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    VAEDecode(Latent(torch.zeros(1, 4, 4, 4), kinds=made), of_kinds(tiny_vae, *read), run=FolderRun(tmp_path))
    assert not caplog.records
