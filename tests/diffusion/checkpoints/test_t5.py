"""T5's encoders as files have them: told by their names, read by their shapes, filled with what was written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.checkpoints.encoders import encoder_alone, encoders_inside
from diffusion.checkpoints.encoders.t5 import t5_reader
from diffusion.checkpoints.fill import check_shapes, fill, open_weights
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.networks.t5 import TABLE_KEYS, T5Sizes, build_t5, read_t5, t5_part
from diffusion.quantize import Precision
from tests.diffusion.checkpoints.stripped import header
from tests.diffusion.checkpoints.test_detect import refused
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import write_state

TINY = T5Sizes(64, width=16, inner_width=24, layers=2, heads=2, head_width=8)
INSIDE = "text_encoders.t5xxl.transformer."


def test_t5_xxl_is_read_from_its_header() -> None:
    full = header("t5xxl")
    assert len(full.tensors) == 219
    assert read_t5(full, "") == (32_128, 4096, 10_240, 24, 64, 64, 32, False)
    kind, found = encoder_alone(full)
    assert (kind, found.width) == ("t5xxl", 4096)
    with torch.device("meta"):
        module = found.part.build()
    assert sum(parameter.numel() for parameter in module.parameters()) == 4_762_310_656
    check_shapes(full, {name: tuple(t.shape) for name, t in module.state_dict().items()}, found.part.keys(module))


def test_it_is_found_inside_checkpoints_and_not_taken_for_one() -> None:
    full = header("t5xxl")
    inside = Header(full.path, {INSIDE + key: info for key, info in full.tensors.items()})
    assert list(encoders_inside(inside)) == ["t5xxl"]
    assert "CLIPLoader" in refused(full)


@pytest.mark.parametrize("table", TABLE_KEYS)
@pytest.mark.parametrize("prefix", ["", INSIDE])
def test_an_encoder_is_filled_with_what_was_written(table: str, prefix: str, tmp_path: Path) -> None:
    module = build_t5(TINY)
    written = original_state([(module, t5_part(TINY, prefix, table).keys(module))])
    path = write_state(tmp_path / "t5.safetensors", written)
    file = read_header(path)
    found = encoders_inside(file)["t5xxl"] if prefix else encoder_alone(file)[1]
    filled = fill(found.part, open_weights(file), Precision(), "cpu").state_dict()
    assert filled.keys() == module.state_dict().keys()
    for name, tensor in module.state_dict().items():
        assert torch.equal(filled[name], tensor)


def test_prompts_are_padded_to_what_the_family_wants(tmp_path: Path) -> None:
    module = build_t5(TINY._replace(vocabulary=32_128))
    part = t5_part(TINY, "")
    path = write_state(tmp_path / "t5.safetensors", original_state([(module, part.keys(module))]))
    reader = t5_reader(open_weights(read_header(path)), min_length=77)
    assert reader.read(module, "a cat").embedding.shape == (1, 77, TINY.width)
