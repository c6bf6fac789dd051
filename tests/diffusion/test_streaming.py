"""How networks are cut: every weight once, tables apart, and blocks that are really called."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from diffusion.clip import Clip
from diffusion.models import Model, Vae
from diffusion.quantize import Resolved
from diffusion.streaming import ShortOfMemoryError, cut, kept, look_up_below, tables


@pytest.fixture(params=["model", "clip", "vae"])
def network(request: pytest.FixtureRequest, tiny_model: Model, tiny_clip: Clip, tiny_vae: Vae) -> nn.Module:
    return {"model": tiny_model.backbone, "clip": tiny_clip.encoder, "vae": tiny_vae.autoencoder}[request.param]


def test_every_weight_is_in_one_part_or_a_table(network: nn.Module) -> None:
    parts = [id(tensor) for part in cut(network) for tensor in part.tensors]
    large = [id(table.weight) for table in tables(network)]
    assert len(parts) == len(set(parts))
    assert {*parts, *large} == {id(tensor) for tensor in (*network.parameters(), *network.buffers())}
    assert not set(parts) & set(large)


def test_the_fixed_part_is_small_and_parts_can_be_found_by_their_path(network: nn.Module) -> None:
    parts = cut(network)
    whole = sum(part.nbytes(torch.float32) for part in parts)
    assert [part.is_fixed for part in parts] == [True] + [False] * (len(parts) - 1)
    assert parts[0].nbytes(torch.float32) < whole / 4
    for part in parts[1:]:
        assert network.get_submodule(part.path) is part.module


def test_parts_have_the_same_sizes_without_weights(tiny_vae: Vae) -> None:
    with torch.device("meta"):
        bare = type(tiny_vae.autoencoder).from_config(tiny_vae.autoencoder.config)  # type: ignore[attr-defined]
    sizes = [[(part.path, part.nbytes(torch.float16)) for part in cut(each)] for each in (tiny_vae.autoencoder, bare)]
    assert sizes[0] == sizes[1]


def test_decoding_leaves_the_encoder_alone(tiny_vae: Vae) -> None:
    used = {part.path.split(".")[0] for part in cut(tiny_vae.autoencoder) if part.is_used_by("decode")}
    assert "decoder" in used
    assert "encoder" not in used
    assert all(part.is_used_by("something else") for part in cut(tiny_vae.autoencoder))


def test_half_of_the_precision_is_half_of_the_bytes_but_for_whole_numbers() -> None:
    module = nn.Linear(8, 8)
    module.register_buffer("ids", torch.arange(4))
    (part,) = cut(module)
    assert part.nbytes(torch.float32) == 72 * 4 + 4 * 8
    assert part.nbytes(torch.float16) == 72 * 2 + 4 * 8


def test_rows_of_a_table_come_in_the_precision_of_the_computation() -> None:
    table = nn.Embedding(5, 3, dtype=torch.float16)
    look_up_below(table, torch.device("cpu"), Resolved(torch.float16, torch.float32))
    rows = table(torch.tensor([4, 0]))
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, table.weight[[4, 0]].float(), rtol=0, atol=0)


def test_without_a_keeper_the_work_is_just_done() -> None:
    assert kept(None, "denoise", (1,), lambda: 3) == 3


def test_short_memory_is_caught_where_tiles_help() -> None:
    with pytest.raises(torch.OutOfMemoryError, match="too little"):
        raise ShortOfMemoryError("too little")
