"""The contract of every kind of text encoder with a stripped header, encoders/<kind>.json: it alone reads that file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.checkpoints.encoders import encoder_alone, known_encoders
from diffusion.checkpoints.fill import check_shapes
from tests.diffusion.checkpoints.stripped import header

KINDS = sorted(path.stem for path in (Path(__file__).parent / "encoders").glob("*.json"))
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_a_text_encoder_alone_is_of_one_kind_and_wants_the_tensors_of_its_file(kind: str) -> None:
    seen = header(f"../encoders/{kind}")
    found, encoder = encoder_alone(seen)
    assert found == kind
    with torch.device("meta"):
        module = encoder.part.build()
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    check_shapes(seen, shapes, encoder.part.keys(module))


def test_every_header_is_that_of_a_kind() -> None:
    assert set(KINDS) <= {kind.name for kind in known_encoders()}
