"""Fixtures that many tests share: small random networks of the SD1 family."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

from diffusion.clip import Clip
from diffusion.latents import LatentFormat
from diffusion.models import Model, Vae
from diffusion.parameterization import Parameterization
from diffusion.text.tokenizer import ClipTokenizer
from tests.clips import clip_of
from tests.tiny_checkpoint import write_tiny_checkpoint

# Tests hold no timings: on a busy machine any example may take long.
settings.register_profile("weft", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("weft")


@pytest.fixture(scope="session")
def eps() -> Parameterization:
    """SD1's prediction type over its noise levels."""
    return Parameterization()


@pytest.fixture(scope="session")
def tiny_model(eps: Parameterization) -> Model:
    """A random U-Net with 4 latent channels and a context 32 wide."""
    from diffusers import UNet2DConditionModel

    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone = UNet2DConditionModel(
            block_out_channels=(32, 64),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            layers_per_block=1,
            cross_attention_dim=32,
            attention_head_dim=8,
        )
    return Model(backbone.eval().requires_grad_(False), eps, LatentFormat(), digest="tiny model")


@pytest.fixture(scope="session", autouse=True)
def _own_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What Weft remembers between processes is not the user's while tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("WEFT_CACHE_DIRECTORY", str(tmp_path_factory.mktemp("results")))
        yield


@pytest.fixture(scope="session")
def tiny_vae() -> Vae:
    """A random autoencoder that makes pictures eight times smaller."""
    from diffusers import AutoencoderKL

    with torch.random.fork_rng():
        torch.manual_seed(0)
        autoencoder = AutoencoderKL(
            block_out_channels=(32, 32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            latent_channels=4,
        )
    return Vae(autoencoder.eval().requires_grad_(False), LatentFormat(), digest="tiny vae")


@pytest.fixture(scope="session")
def clip_tokenizer() -> ClipTokenizer:
    """CLIP's tokenizer, read once."""
    return ClipTokenizer()


@pytest.fixture(scope="session")
def tiny_clip(clip_tokenizer: ClipTokenizer) -> Clip:
    """A random text encoder of three layers with CLIP's vocabulary, 64 wide."""
    from transformers import CLIPTextConfig, CLIPTextModel

    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = CLIPTextConfig(
            vocab_size=49_408,
            hidden_size=64,
            intermediate_size=256,
            num_hidden_layers=3,
            num_attention_heads=1,
            bos_token_id=49_406,
            eos_token_id=49_407,
            pad_token_id=49_407,
        )
        encoder = CLIPTextModel(config)
    return clip_of(clip_tokenizer, encoder.eval().requires_grad_(False), digest="tiny clip")


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a whole random checkpoint in SD1's layout (see tests/tiny_checkpoint.py)."""
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")
