"""What a U-Net sees beside the latent: ComfyUI's defaults, sizes and batches; and diffusers' own result with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.adapters import UNetAdapter
from diffusion.beside import BESIDE, GREY, BesideAdapter, Changing, Filling
from diffusion.checkpoints.families import sd1
from diffusion.checkpoints.load import Checkpoint, load_checkpoint
from diffusion.checkpoints.networks.unet import build_unet
from diffusion.conditioning import Cond, set_area, with_extras
from diffusion.errors import CheckpointError
from diffusion.guidance import guide
from diffusion.latents import SD1_SCALE, Latent, LatentFormat
from diffusion.regions import fit_regions
from diffusion.resize import spread_to_batch
from diffusion.sampling import sample
from tests.tiny_checkpoint import UNET, TinyNetworks, write_state

SHAPE = (2, 4, 8, 16)
FILLING, CHANGING = Filling(LatentFormat()), Changing()
PICTURE = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(2))
MASK = (torch.arange(64 * 128).reshape(1, 64, 128) % 128 >= 64).float()  # the right half
COND = Cond(torch.zeros(1, 7, 64))


class Wide:
    """A tiny checkpoint of SD1 whose U-Net takes more channels, and that U-Net."""

    def __init__(self, folder: Path, channels: int) -> None:
        networks = TinyNetworks()
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.unet: Any = build_unet(UNET._replace(in_channels=channels), sd1.KIND).eval()
        parts = (self.unet.state_dict(), networks.vae.state_dict(), networks.text.state_dict())
        self.path = write_state(folder / f"{channels}.safetensors", sd1.to_original_keys(*parts))

    @property
    def loaded(self) -> Checkpoint:
        return load_checkpoint(self.path)


def with_picture(**extras: Any) -> Cond:
    return with_extras((COND,), **extras)[0]


def test_a_prompt_without_a_picture_lets_all_be_painted() -> None:
    planes = FILLING.planes(COND, SHAPE)
    assert planes.shape == (2, 5, 8, 16)
    assert planes[:, 0].eq(1).all()
    torch.testing.assert_close(planes[1, 1:, 3, 5], torch.tensor(GREY))
    assert CHANGING.planes(COND, SHAPE).eq(torch.zeros(SHAPE)).all()


def test_the_mask_comes_first_and_the_picture_is_in_the_scale_of_the_network() -> None:
    planes = FILLING.planes(with_picture(concat_latent_image=PICTURE, concat_mask=MASK), SHAPE)
    torch.testing.assert_close(planes[1, 1:], PICTURE[0] * SD1_SCALE)
    assert planes[:, 0].mean(dim=(0, 1)).tolist() == [0.0] * 8 + [1.0] * 8
    assert torch.equal(CHANGING.planes(with_picture(concat_latent_image=PICTURE), SHAPE)[1], PICTURE[0])


def test_without_pictures_of_the_prompt_those_of_the_sampling_count() -> None:
    mask = torch.ones(1, 4, 8, 16) * 0.7
    seen = with_picture(latent_image=PICTURE, denoise_mask=mask)
    torch.testing.assert_close(FILLING.planes(seen, SHAPE)[0], torch.cat((torch.ones(1, 8, 16), PICTURE[0])))
    asked = with_extras((seen,), concat_mask=torch.zeros(1, 1, 8, 16))[0]
    assert FILLING.planes(asked, SHAPE)[:, 0].eq(0).all()


def test_a_picture_of_another_shape_is_cut_around_its_middle() -> None:
    square = torch.arange(16.0).view(1, 1, 16, 1).expand(1, 4, 16, 16)
    planes = CHANGING.planes(with_picture(concat_latent_image=square), SHAPE)
    assert planes[0, 0, :, 0].tolist() == [4, 5, 6, 7, 8, 9, 10, 11]


def test_pictures_are_spread_over_the_batch() -> None:
    entries = torch.arange(4.0)
    assert spread_to_batch(entries[:2], 4).tolist() == [0, 0, 1, 1]
    assert spread_to_batch(entries, 2).tolist() == [0, 3]
    assert spread_to_batch(entries, 1).tolist() == [0]


def test_what_lies_beside_is_cut_where_a_prompt_acts_in_a_rectangle() -> None:
    adapter = BesideAdapter(UNetAdapter(), CHANGING)
    (cond,) = set_area((with_picture(concat_latent_image=PICTURE),), 64, 32, 16, 8)
    ((region,), _) = fit_regions((cond,), (), SHAPE, sd1.Parameterization(), adapter=adapter)
    assert torch.equal(region.given[BESIDE], PICTURE[:, :, 1:5, 2:10].expand(2, -1, -1, -1))  # type: ignore[arg-type]


@torch.no_grad()
@pytest.mark.parametrize("channels", [9, 8])
def test_the_denoised_latent_is_that_of_diffusers(tmp_path: Path, channels: int) -> None:
    wide = Wide(tmp_path, channels)
    checkpoint = wide.loaded
    prompts = [with_extras((checkpoint.clip.encode(text),), concat_latent_image=PICTURE) for text in ("a cat", "")]
    if channels == 9:
        prompts = [with_extras(prompt, concat_mask=MASK) for prompt in prompts]
        plane = torch.nn.functional.interpolate(MASK.unsqueeze(1), size=(8, 16), mode="bilinear").round()
        beside = torch.cat((plane, PICTURE * checkpoint.model.latent_format.scale_factor), dim=1)
    else:
        beside = PICTURE
    x = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(1))
    sigma, cfg = torch.tensor([2.0]), 5.0
    denoised = guide(checkpoint.model, *prompts, x.shape, cfg)(x, sigma)
    time = checkpoint.model.parameterization.timestep(sigma)
    whole = torch.cat((x / (sigma**2 + 1).sqrt(), beside), dim=1)
    cond, uncond = (wide.unet(whole, time, encoder_hidden_states=prompt[0].embedding).sample for prompt in prompts)
    torch.testing.assert_close(denoised, x - sigma * (uncond + cfg * (cond - uncond)), atol=1e-4, rtol=0)


def test_a_sampling_shows_the_network_its_mask_and_its_latent(tmp_path: Path) -> None:
    checkpoint = Wide(tmp_path, 9).loaded
    prompt = (checkpoint.clip.encode("a cat"),)

    def sampled(mask: Tensor | None, **extras: Any) -> Tensor:
        asked = with_extras(prompt, **extras)
        latent = Latent(PICTURE, noise_mask=mask)
        settings = {"seed": 1, "steps": 2, "cfg": 1.0, "sampler_name": "euler", "scheduler": "normal"}
        return sample(checkpoint.model, asked, asked, latent, **settings).samples  # type: ignore[arg-type]

    mask = MASK.unsqueeze(1)
    told = {"concat_latent_image": PICTURE, "concat_mask": MASK}
    torch.testing.assert_close(sampled(mask), sampled(mask, **told))
    right = sampled(None, **told)[..., 8:]
    assert not torch.allclose(sampled(None)[..., 8:], right)


def test_other_numbers_of_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"takes 7 channels and gives 4; expected 4, 9 for inpainting"):
        Wide(tmp_path, 7).loaded  # noqa: B018


def test_stable_zero123_is_refused(tmp_path: Path) -> None:
    path = Wide(tmp_path, 8).path
    from safetensors.torch import load_file

    write_state(path, {**load_file(path), "cc_projection.weight": torch.zeros(1, 1)})
    with pytest.raises(CheckpointError, match="Stable Zero123"):
        load_checkpoint(path)


def test_an_adapter_leaves_what_packs_have_put_there() -> None:
    class Telling(UNetAdapter):
        def call(self, backbone: Any, x: Tensor, timestep: Tensor, context: Tensor, given: Any) -> Tensor:
            assert not given
            return x

    adapter = BesideAdapter(Telling(), CHANGING)
    x = torch.ones(SHAPE)
    module: Any = None
    assert adapter.call(module, x, x, x, {}) is x
    assert adapter.call(module, x, x, x, {BESIDE: x}).shape == (2, 8, 8, 16)
    assert replace(adapter) == adapter
    assert adapter.steered_by == "unet"
