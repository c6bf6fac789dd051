"""Prompts with pictures: what the text encoder sees of them, and what the model does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from diffusion.checkpoints.families.qwen_image import PICTURE, TEMPLATE_FOR_PICTURES
from diffusion.checkpoints.load import load_clip
from diffusion.clip import Clip
from diffusion.errors import DiffusionError
from diffusion.latent_formats import WAN
from diffusion.models import Vae
from nodes.qwen_image import TextEncodeQwenImageEdit, TextEncodeQwenImageEditPlus
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import text_state, tiny_text


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = write_state(tmp_path_factory.mktemp("text") / "text.safetensors", text_state(tiny_text(), "model."))
    return load_clip([path], "qwen_image")


class Shades(nn.Module):
    """An autoencoder whose latents are the mean shade of each cell, so that megapixels are quickly encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.dtype_of = nn.Parameter(torch.zeros(1))

    def encode(self, pixels: torch.Tensor) -> Any:
        means = functional.avg_pool3d(pixels, (1, 8, 8)).mean(dim=1, keepdim=True).expand(-1, 16, -1, -1, -1)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: means))


@pytest.fixture
def vae() -> Vae:
    return Vae(Shades(), WAN)


def picture(height: int, width: int) -> torch.Tensor:
    """Return a picture of one shade, which stays so when it is scaled."""
    return torch.full((1, height, width, 3), 0.25)


def references(conditioning: Any) -> tuple[torch.Tensor, ...]:
    found: tuple[torch.Tensor, ...] = conditioning[0].extras.get("reference_latents", ())
    return found


def test_a_picture_is_shown_at_a_megapixel(clip: Clip, vae: Vae) -> None:
    conditioning = TextEncodeQwenImageEdit(clip, "make it night", vae, picture(16, 64))
    seen = clip.encode_shown("make it night", [picture(512, 2048)])
    assert torch.equal(conditioning[0].embedding, seen.embedding)
    (latent,) = references(conditioning)
    torch.testing.assert_close(latent, torch.full((1, 16, 1, 64, 256), -0.5))


def test_without_a_vae_only_the_text_encoder_sees_the_picture(clip: Clip) -> None:
    shown = TextEncodeQwenImageEdit(clip, "make it night", None, picture(64, 64))
    assert not references(shown)
    assert shown[0].embedding.shape[1] > clip.encode("make it night").embedding.shape[1]


def test_without_a_picture_a_prompt_is_read_as_usual(clip: Clip, vae: Vae) -> None:
    conditioning = TextEncodeQwenImageEdit(clip, "a cat", vae)
    assert torch.equal(conditioning[0].embedding, clip.encode("a cat").embedding)
    assert not references(conditioning)


def test_several_pictures_are_named_by_their_numbers(clip: Clip, vae: Vae) -> None:
    conditioning = TextEncodeQwenImageEditPlus(clip, "swap", vae, picture(32, 32), None, picture(32, 64))
    text = f"Picture 1: {PICTURE}Picture 3: {PICTURE}swap"
    seen = clip.encode_shown(text, [picture(384, 384), picture(272, 543)], TEMPLATE_FOR_PICTURES)
    assert torch.equal(conditioning[0].embedding, seen.embedding)
    first, third = references(conditioning)
    assert first.shape == (1, 16, 1, 128, 128)
    assert third.shape == (1, 16, 1, 91, 181)  # 724 x 1448 pixels, in whole cells 728 x 1448


def test_no_picture_at_all_still_has_the_template_for_pictures(clip: Clip) -> None:
    conditioning = TextEncodeQwenImageEditPlus(clip, "a cat")
    assert torch.equal(conditioning[0].embedding, clip.encode_shown("a cat", [], TEMPLATE_FOR_PICTURES).embedding)


def test_an_encoder_that_cannot_see_says_so(tiny_clip: Clip) -> None:
    with pytest.raises(DiffusionError, match="sees no pictures"):
        TextEncodeQwenImageEdit(tiny_clip, "make it night", None, picture(8, 8))
