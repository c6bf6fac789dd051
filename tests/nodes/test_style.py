"""Flux Redux: what was seen in pictures becomes tokens behind those of a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from diffusion.clip_vision import VisionOutput
from diffusion.conditioning import Cond
from diffusion.errors import CheckpointError, DiffusionError
from nodes.style import StyleModelApply, StyleModelLoader
from tests.nodes.folder_host import FolderRun
from tests.tiny_checkpoint import write_state

PROMPT = (Cond(torch.ones(1, 5, 16), extras={"guidance": 3.5}),)
SEEN = VisionOutput(torch.zeros(2, 3), torch.rand(2, 9, 8), torch.zeros(2, 9, 8))
STATE = {
    "redux_up.weight": torch.randn(48, 8),
    "redux_up.bias": torch.randn(48),
    "redux_down.weight": torch.randn(16, 48),
    "redux_down.bias": torch.randn(16),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models" / "style_models").mkdir(parents=True)
    write_state(tmp_path / "models" / "style_models" / "redux.safetensors", STATE)
    return tmp_path


def expected(strength: float) -> Tensor:
    """Return the tokens in the words of the model's description."""
    inner = functional.linear(SEEN.last_hidden_state, STATE["redux_up.weight"], STATE["redux_up.bias"])
    tokens = functional.linear(functional.silu(inner), STATE["redux_down.weight"], STATE["redux_down.bias"])
    return tokens.reshape(1, 18, 16) * strength


@pytest.mark.parametrize(("strength", "kind"), [(1.0, "multiply"), (0.3, "multiply"), (1.0, "attn_bias")])
def test_tokens_of_all_pictures_stand_behind_the_prompt(folder: Path, strength: float, kind: str) -> None:
    style = StyleModelLoader("redux.safetensors", run=FolderRun(folder))
    (cond,) = StyleModelApply(PROMPT, style, SEEN, strength, kind)
    torch.testing.assert_close(cond.embedding, torch.cat((PROMPT[0].embedding, expected(strength)), dim=1))
    assert cond.extras == PROMPT[0].extras


def test_what_does_not_fit_is_refused(folder: Path) -> None:
    style = StyleModelLoader("redux.safetensors", run=FolderRun(folder))
    wide: Any = VisionOutput(torch.zeros(1, 3), torch.rand(1, 9, 12), torch.zeros(1, 9, 12))
    with pytest.raises(DiffusionError, match="takes vectors 8 wide, the CLIP vision network gave 12"):
        StyleModelApply(PROMPT, style, wide)
    with pytest.raises(DiffusionError, match="makes tokens 16 wide"):
        StyleModelApply((Cond(torch.ones(1, 5, 32)),), style, SEEN)
    with pytest.raises(DiffusionError, match="bias of attention is not supported"):
        StyleModelApply(PROMPT, style, SEEN, 0.5, "attn_bias")


def test_another_kind_of_file_is_refused(folder: Path) -> None:
    write_state(folder / "models" / "style_models" / "t2i.safetensors", {"style_embedding": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="looks like a T2I style adapter"):
        StyleModelLoader("t2i.safetensors", run=FolderRun(folder))
