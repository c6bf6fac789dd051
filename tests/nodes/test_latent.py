"""Nodes for latents: names and order of ComfyUI's inputs, and each does what it says."""

from __future__ import annotations

import pytest
import torch

from diffusion.latents import Latent
from nodes import latent as nodes
from nodes import latent_batch, latent_math


def filled(rows: int = 16, columns: int = 16, batch: int = 1) -> Latent:
    return Latent(torch.randn(batch, 4, rows, columns, generator=torch.Generator().manual_seed(0)))


def test_an_empty_latent_has_the_size_of_its_picture() -> None:
    assert nodes.EmptyLatent(128, 64, 2).samples.shape == (2, 4, 8, 16)
    assert "EmptyLatentImage" in nodes.EmptyLatent.spec.aliases


def test_upscaling_by_pixels_and_by_a_factor_agree() -> None:
    by_size = nodes.LatentUpscale(filled(), "bislerp", 192, 192, "disabled")
    by_factor = nodes.LatentUpscaleBy(filled(), "bislerp", 1.5)
    torch.testing.assert_close(by_size.samples, by_factor.samples)


@pytest.mark.parametrize(("rotation", "quarters"), [("none", 0), ("90 degrees", 1), ("270 degrees", 3)])
def test_rotations_are_chosen_by_name(rotation: str, quarters: int) -> None:
    expected = torch.rot90(filled().samples, quarters, (3, 2))
    torch.testing.assert_close(nodes.LatentRotate(filled(), rotation).samples, expected)


def test_the_x_axis_flip_turns_upside_down() -> None:
    flipped = nodes.LatentFlip(filled(), "x-axis: vertically").samples
    torch.testing.assert_close(flipped[..., 0, :], filled().samples[..., -1, :])
    flipped = nodes.LatentFlip(filled(), "y-axis: horizontally").samples
    torch.testing.assert_close(flipped[..., 0], filled().samples[..., -1])


def test_a_crop_put_back_changes_nothing() -> None:
    part = nodes.LatentCrop(filled(), 64, 64, 32, 16)
    for back in (nodes.LatentComposite(filled(), part, 32, 16, 0), nodes.LatentCompositeMasked(filled(), part, 32, 16)):
        torch.testing.assert_close(back.samples, filled().samples)


def test_a_noise_mask_keeps_its_own_size() -> None:
    masked = nodes.SetLatentNoiseMask(filled(), torch.ones(1, 128, 128))
    assert masked.noise_mask is not None
    assert masked.noise_mask.shape == (1, 1, 128, 128)


def test_arithmetic_nodes_compute_what_they_say() -> None:
    x = filled().samples
    torch.testing.assert_close(latent_math.LatentAdd(filled(), filled()).samples, x * 2)
    torch.testing.assert_close(latent_math.LatentSubtract(filled(), filled()).samples, x * 0)
    torch.testing.assert_close(latent_math.LatentMultiply(filled(), 3.0).samples, x * 3)
    torch.testing.assert_close(latent_math.LatentBlend(filled(), filled(), 0.3).samples, x)
    torch.testing.assert_close(latent_math.LatentInterpolate(filled(), filled(), 0.3).samples, x)


def test_concat_and_cut_are_inverse() -> None:
    joined = latent_math.LatentConcat(filled(), filled(8), "-y")
    torch.testing.assert_close(latent_math.LatentCut(joined, "y", 8, 16).samples, filled().samples)


@pytest.mark.parametrize(("dim", "shape"), [("t", (6, 4, 2, 5, 8)), ("x", (12, 4, 6, 5, 2)), ("y", (6, 4, 6, 2, 8))])
def test_slices_become_a_batch(dim: str, shape: tuple[int, ...]) -> None:
    samples = torch.arange(3 * 4 * 6 * 5 * 8.0).reshape(3, 4, 6, 5, 8)
    found = latent_math.LatentCutToBatch(Latent(samples), dim, 2)
    shape = shape if dim != "t" else (9, 4, 2, 5, 8)
    assert found.samples.shape == shape
    axis = {"t": 2, "y": 3, "x": 4}[dim]
    pieces = [piece for piece in samples.split(2, dim=axis) if piece.shape[axis] == 2]
    expected = torch.stack(pieces, dim=1).flatten(0, 1)
    assert torch.equal(found.samples, expected)
    assert latent_math.LatentCutToBatch(filled(), "t", 2).samples.shape == filled().samples.shape


def test_frames_are_cut_and_joined() -> None:
    frames = Latent(torch.arange(5.0).reshape(1, 1, 5, 1, 1).expand(1, 4, 5, 8, 8))
    cut = latent_math.LatentCut(frames, "t", 1, 16384)
    assert cut.samples[0, 0, :, 0, 0].tolist() == [1, 2, 3, 4]
    assert torch.equal(
        latent_math.LatentConcat(latent_math.LatentCut(frames, "t", 0, 1), cut, "t").samples, frames.samples
    )


def test_a_time_axis_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="no time axis"):
        latent_math.LatentCut(filled(), "t", 0, 1)


def test_batch_nodes_choose_repeat_and_join() -> None:
    batch = latent_batch.LatentBatch(filled(batch=2), filled())
    assert batch.samples.shape[0] == 3
    assert latent_batch.LatentFromBatch(batch, 2, 5).samples.shape[0] == 1
    assert latent_batch.RepeatLatentBatch(batch, 3).samples.shape[0] == 9
    assert [part.samples.shape[0] for part in latent_batch.RebatchLatents([batch, filled()], 3)] == [3, 1]


def test_seed_behaviour_is_fixed_or_free() -> None:
    fixed = latent_batch.LatentBatchSeedBehavior(filled(batch=3), "fixed")
    assert fixed.batch_index == (0, 0, 0)
    assert latent_batch.LatentBatchSeedBehavior(fixed, "random").batch_index is None
