"""SDXL: a tiny model in the original layout computes what diffusers' and transformers' own classes do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families import sd1, sdxl
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import Checkpoint, load_checkpoint
from diffusion.checkpoints.networks.clip_text import TextSizes, build_text, open_clip_keys, text_keys
from diffusion.checkpoints.networks.kl_vae import VaeSizes, vae_part
from diffusion.checkpoints.networks.unet import UnetSizes, unet_part
from diffusion.conditioning import Cond, with_extras
from diffusion.errors import DiffusionError
from diffusion.guidance import guide
from diffusion.text.readers import clip_tokenizer
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import write_state

SMALL = TextSizes(49_408, 77, 64, 128, 3)
LARGE = TextSizes(49_408, 77, 128, 256, 3, projection=32)
UNET = UnetSizes(4, 4, (64, 128), (0, 2), 3, 1, 64 + 128, is_linear=True, vector_width=32 + 6 * 256)
VAE = VaeSizes((32, 32, 32, 32), 1, 4)
PROMPT = "a photo of a cat"
TEXT_L, TEXT_G = "conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model."


class Networks:
    """The four networks, with weights of a seed."""

    def __init__(self) -> None:
        unet = unet_part(UNET, sdxl.KIND, sd1.UNET)
        vae = vae_part(VAE, sd1.VAE)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.unet: Any = unet.build().eval()
            self.vae: Any = vae.build().eval()
            self.small: Any = build_text(SMALL, "quick_gelu").eval()
            self.large: Any = build_text(LARGE, "gelu").eval()
        self.state = original_state(
            [
                (self.unet, unet.keys(self.unet)),
                (self.vae, vae.keys(self.vae)),
                (self.small, text_keys(self.small, TEXT_L)),
                (self.large, open_clip_keys(self.large, TEXT_G)),
            ]
        )


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


@pytest.fixture(scope="module")
def checkpoint(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    path = write_state(tmp_path_factory.mktemp("sdxl") / "tiny.safetensors", networks.state)
    assert detect(read_header(path)).family.name == "sdxl"
    return load_checkpoint(path)


@torch.no_grad()
def own_text(module: nn.Module, padding: int) -> Any:
    """Return what transformers gives for the prompt."""
    ids = clip_tokenizer().pad(clip_tokenizer().encode(PROMPT))
    end = ids.index(49_407)
    tokens = torch.tensor([ids[: end + 1] + [padding] * (76 - end)])
    return module(tokens, output_hidden_states=True), end


def test_the_prompt_is_the_last_layer_but_one_of_both_encoders_side_by_side(
    checkpoint: Checkpoint, networks: Networks
) -> None:
    cond = checkpoint.clip.encode(PROMPT)
    (small, _), (large, end) = own_text(networks.small, 49_407), own_text(networks.large, 0)
    expected = torch.cat((small.hidden_states[-2], large.hidden_states[-2]), dim=-1)
    torch.testing.assert_close(cond.embedding, expected, atol=1e-5, rtol=1e-5)
    pooled = large.last_hidden_state[:, end] @ networks.state[f"{TEXT_G}text_projection"]
    torch.testing.assert_close(cond.pooled, pooled, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_denoised_latent_is_that_of_diffusers(checkpoint: Checkpoint, networks: Networks) -> None:
    positive, negative = (checkpoint.clip.encode(text) for text in (PROMPT, "blurry"))
    x = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(1))
    sigma, cfg = torch.tensor([2.0]), 5.0
    denoised = guide(checkpoint.model, (positive,), (negative,), x.shape, cfg)(x, sigma)
    outputs = []
    for cond in (positive, negative):
        added = {"text_embeds": cond.pooled, "time_ids": torch.tensor([[64.0, 128.0, 0.0, 0.0, 64.0, 128.0]])}
        time = checkpoint.model.parameterization.timestep(sigma)
        scaled = x / (sigma**2 + 1).sqrt()
        outputs.append(
            networks.unet(scaled, time, encoder_hidden_states=cond.embedding, added_cond_kwargs=added).sample
        )
    noise = outputs[1] + cfg * (outputs[0] - outputs[1])
    torch.testing.assert_close(denoised, x - sigma * noise, atol=1e-4, rtol=0)


@torch.no_grad()
def test_the_size_that_a_prompt_asks_for_reaches_the_network(checkpoint: Checkpoint) -> None:
    prompt = (checkpoint.clip.encode(PROMPT),)
    x, sigma = torch.ones(1, 4, 8, 8), torch.tensor([2.0])
    plain, same, other = (
        guide(checkpoint.model, conditioning, (), x.shape, 1.0)(x, sigma)
        for conditioning in (prompt, with_extras(prompt, width=64, height=64), with_extras(prompt, width=1024))
    )
    assert torch.equal(plain, same)
    assert not torch.equal(plain, other)


def test_a_prompt_without_a_pooled_output_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(DiffusionError, match="wants a pooled prompt"):
        guide(checkpoint.model, (Cond(torch.zeros(1, 77, 192)),), (), (1, 4, 8, 8), 1.0)


def test_encoders_that_the_network_does_not_attend_to_are_refused(networks: Networks, tmp_path: Path) -> None:
    wide = build_text(SMALL._replace(width=128), "quick_gelu")
    state = {key: tensor for key, tensor in networks.state.items() if not key.startswith(TEXT_L)}
    state |= original_state([(wide, text_keys(wide, TEXT_L))])
    with pytest.raises(DiffusionError, match=r"192 wide, the text encoders make 256"):
        load_checkpoint(write_state(tmp_path / "wrong.safetensors", state))
