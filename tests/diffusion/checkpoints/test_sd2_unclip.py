"""Stable unCLIP: a tiny model in the original layout, told of pictures, computes what diffusers' own classes do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.describe import describe
from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families.sd1 import V_MARK
from diffusion.checkpoints.families.sd2_unclip import MEAN, SIGNATURE
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.load import load_checkpoint
from diffusion.checkpoints.networks.clip_vision import VisionLayout, read_vision
from diffusion.clip_vision import CLIP_DEVIATION, CLIP_MEAN, fit_square, load_clip_vision, normalized
from diffusion.errors import CheckpointError
from diffusion.guidance import guide
from diffusion.unclip import add_picture
from tests.diffusion.checkpoints.stripped import header
from tests.diffusion.test_unclip import of_diffusers
from tests.tiny_checkpoint import write_state
from tests.tiny_unclip import OPEN_CLIP, TRANSFORMERS, TinyUnclip, tiny_statistics, tiny_unclip

SEED = 3
IMAGE = torch.rand(1, 28, 28, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def unclip() -> TinyUnclip:
    return tiny_unclip()


def write(folder: Path, state: dict[str, Tensor]) -> Path:
    return write_state(folder / "tiny.safetensors", state)


@pytest.mark.parametrize(("name", "numbers", "layers"), [("l", 768, 24), ("h", 1024, 32)])
def test_both_sizes_are_read_from_their_headers(name: str, numbers: int, layers: int) -> None:
    full = header(f"sd2_unclip/sd21_unclip_{name}")
    with torch.device("meta"):
        module = detect(full).read(full).part.build()
    assert module.config.class_embed_type == "projection"
    assert module.class_embedding.linear_1.in_features == 2 * numbers
    sizes, layout = read_vision(full)
    assert (sizes.projection, sizes.layers, sizes.image) == (numbers, layers, 224)
    assert layout == OPEN_CLIP


def test_a_network_that_is_told_its_task_is_another() -> None:
    full = header("sd2_unclip/sd21_unclip_h")
    key = "model.diffusion_model.label_emb.0.0.weight"
    lotus = Header(full.path, {**full.tensors, key: full.tensors[key]._replace(shape=(1280, 4))})
    assert SIGNATURE.misfits(lotus, "model.diffusion_model.") == (
        "label_emb.0.0.weight has not the size of what CLIP sees in pictures",
    )


@torch.no_grad()
@pytest.mark.parametrize("prediction", ["eps", "v"])
def test_the_denoised_latent_is_that_of_diffusers(unclip: TinyUnclip, tmp_path: Path, prediction: str) -> None:
    """One side has a picture, the other none: it is told zeros."""
    mark = {V_MARK: torch.empty(0)} if prediction == "v" else {}
    path = write(tmp_path, {**unclip.state, **tiny_statistics(), **mark})
    checkpoint, vision = load_checkpoint(path), load_clip_vision(path)
    assert (checkpoint.model.family, checkpoint.model.parameterization.prediction) == ("sd2_unclip", prediction)
    seen = vision.encode_image(IMAGE)
    plain, negative = (checkpoint.clip.encode(text) for text in ("a photo of a cat", "blurry"))
    (positive,) = add_picture((plain,), seen, 0.8, 0.25)
    x = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(1))
    sigma, cfg = torch.tensor([2.0]), 5.0
    denoised = guide(checkpoint.model, (positive,), (negative,), x.shape, cfg, seen={"seed": SEED})(x, sigma)
    noise = torch.randn(1, seen.image_embeds.shape[1], generator=torch.Generator().manual_seed(SEED - 10))
    mean, deviation = (value.flatten() for value in tiny_statistics().values())
    labels = of_diffusers(seen.image_embeds, noise, 250, mean, deviation) * 0.8
    time = checkpoint.model.parameterization.timestep(sigma)
    alpha = 1 / (sigma**2 + 1).sqrt()  # diffusers' x is alpha x0 + sqrt(1 - alpha^2) noise
    cond, uncond = (
        unclip.networks.unet(x * alpha, time, encoder_hidden_states=each.embedding, class_labels=told).sample
        for each, told in ((plain, labels), (negative, torch.zeros_like(labels)))
    )
    output = uncond + cfg * (cond - uncond)
    beta = (1 - alpha**2).sqrt()
    expected = alpha * (x * alpha) - beta * output if prediction == "v" else (x * alpha - beta * output) / alpha
    torch.testing.assert_close(denoised, expected, atol=1e-4, rtol=0)
    blind = guide(checkpoint.model, (plain,), (negative,), x.shape, cfg)(x, sigma)
    assert (denoised - blind).abs().max() > 1e-3  # the picture is seen


def test_statistics_of_another_model_are_refused(unclip: TinyUnclip, tmp_path: Path) -> None:
    path = write(tmp_path, {**unclip.state, **tiny_statistics(), MEAN: torch.zeros(1, 7)})
    with pytest.raises(CheckpointError, match=r"data_mean has the shape \(1, 7\).* knows 24 numbers"):
        load_checkpoint(path)


@torch.no_grad()
@pytest.mark.parametrize("layout", [OPEN_CLIP, TRANSFORMERS], ids=["open_clip", "transformers"])
def test_what_is_seen_is_what_the_network_inside_sees(tmp_path: Path, layout: VisionLayout) -> None:
    unclip = tiny_unclip(layout)
    vision = load_clip_vision(write(tmp_path, dict(unclip.state)))
    pixels = normalized(fit_square(IMAGE, 28, is_cut=True), CLIP_MEAN, CLIP_DEVIATION)
    expected = unclip.vision(pixels).image_embeds
    torch.testing.assert_close(vision.encode_image(IMAGE).image_embeds, expected, atol=1e-5, rtol=1e-5)


def test_it_is_told_what_the_file_holds(unclip: TinyUnclip, tmp_path: Path) -> None:
    found = describe(write(tmp_path, dict(unclip.state)))
    assert (found.kind, found.title) == ("checkpoint", "Stable Diffusion 2 unCLIP")
    assert found.networks[-2:] == ("VAE", "CLIP vision")
