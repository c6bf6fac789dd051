"""The built-in model shows what prompts say; bench/adherence.py measures it on more prompts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.checkpoints.load import Checkpoint, load_checkpoint
from tests.adherence.judge import Judge
from tests.adherence.measure import measure

BUILT_IN = Path(__file__).parents[2] / "models" / "checkpoints" / "weft-demo.safetensors"
PROMPTS = 12


@pytest.fixture(scope="module")
def built_in() -> Checkpoint:
    return load_checkpoint(BUILT_IN, dtype=torch.float32)


@pytest.mark.parametrize(("things", "least"), [(1, 0.9), (2, 0.8)])
def test_most_of_what_a_prompt_names_is_in_the_picture(built_in: Checkpoint, things: int, least: float) -> None:
    assert measure(built_in, things, PROMPTS, Judge()).share >= least
