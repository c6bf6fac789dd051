"""Packed weights: fewer bytes are kept, and results are those of unpacking everything first."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from diffusion.checkpoints import load_checkpoint
from diffusion.clip import Clip
from diffusion.lora.changes import Additive, Whole
from diffusion.models import Model
from diffusion.overlay import WeightPatch
from diffusion.quantize import Precision, Precisions, pack, to_stored
from diffusion.text.readers import clip_tokenizer
from tests.clips import clip_of

SMALL = [torch.float8_e4m3fn, torch.float8_e5m2, torch.float16, torch.bfloat16]
X, TIME = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([500.0])


def packed(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    return pack(copy.deepcopy(module), Precision(dtype, torch.float32))


def unpacked_first(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    return pack(pack(copy.deepcopy(module), Precision(dtype)), Precision(torch.float32))


def nbytes(module: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in module.parameters())


@torch.no_grad()
def output(model: Model) -> torch.Tensor:
    return model.apply(X, TIME, torch.ones(1, 7, 32))


def with_backbone(model: Model, backbone: nn.Module, computed: torch.dtype | None = torch.float32) -> Model:
    return Model(backbone, model.parameterization, model.latent_format, digest="packed", computed=computed)


@pytest.mark.parametrize("dtype", SMALL)
def test_a_packed_network_computes_as_one_unpacked_first(tiny_model: Model, dtype: torch.dtype) -> None:
    result = output(with_backbone(tiny_model, packed(tiny_model.backbone, dtype)))
    assert torch.equal(result, output(with_backbone(tiny_model, unpacked_first(tiny_model.backbone, dtype))))
    assert result.dtype == torch.float32
    assert not torch.equal(result, output(tiny_model))


@pytest.mark.parametrize("dtype", SMALL)
def test_packing_divides_the_bytes_and_calls_do_not_unpack_for_good(tiny_model: Model, dtype: torch.dtype) -> None:
    module = packed(tiny_model.backbone, dtype)
    expected = nbytes(tiny_model.backbone) * dtype.itemsize // 4
    assert nbytes(module) == expected
    output(with_backbone(tiny_model, module))
    assert nbytes(module) == expected


def test_a_failed_call_leaves_the_weights_packed(tiny_model: Model) -> None:
    module = packed(tiny_model.backbone, torch.float8_e4m3fn)
    with pytest.raises(RuntimeError, match="to have 4 channels"):
        with_backbone(tiny_model, module).apply(torch.zeros(1, 3, 8, 8), TIME, torch.ones(1, 7, 32))
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float8_e4m3fn}


@pytest.mark.parametrize("dtype", SMALL)
def test_a_text_encoder_may_be_packed(tiny_clip: Clip, dtype: torch.dtype) -> None:
    encoders = packed(tiny_clip.encoder, dtype), unpacked_first(tiny_clip.encoder, dtype)
    embeddings = [
        clip_of(clip_tokenizer(), encoder, computed=torch.float32).encode("a (red:1.2) cat").embedding
        for encoder in encoders
    ]
    assert torch.equal(*embeddings)


def test_a_patch_on_packed_weights_keeps_what_8_bits_would_lose(tiny_model: Model) -> None:
    module = packed(tiny_model.backbone, torch.float8_e4m3fn)
    name, small = "conv_in.weight", 1e-4
    model = with_backbone(tiny_model, module)
    change = torch.full(model.backbone.get_parameter(name).shape, small)
    patched = model.with_patch(WeightPatch({name: Additive(Whole(change))}, digest="small"))
    merged = patched.overlay.tensors()[name]
    assert merged.dtype == torch.float32
    torch.testing.assert_close(merged - module.get_parameter(name).float(), change, atol=1e-7, rtol=1e-3)
    assert patched.overlay.nbytes == merged.nbytes
    assert not torch.equal(output(patched), output(model))


def test_numbers_too_large_for_8_bits_become_the_largest() -> None:
    big = torch.tensor([1e6, -1e6, 1.0])
    for dtype in SMALL[:2]:
        limit = torch.finfo(dtype).max
        assert to_stored(big, dtype).float().tolist() == [limit, -limit, 1.0]


def test_a_checkpoint_loads_in_a_precision_for_each_network(tiny_checkpoint: Path) -> None:
    small = Precision(torch.float8_e5m2, torch.float32)
    checkpoint = load_checkpoint(
        tiny_checkpoint,
        precisions=Precisions(small, Precision(torch.bfloat16, torch.float32), Precision(torch.float32)),
    )
    networks = checkpoint.model.backbone, checkpoint.clip.encoder, checkpoint.vae.autoencoder
    kept = [{parameter.dtype for parameter in network.parameters()} for network in networks]
    assert kept == [{torch.float8_e5m2}, {torch.bfloat16}, {torch.float32}]
    assert (checkpoint.model.dtype, checkpoint.clip.dtype, checkpoint.vae.dtype) == (torch.float32,) * 3
    assert checkpoint.model.digest != load_checkpoint(tiny_checkpoint, dtype=torch.float32).model.digest
    embedding = checkpoint.clip.encode("a cat").embedding
    assert checkpoint.model.apply(X, TIME, embedding).isfinite().all()
