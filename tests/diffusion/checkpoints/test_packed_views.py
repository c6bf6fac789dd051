"""Fused projections in packed files: the thirds that networks of diffusers have are rows of the packed weight, still packed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from diffusion.checkpoints.fill import fill, lay_out_packed, open_weights
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import View
from diffusion.packed import PackedTensor, unpacked
from diffusion.quantize import Precision
from tests.packed_files import GGUF_TYPES, LAYOUTS, write_gguf

COLUMNS = 256
NAMES = ("q", "k", "v")


class Attention(nn.Module):
    """Three projections of a width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(COLUMNS, width, bias=False) for _ in NAMES)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.q(x), self.k(x), self.v(x)), dim=-1)


def part(width: int) -> Part:
    rows = {name: (at * width, (at + 1) * width) for at, name in enumerate(NAMES)}
    return Part(
        lambda: Attention(width), lambda module: {f"{name}.weight": View("qkv.weight", rows[name]) for name in NAMES}
    )


def write(path: Path, name: str, width: int) -> Path:
    weight = torch.randn(3 * width, COLUMNS, generator=torch.Generator().manual_seed(0))
    parts = LAYOUTS[name].pack(weight)
    if name in GGUF_TYPES:
        return write_gguf(path, {}, {"qkv.weight": (name, parts[".weight"])})
    tensors = {f"qkv{end}": tensor.contiguous() for end, tensor in parts.items()}
    save_file({**tensors, **LAYOUTS[name].marks}, path, LAYOUTS[name].metadata(["qkv"]) or None)
    return path


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("width", [128, 72], ids=["tiles of scales", "rows between them"])
def test_thirds_of_a_packed_projection_stay_packed(tmp_path: Path, name: str, width: int) -> None:
    header = read_header(write(tmp_path / "qkv.file", name, width))
    weights = open_weights(header)
    whole = unpacked(weights.get("qkv.weight"), torch.float32)
    assert whole.shape == (3 * width, COLUMNS)
    loaded = fill(part(width), weights, Precision(torch.float32), "cpu")
    x = torch.randn(2, COLUMNS, generator=torch.Generator().manual_seed(1))
    assert torch.equal(loaded(x), torch.cat([x @ third.t() for third in whole.chunk(3)], dim=-1))
    assert all(isinstance(each, PackedTensor) for each in loaded.parameters())
    with torch.device("meta"):
        outline = Attention(width)
    lay_out_packed(outline, header, part(width).keys(outline), torch.float32)
    assert [each.nbytes for each in outline.parameters()] == [each.nbytes for each in loaded.parameters()]
