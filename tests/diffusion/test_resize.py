"""Resizing: relations between methods, sizes and crops."""

from __future__ import annotations

import pytest
import torch

from diffusion.resize import RESIZE_METHODS, bislerp, crop_to_aspect, edge_ramp, repeat_to_batch, resize, slerp


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("method", RESIZE_METHODS)
def test_every_method_gives_the_size_asked_for_and_keeps_a_plain_colour(method: str) -> None:
    plain = torch.tensor([0.5, -1.0, 2.0, 0.0]).view(1, 4, 1, 1).expand(2, 4, 6, 8)
    resized = resize(plain, 11, 5, method)
    assert resized.shape == (2, 4, 5, 11)
    torch.testing.assert_close(resized, plain[:, :, :1, :1].expand(2, 4, 5, 11))


@pytest.mark.parametrize("method", RESIZE_METHODS)
def test_the_same_size_changes_nothing(method: str) -> None:
    x = noise(1, 4, 6, 8)
    torch.testing.assert_close(resize(x, 8, 6, method), x)


@pytest.mark.parametrize("method", RESIZE_METHODS)
def test_frames_are_resized_each_by_itself(method: str) -> None:
    x = noise(2, 4, 3, 6, 8)
    resized = resize(x, 11, 5, method)
    assert resized.shape == (2, 4, 3, 5, 11)
    torch.testing.assert_close(resized[:, :, 1], resize(x[:, :, 1], 11, 5, method))


def test_centre_crop_cuts_the_longer_side_evenly() -> None:
    x = noise(1, 4, 4, 10)
    torch.testing.assert_close(crop_to_aspect(x, 1.0), x[..., 3:7])
    torch.testing.assert_close(crop_to_aspect(x.mT, 1.0), x.mT[..., 3:7, :])


def test_slerp_keeps_the_length_between_equally_long_vectors() -> None:
    a, b = (torch.nn.functional.normalize(x, dim=1) for x in noise(2, 5, 4, 3, 3))
    for ratio in (0.0, 0.3, 1.0):
        lengths = slerp(a, b, torch.tensor(ratio)).norm(dim=1)
        torch.testing.assert_close(lengths, torch.ones_like(lengths))


def test_slerp_ends_at_its_ends_and_survives_zero_equal_and_opposite_vectors() -> None:
    a = noise(1, 4, 3, 3)
    half = torch.tensor(0.5)
    torch.testing.assert_close(slerp(a, noise(2, 4, 3, 3)[1:], torch.tensor(0.0)), a)
    torch.testing.assert_close(slerp(a, a, half), a)
    torch.testing.assert_close(slerp(a, -a, half), torch.zeros_like(a), atol=1e-6, rtol=0)
    assert bool(slerp(torch.zeros_like(a), a, half).isfinite().all())


def test_bislerp_keeps_more_of_the_noise_than_bilinear() -> None:
    x = noise(1, 4, 16, 16)
    smooth = torch.nn.functional.interpolate(x, size=(24, 24), mode="bilinear")
    assert float(bislerp(x, 24, 24).std()) > 1.1 * float(smooth.std())


def test_batches_are_repeated_in_turn_and_cut() -> None:
    x = torch.arange(3)
    assert repeat_to_batch(x, 5).tolist() == [0, 1, 2, 0, 1]
    assert repeat_to_batch(x, 2).tolist() == [0, 1]
    assert repeat_to_batch(x.view(1, 3), 4, dim=1).tolist() == [[0, 1, 2, 0]]


def test_ramps_rise_at_the_ends_asked_for() -> None:
    assert edge_ramp(6, 2, at_start=True, at_end=False).tolist() == [0.5, 1, 1, 1, 1, 1]
    assert edge_ramp(6, 2, at_start=True, at_end=True).tolist() == [0.5, 1, 1, 1, 1, 0.5]
    assert edge_ramp(3, 0, at_start=True, at_end=True).tolist() == [1, 1, 1]
