"""AuraFlow: a tiny model in fal's layout computes what diffusers' and transformers' own classes do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.load import load_clip, load_diffusion_model
from diffusion.checkpoints.networks.aura_mmdit import HEAD_WIDTH, aura_part, read_aura
from diffusion.checkpoints.together import whole_of
from diffusion.conditioning import Cond
from diffusion.errors import CheckpointError
from diffusion.guidance import guide
from diffusion.models import Model
from diffusion.text.t5 import T5Reader
from tests.diffusion.checkpoints.stripped import header
from tests.tiny_aura_flow import AURA, PILE_T5, tokenizer, write_aura_flow
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import random_part, state_of

SIGMA = torch.tensor([0.7])


def state() -> dict[str, Tensor]:
    """Return the tensors of a file, their matrices large enough for the prompt to count."""
    return {key: each * 2 if each.ndim == 2 else each for key, each in state_of(aura_part(AURA, "")).items()}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("aura") / "aura.safetensors"
    return load_diffusion_model(write_state(path, state()))


def own_network() -> Any:
    """Return diffusers' own network with the weights of the file as diffusers converts them."""
    from diffusers import AuraFlowTransformer2DModel
    from diffusers.loaders.single_file_utils import convert_auraflow_transformer_checkpoint_to_diffusers

    own = AuraFlowTransformer2DModel(
        num_mmdit_layers=AURA.double_layers,
        num_single_dit_layers=AURA.single_layers,
        attention_head_dim=HEAD_WIDTH,
        num_attention_heads=AURA.width // HEAD_WIDTH,
        joint_attention_dim=AURA.context_width,
        caption_projection_dim=AURA.width,
        pos_embed_max_size=AURA.places,
    )
    own.load_state_dict(convert_auraflow_transformer_checkpoint_to_diffusers(state()))
    return own.eval()


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def prompt(seed: int) -> Cond:
    return Cond(random(1, 9, AURA.context_width, seed=seed))


@torch.no_grad()
def denoised(model: Model, x: Tensor) -> Tensor:
    return guide(model, (prompt(2),), (prompt(3),), x.shape, 4.0)(x, SIGMA)


def test_the_sizes_of_the_known_file_are_read() -> None:
    full = header("aura_flow/aura_flow_03")
    whole = whole_of(full)
    assert read_aura(full, "model.") == (4, 3072, 4, 32, 2048, 4096)
    assert (whole.backbone.parameterization.shift, whole.backbone.latent_format.scale_factor) == (1.73, 0.13025)
    assert [encoder.width for encoder in whole.encoders.values()] == [2048]
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in whole.backbone.part.build().parameters()) == 6_842_876_928


def test_pile_t5_is_no_t5_xxl() -> None:
    prefix = "text_encoders.pile_t5xl.transformer."
    tensors = {
        key.removeprefix(prefix): info
        for key, info in header("aura_flow/aura_flow_03").tensors.items()
        if key.startswith(prefix)
    }
    assert encoder_alone(Header(Path("pile"), tensors))[0] == "pile_t5xl"


@torch.no_grad()
@pytest.mark.parametrize(("rows", "columns"), [(8, 12), (24, 24), (7, 11)])
def test_the_denoised_latent_is_that_of_diffusers(model: Model, rows: int, columns: int) -> None:
    own, x = own_network(), random(1, 4, rows, columns, seed=1)
    whole = torch.nn.functional.pad(x, (0, columns % 2, 0, rows % 2), mode="circular")
    outputs = [own(whole, prompt(seed).embedding, SIGMA, return_dict=False)[0][..., :rows, :columns] for seed in (2, 3)]
    expected = x - SIGMA * (outputs[1] + 4.0 * (outputs[0] - outputs[1]))
    torch.testing.assert_close(denoised(model, x), expected, atol=1e-4, rtol=0)
    assert (outputs[0] - outputs[1]).abs().max() > 1e-2


def test_positions_of_larger_latents_are_stretched(model: Model) -> None:
    x = random(1, 4, 8, 40, seed=1)
    square: Any = model.backbone.pos_embed
    positions = square._positions(x).unflatten(1, (4, 20))
    stretched = torch.nn.functional.interpolate(
        square.pos_embed.unflatten(1, (12, 12)).movedim(-1, 1), (20, 20), mode="bilinear"
    ).movedim(1, -1)
    torch.testing.assert_close(positions, stretched[:, 8:12])
    assert bool(denoised(model, x).isfinite().all())


def test_a_prompt_is_padded_with_zeros_that_nothing_attends_to(tmp_path: Path) -> None:
    write_aura_flow(tmp_path)
    path = tmp_path / "text_encoders" / "pile.safetensors"
    clip = load_clip([path], "stable_diffusion", tokenizer_folders=[tmp_path / "tokenizers"])
    assert clip.encoders[0].kind == "pile_t5xl"
    cond = clip.encode("a red house")
    ids = torch.tensor([[*tokenizer().encode("a red house").ids, 2]])
    own: Any = random_part(PILE_T5)
    with torch.no_grad():
        expected = own(ids).last_hidden_state
    assert cond.embedding.shape == (1, 256, AURA.context_width)
    torch.testing.assert_close(cond.embedding[:, : ids.shape[1]], expected, atol=1e-5, rtol=1e-5)
    assert not cond.embedding[:, ids.shape[1] :].any()
    assert isinstance(clip.encoders[0].reader, T5Reader)


def test_a_missing_tokenizer_is_named(tmp_path: Path) -> None:
    write_aura_flow(tmp_path)
    (tmp_path / "tokenizers").rename(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match=r"tokenizer of Pile-T5 is missing.* --to tokenizers/pile_t5"):
        load_clip([tmp_path / "text_encoders" / "pile.safetensors"], "stable_diffusion")
