"""The VAE's frame: ranges, sizes, channels, and tiles that agree with the whole."""

from __future__ import annotations

import logging
import math
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion import vae
from diffusion.errors import DiffusionError
from diffusion.models import Vae


class CrampedAutoencoder(nn.Module):
    """An autoencoder on a device that has room for pictures of 512 x 512 pixels at most."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def decode(self, latents: Tensor, return_dict: bool = True) -> Any:
        if latents[0, 0].numel() > 64 * 64:
            raise torch.OutOfMemoryError("no room")
        return (functional.interpolate(latents[:, :3], scale_factor=8),)


def picture(height: int = 64, width: int = 48, channels: int = 3, batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(0))


def latents(rows: int = 8, columns: int = 8, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, 4, rows, columns, generator=torch.Generator().manual_seed(0))


def test_encoding_takes_the_mean_so_it_is_the_same_each_time(tiny_vae: Vae) -> None:
    samples = vae.encode(tiny_vae, picture())
    assert samples.shape == (1, 4, 8, 6)
    torch.testing.assert_close(samples, vae.encode(tiny_vae, picture()), atol=0, rtol=0)
    pixels = picture().movedim(-1, 1) * 2 - 1
    expected = tiny_vae.autoencoder.encode(pixels).latent_dist.mean
    torch.testing.assert_close(samples, expected)


def test_decoded_pictures_are_in_range_and_eight_times_larger(tiny_vae: Vae) -> None:
    image = vae.decode(tiny_vae, latents(4, 6, batch=2) * 20)
    assert image.shape == (2, 32, 48, 3)
    assert image.dtype == torch.float32
    assert image.min() == 0
    assert image.max() == 1


def test_entries_of_a_batch_do_not_mix(tiny_vae: Vae) -> None:
    both = latents(4, 4, batch=2)
    torch.testing.assert_close(vae.decode(tiny_vae, both)[1:], vae.decode(tiny_vae, both[1:]))


def test_pictures_are_cut_to_multiples_of_eight_around_their_middle() -> None:
    image = torch.zeros(1, 21, 16, 3)
    image[:, 2:18] = 1  # 16 of 21 rows, two lost above and three below
    pixels = vae.fit_pixels(image, 8)
    assert pixels.shape == (1, 3, 16, 16)
    assert bool((pixels == 1).all())


@pytest.mark.parametrize("channels", [1, 4])
def test_alpha_is_dropped_and_grey_becomes_colour(channels: int) -> None:
    pixels = vae.fit_pixels(picture(channels=channels), 8)
    assert pixels.shape[1] == 3
    torch.testing.assert_close(pixels[:, 0], picture(channels=channels)[..., 0] * 2 - 1)


def test_pictures_for_a_vae_with_alpha_are_opaque_unless_they_have_their_own() -> None:
    for channels, alpha in ((3, torch.ones(1, 16, 16)), (4, picture(16, 16, channels=4)[..., 3] * 2 - 1)):
        pixels = vae.fit_pixels(picture(16, 16, channels=channels), 8, 4)
        torch.testing.assert_close(pixels[:, 3], alpha)


def test_one_tile_is_the_whole(tiny_vae: Vae) -> None:
    samples = latents(8, 8)
    tiled = vae.decode_tiled(tiny_vae, samples, tile=32, overlap=8)
    torch.testing.assert_close(tiled, vae.decode(tiny_vae, samples))
    tiled = vae.encode_tiled(tiny_vae, picture(), tile=256, overlap=64)
    torch.testing.assert_close(tiled, vae.encode(tiny_vae, picture()))


def test_many_tiles_are_near_the_whole(tiny_vae: Vae) -> None:
    samples = latents(20, 12)
    whole = vae.decode(tiny_vae, samples)
    tiled = vae.decode_tiled(tiny_vae, samples, tile=16, overlap=4)
    assert tiled.shape == whole.shape
    assert (tiled - whole).abs().mean() < 0.5 * whole.std()  # norms of a random VAE see the size of a tile
    whole = vae.encode(tiny_vae, picture(96, 64))
    tiled = vae.encode_tiled(tiny_vae, picture(96, 64), tile=64, overlap=16)
    assert (tiled - whole).abs().mean() < 0.5 * whole.std()


@pytest.mark.parametrize(("overlap", "used"), [(8, 8), (24, 24), (31, 31), (32, 16), (100, 16)])
def test_tiles_overlap_as_asked_unless_the_narrowest_would_not_get_on(overlap: int, used: int, tiny_vae: Vae) -> None:
    height, width, tile = 136, 96, 64
    told: list[tuple[int, int]] = []
    vae.encode_tiled(
        tiny_vae, picture(height, width), tile=tile, overlap=overlap, on_tile=lambda *step: told.append(step)
    )
    counts = [
        math.prod(math.ceil((size - used) / (side - used)) if size > side else 1 for size, side in sides)
        for sides in (
            ((height, tile), (width, tile)),
            ((height, tile // 2), (width, tile * 2)),
            ((height, tile * 2), (width, tile // 2)),
        )
    ]
    assert told[-1] == (sum(counts), sum(counts))


def test_every_tile_is_told_and_a_callback_can_end_it(tiny_vae: Vae) -> None:
    told: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        told.append((done, total))
        if done == 5:
            raise KeyboardInterrupt

    vae.decode_tiled(tiny_vae, latents(8, 4), tile=4, overlap=1, on_tile=lambda done, total: told.append((done, total)))
    assert told == [(done, told[0][1]) for done in range(1, told[0][1] + 1)]
    with pytest.raises(KeyboardInterrupt):
        vae.decode_tiled(tiny_vae, latents(12, 8), tile=4, overlap=1, on_tile=note)
    assert told[-1][0] == 5


def test_a_picture_too_large_for_the_device_is_decoded_in_tiles(
    tiny_vae: Vae, caplog: pytest.LogCaptureFixture
) -> None:
    cramped = replace(tiny_vae, autoencoder=CrampedAutoencoder(tiny_vae.autoencoder))
    samples = latents(80, 60)
    with caplog.at_level(logging.WARNING):
        image = vae.decode(cramped, samples)
    expected = functional.interpolate(samples[:, :3], scale_factor=8).add(1).div(2).clamp(0, 1).movedim(1, -1)
    torch.testing.assert_close(image, expected)
    assert "too little memory" in caplog.text


@pytest.mark.parametrize("shape", [(1, 8, 4, 4), (4, 4, 4), (1, 4, 2, 4, 4)])
def test_a_latent_of_another_kind_is_refused_with_both_shapes(shape: tuple[int, ...], tiny_vae: Vae) -> None:
    for way in (vae.decode, vae.decode_tiled):
        with pytest.raises(DiffusionError) as error:
            way(tiny_vae, torch.zeros(shape))
        assert f"has the shape {shape}; this VAE decodes (batch, 4, height, width)" in str(error.value)


def test_a_picture_smaller_than_a_latent_cell_is_refused(tiny_vae: Vae) -> None:
    with pytest.raises(DiffusionError, match="has 7 x 64 pixels; this VAE encodes 8 x 8 and more"):
        vae.encode(tiny_vae, picture(64, 7))


def test_numbers_too_large_for_float16_are_computed_in_float32(tiny_vae: Vae, caplog: pytest.LogCaptureFixture) -> None:
    """A norm behind the layer brings its numbers back, so that only float16 cannot hold what lies between."""
    exact = deepcopy(tiny_vae.autoencoder)
    for layer in (exact.decoder.conv_in, exact.encoder.conv_in):  # type: ignore[union-attr]
        layer.weight.data.mul_(2000)  # type: ignore[union-attr, operator]
    half = deepcopy(exact).half()
    small = replace(tiny_vae, autoencoder=half)
    assert small.dtype is torch.float16
    exact.load_state_dict({name: tensor.float() for name, tensor in half.state_dict().items()})
    large, given = replace(tiny_vae, autoencoder=exact), picture() * 300
    assert not bool(half.decode(latents().half() * 50).sample.isfinite().all())
    torch.testing.assert_close(vae.decode(small, latents() * 50), vae.decode(large, latents() * 50))
    assert not bool(half.encode(given.movedim(-1, 1).half()).latent_dist.mean.isfinite().all())
    torch.testing.assert_close(vae.encode(small, given), vae.encode(large, given))
    assert caplog.text.count("too large for float16") == 2
    assert {parameter.dtype for parameter in half.parameters()} == {torch.float16}
