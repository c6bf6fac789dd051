"""Stable Diffusion 3: tiny models in Stability's layout compute what diffusers' and transformers' own classes do."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families.sd3 import ClipsThenT5
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import Checkpoint, load_checkpoint, load_clip, load_diffusion_model
from diffusion.checkpoints.networks.mmdit import HEAD_WIDTH, MmditSizes, mmdit_part, read_mmdit
from diffusion.checkpoints.together import family_for, whole_of
from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.guidance import guide
from diffusion.quantize import Precision
from diffusion.text.readers import clip_tokenizer
from diffusion.text.vocabularies import load_tokenizer
from nodes.text_families import CLIPTextEncodeSD3
from tests.diffusion.checkpoints.stripped import header
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import random_part, state_of
from tests.tiny_sd3 import (
    SD3,
    SD35_LARGE,
    SD35_MEDIUM,
    T5,
    UNET,
    checkpoint_state,
    text_parts,
    write_sd3,
)

SIGMA = torch.tensor([0.7])
PROMPT = "a photo of a cat"
ENCODERS = ("clip_l", "clip_g", "t5xxl")


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return checkpoint_state()


@pytest.fixture(scope="module")
def checkpoint(state: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    path = write_state(tmp_path_factory.mktemp("sd3") / "tiny.safetensors", state)
    assert detect(read_header(path)).family.name == "sd3"
    return load_checkpoint(path)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_sd3(folder)
    return folder / "text_encoders"


def own_network(sizes: MmditSizes) -> Any:
    """Return diffusers' own network with the weights of the file as diffusers converts them."""
    from diffusers import SD3Transformer2DModel
    from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers

    own = SD3Transformer2DModel(
        sample_size=16,
        in_channels=sizes.channels,
        num_layers=sizes.layers,
        attention_head_dim=HEAD_WIDTH,
        num_attention_heads=sizes.width // HEAD_WIDTH,
        joint_attention_dim=sizes.context_width,
        caption_projection_dim=sizes.width,
        pooled_projection_dim=sizes.pooled_width,
        pos_embed_max_size=sizes.table,
        dual_attention_layers=sizes.dual_layers,
        qk_norm="rms_norm" if sizes.has_qk_norm else None,
    )
    own.load_state_dict(convert_sd3_transformer_checkpoint_to_diffusers(state_of(mmdit_part(sizes, ""))))
    return own.eval()


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def prompt(seed: int = 1) -> Cond:
    return Cond(random(1, 9, SD3.context_width, seed=seed), random(1, SD3.pooled_width, seed=seed))


@pytest.mark.parametrize(
    ("name", "sizes", "parameters"),
    [
        ("sd3_medium", (16, 2, 1536, 24, 4096, 2048, 192, (), False), 2_084_951_104),
        ("sd35_large", (16, 2, 2432, 38, 4096, 2048, 192, (), True), 8_146_280_768),
        ("sd35_medium", (16, 2, 1536, 24, 4096, 2048, 384, tuple(range(13)), True), 2_469_663_936),
    ],
)
def test_the_sizes_of_known_files_are_read(name: str, sizes: tuple[Any, ...], parameters: int) -> None:
    full = header(f"sd3/{name}")
    assert read_mmdit(full, UNET) == sizes
    backbone = whole_of(full).backbone
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in backbone.part.build().parameters()) == parameters
    assert (backbone.parameterization.shift, backbone.latent_format.shift_factor) == (3.0, 0.0609)


def test_encoders_are_found_inside_and_may_all_be_missing() -> None:
    assert list(whole_of(header("sd3/sd3_medium_incl_clips_t5xxl")).encoders) == ["l", "g", "t5xxl"]
    assert whole_of(header("sd3/sd3_medium")).encoders == {}
    for kinds in (chosen for count in (1, 2, 3) for chosen in combinations(("l", "g", "t5xxl"), count)):
        assert family_for("sd3", [(kind, kind) for kind in kinds]).name == "sd3"


@torch.no_grad()
@pytest.mark.parametrize("sizes", [SD3, SD35_LARGE, SD35_MEDIUM], ids=["3", "3.5 large", "3.5 medium"])
@pytest.mark.parametrize(("rows", "columns"), [(8, 12), (24, 24), (7, 9)])
def test_the_denoised_latent_is_that_of_diffusers(sizes: MmditSizes, rows: int, columns: int, tmp_path: Path) -> None:
    model = load_diffusion_model(write_state(tmp_path / "sd3.safetensors", state_of(mmdit_part(sizes, ""))))
    own = own_network(sizes)
    x, positive, negative, cfg = random(1, 16, rows, columns), prompt(2), prompt(3), 4.0
    denoised = guide(model, (positive,), (negative,), x.shape, cfg)(x, SIGMA)
    whole = torch.nn.functional.pad(x, (0, columns % 2, 0, rows % 2), mode="circular")
    outputs = [
        own(whole, cond.embedding, cond.pooled, SIGMA * 1000).sample[..., :rows, :columns]
        for cond in (positive, negative)
    ]
    expected = x - SIGMA * (outputs[1] + cfg * (outputs[0] - outputs[1]))
    torch.testing.assert_close(denoised, expected, atol=1e-4, rtol=0)
    assert (outputs[0] - outputs[1]).abs().max() > 1e-2


@torch.no_grad()
def test_positions_are_kept_in_eight_bits_too(tmp_path: Path) -> None:
    path = write_state(tmp_path / "sd3.safetensors", state_of(mmdit_part(SD3, "")))
    small = load_diffusion_model(path, precision=Precision(torch.float8_e4m3fn, torch.float32))
    assert {weight.dtype for weight in small.backbone.state_dict().values()} == {torch.float8_e4m3fn}
    x = random(1, 16, 8, 8)
    outputs = [guide(each, (prompt(),), (), x.shape, 1.0)(x, SIGMA) for each in (small, load_diffusion_model(path))]
    assert 0 < (outputs[0] - outputs[1]).abs().max() < 0.5


def test_latents_beyond_the_positions_are_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(DiffusionError, match=r"26 x 8 cells; this model knows positions for 24 x 24"):
        guide(checkpoint.model, (prompt(),), (), (1, 16, 8, 26), 1.0)


def test_a_prompt_without_a_pooled_output_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(DiffusionError, match="wants a pooled prompt"):
        guide(checkpoint.model, (Cond(torch.zeros(1, 77, SD3.context_width)),), (), (1, 16, 8, 8), 1.0)


@torch.no_grad()
def test_the_prompt_is_both_clips_side_by_side_and_t5_behind_them(checkpoint: Checkpoint) -> None:
    small, large, t5 = (random_part(part) for part in text_parts(inside=True).values())
    ids = clip_tokenizer().pad(clip_tokenizer().encode(PROMPT))
    end = ids.index(49_407)
    found = [
        module(torch.tensor([ids[: end + 1] + [padding] * (76 - end)]), output_hidden_states=True)
        for module, padding in ((small, 49_407), (large, 0))
    ]
    beside = torch.cat([each.hidden_states[-2] for each in found], dim=-1)
    tokens = load_tokenizer("t5").encode(PROMPT).ids
    behind = t5(torch.tensor([tokens + [0] * (77 - len(tokens))])).last_hidden_state
    cond = checkpoint.clip.encode(PROMPT)
    assert cond.embedding.shape == (1, 154, T5.width)
    torch.testing.assert_close(cond.embedding[:, :77, : beside.shape[-1]], beside, atol=1e-4, rtol=1e-4)
    assert not cond.embedding[:, :77, beside.shape[-1] :].any()
    torch.testing.assert_close(cond.embedding[:, 77:], behind, atol=1e-4, rtol=1e-4)
    ends = found[0].last_hidden_state[:, end], large.text_projection(found[1].last_hidden_state[:, end])
    torch.testing.assert_close(cond.pooled, torch.cat(ends, dim=-1), atol=1e-4, rtol=1e-4)


def test_an_encoder_that_is_left_out_leaves_its_place_empty(checkpoint: Checkpoint, models: Path) -> None:
    full = checkpoint.clip.encode(PROMPT)
    l_width, pooled = 64, full.pooled
    assert pooled is not None

    def encoded(*names: str) -> Cond:
        return load_clip([models / f"{name}.safetensors" for name in names], "sd3").encode(PROMPT)

    whole = encoded("t5xxl", "clip_g", "clip_l")
    torch.testing.assert_close(whole.embedding, full.embedding)
    clips = encoded("clip_l", "clip_g")
    assert clips.embedding.shape == (1, 77, 4096)
    torch.testing.assert_close(clips.embedding[..., : T5.width], full.embedding[:, :77])
    torch.testing.assert_close(clips.pooled, pooled)
    large = encoded("clip_g")
    torch.testing.assert_close(large.embedding[..., 768 : 768 + 128], full.embedding[:, :77, l_width : l_width + 128])
    assert not large.embedding[..., :768].any()
    torch.testing.assert_close(large.pooled, torch.cat((torch.zeros(1, 768), pooled[:, l_width:]), dim=-1))
    alone = encoded("t5xxl")
    torch.testing.assert_close(alone.embedding, full.embedding[:, 77:])
    assert torch.equal(alone.pooled, torch.zeros(1, 768 + 1280))


def test_empty_prompts_leave_no_padding_if_the_node_says_so(checkpoint: Checkpoint) -> None:
    clip = checkpoint.clip
    (cond,) = CLIPTextEncodeSD3(clip, "", "cat", "", "none")
    (padded,) = CLIPTextEncodeSD3(clip, "", "cat", "", "empty_prompt")
    assert (cond.embedding.shape[1], padded.embedding.shape[1]) == (77 + 1, 77 + 77)
    torch.testing.assert_close(cond.embedding[:, :77], padded.embedding[:, :77])
    torch.testing.assert_close(cond.pooled, padded.pooled)
    (behind,) = CLIPTextEncodeSD3(clip, "", "", "cat", "none")
    torch.testing.assert_close(behind.embedding, clip.encode("cat").embedding[:, 77:])
    assert behind.pooled is not None
    assert not behind.pooled.any()


def test_without_any_encoder_all_is_zero() -> None:
    cond = ClipsThenT5().join({})
    assert cond.pooled is not None
    assert (cond.embedding.shape, cond.pooled.shape) == ((1, 77, 4096), (1, 2048))
    assert not cond.embedding.any()
