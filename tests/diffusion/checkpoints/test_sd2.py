"""SD2: a tiny model in the original layout computes what diffusers' and transformers' own classes do; v is detected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.families import sd2
from diffusion.checkpoints.families.sd1 import PREDICTION_KEYS, V_MARK
from diffusion.checkpoints.header import Header, header_of, read_header
from diffusion.checkpoints.load import load_checkpoint, load_clip
from diffusion.checkpoints.networks.clip_text import text_keys
from diffusion.checkpoints.networks.unet import read_unet
from diffusion.guidance import guide
from diffusion.text.readers import clip_tokenizer
from tests.diffusion.checkpoints.stripped import header
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import write_state
from tests.tiny_unets import SD2, TinyUnets, tiny_networks

TEXT = sd2.TEXT
PROMPT = "a photo of a cat"
BIAS = "model.diffusion_model.output_blocks.3.1.transformer_blocks.0.norm1.bias"  # of the last block


@pytest.fixture(scope="module")
def networks() -> TinyUnets:
    return tiny_networks("sd2")


def of_v(state: Mapping[str, Tensor], spread: float = 0.2) -> dict[str, Tensor]:
    """Return the tensors with a bias as models have it that predict v."""
    return {**state, BIAS: torch.linspace(-1.0, 1.0, state[BIAS].numel()) * spread}


def write(folder: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> Path:
    return write_state(folder / "tiny.safetensors", state, metadata=metadata)


def predicted(path: Path) -> str:
    return detect(read_header(path)).read(read_header(path)).parameterization.prediction


def test_stable_diffusion_21_is_read_from_its_header() -> None:
    full = header("sd2/sd21_768")
    assert read_unet(full, "model.diffusion_model.")[:8] == (
        *(4, 4, (320, 640, 1280, 1280), (1, 1, 1, 0), 1, 2, 1024),
        True,
    )
    backbone = detect(full).read(full)
    assert backbone.parameterization.prediction == "eps"  # without weights nothing else is known
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in backbone.part.build().parameters()) == 865_910_724


@torch.no_grad()
def test_the_prompt_is_the_last_layer_but_one_through_the_final_norm(networks: TinyUnets, tmp_path: Path) -> None:
    module: Any = networks.texts[0]
    ids = clip_tokenizer().pad(clip_tokenizer().encode(PROMPT))
    end = ids.index(49_407)
    own = module(torch.tensor([ids[: end + 1] + [0] * (76 - end)]), output_hidden_states=True)
    cond = load_checkpoint(write(tmp_path, networks.state)).clip.encode(PROMPT)
    expected = module.final_layer_norm(own.hidden_states[-2])
    torch.testing.assert_close(cond.embedding, expected, atol=1e-5, rtol=1e-5)
    pooled = own.last_hidden_state[:, end] @ networks.state[f"{TEXT}text_projection"]
    torch.testing.assert_close(cond.pooled, pooled, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("prediction", ["eps", "v"])
def test_the_denoised_latent_is_that_of_diffusers(networks: TinyUnets, tmp_path: Path, prediction: str) -> None:
    checkpoint = load_checkpoint(
        write(tmp_path, {**networks.state, **({V_MARK: torch.empty(0)} if prediction == "v" else {})})
    )
    assert (checkpoint.model.family, checkpoint.model.parameterization.prediction) == ("sd2", prediction)
    positive, negative = (checkpoint.clip.encode(text) for text in (PROMPT, "blurry"))
    x = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(1))
    sigma, cfg = torch.tensor([2.0]), 5.0
    denoised = guide(checkpoint.model, (positive,), (negative,), x.shape, cfg)(x, sigma)
    time = checkpoint.model.parameterization.timestep(sigma)
    alpha = 1 / (sigma**2 + 1).sqrt()  # diffusers' x is alpha x0 + sqrt(1 - alpha^2) noise
    cond, uncond = (
        networks.unet(x * alpha, time, encoder_hidden_states=each.embedding).sample for each in (positive, negative)
    )
    output = uncond + cfg * (cond - uncond)
    beta = (1 - alpha**2).sqrt()
    expected = alpha * (x * alpha) - beta * output if prediction == "v" else (x * alpha - beta * output) / alpha
    torch.testing.assert_close(denoised, expected, atol=1e-4, rtol=0)


def test_v_is_seen_in_a_bias_near_the_end(networks: TinyUnets, tmp_path: Path) -> None:
    assert predicted(write(tmp_path, networks.state)) == "eps"
    assert predicted(write(tmp_path, of_v(networks.state))) == "v"
    assert predicted(write(tmp_path, of_v(networks.state, spread=0.1))) == "eps"
    inpaint = tiny_networks("sd2_inpaint").state
    assert predicted(write(tmp_path, of_v(inpaint))) == "eps"  # all that are known do


@pytest.mark.parametrize("key", PREDICTION_KEYS)
def test_what_a_file_says_counts_more_than_its_weights(networks: TinyUnets, tmp_path: Path, key: str) -> None:
    assert predicted(write(tmp_path, of_v(networks.state), {key: "epsilon"})) == "eps"
    assert predicted(write(tmp_path, networks.state, {key: "v"})) == "v"


def test_a_text_encoder_alone_may_lack_the_layer_that_is_not_used(networks: TinyUnets, tmp_path: Path) -> None:
    """Exports of diffusers have 23 layers of 24, in transformers' layout."""
    names = {f"text_model.encoder.layers.{number}.layer_norm1.weight": ("F32", (1,)) for number in range(24)}
    assert sd2.usual(header_of(Path("whole"), names)) == sd2.USUAL
    assert sd2.usual(header_of(Path("open"), dict.fromkeys(_open(24), ("F32", (1,))))) == sd2.USUAL
    assert sd2.usual(header_of(Path("cut"), dict.fromkeys(_open(23), ("F32", (1,))))) == sd2.WITHOUT_LAST
    deep = tiny_networks("sd2", layers=23)
    alone = original_state([(deep.texts[0], text_keys(deep.texts[0], "text_model."))])
    path = write(tmp_path, alone)
    assert encoder_alone(read_header(path))[0] == "h"
    ids = clip_tokenizer().pad(clip_tokenizer().encode(PROMPT))
    end = ids.index(49_407)
    with torch.no_grad():
        own = deep.texts[0](torch.tensor([ids[: end + 1] + [0] * (76 - end)])).last_hidden_state
    torch.testing.assert_close(
        load_clip([path], "stable_diffusion").encode(PROMPT).embedding, own, atol=1e-5, rtol=1e-5
    )


def test_text_encoders_alone_are_told_by_their_depth() -> None:
    large = header("sd2/sd21_768")
    tensors = {key.removeprefix(TEXT): info for key, info in large.tensors.items() if key.startswith(TEXT)}
    kind, found = encoder_alone(Header(large.path, tensors))
    assert (kind, found.width) == ("h", 1024)


def _open(layers: int) -> list[str]:
    return [f"{TEXT}transformer.resblocks.{number}.ln_1.weight" for number in range(layers)]


def test_the_tiny_model_is_of_the_size_that_it_says(networks: TinyUnets, tmp_path: Path) -> None:
    assert read_unet(read_header(write(tmp_path, networks.state)), "model.diffusion_model.") == SD2
