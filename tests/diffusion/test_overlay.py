"""Patches of weights: what they give, and that a shared network stays as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from diffusion.lora.changes import Additive, Whole
from diffusion.models import Model
from diffusion.overlay import Overlay, WeightPatch
from diffusion.parameterization import Parameterization

NAME = "mid_block.attentions.0.proj_in.weight"


def difference(model: Model, name: str = NAME, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(model.backbone.get_parameter(name).shape, generator=generator)


def patch_of(model: Model, strength: float = 1.0, name: str = NAME, seed: int = 1) -> WeightPatch:
    return WeightPatch({name: Additive(Whole(difference(model, name, seed)))}, strength, digest=f"seed {seed}")


@torch.no_grad()
def output(model: Model) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x, context = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 7, 32, generator=generator)
    return model.apply(x, torch.tensor([500.0]), context)


def test_a_patched_model_computes_as_one_whose_weights_were_changed(tiny_model: Model) -> None:
    parameter = tiny_model.backbone.get_parameter(NAME)
    before = parameter.clone()
    patched = output(tiny_model.with_patch(patch_of(tiny_model, 0.5)))
    try:
        parameter += 0.5 * difference(tiny_model)
        assert torch.equal(patched, output(tiny_model))
    finally:
        parameter.copy_(before)


def test_handles_of_one_network_do_not_disturb_each_other(tiny_model: Model) -> None:
    plain = output(tiny_model)
    weights = {name: tensor.clone() for name, tensor in tiny_model.backbone.state_dict().items()}
    first, second = (
        tiny_model.with_patch(patch_of(tiny_model, seed=1)),
        tiny_model.with_patch(patch_of(tiny_model, seed=2)),
    )
    one, two, again = output(first), output(second), output(first)
    assert torch.equal(one, again)
    assert not torch.allclose(one, two)
    assert torch.equal(output(tiny_model), plain)
    assert first.backbone is second.backbone is tiny_model.backbone
    assert all(torch.equal(tensor, weights[name]) for name, tensor in tiny_model.backbone.state_dict().items())


def test_an_error_in_a_call_leaves_the_network_as_it_was(tiny_model: Model) -> None:
    base = tiny_model.backbone.get_parameter(NAME)
    patched = tiny_model.with_patch(patch_of(tiny_model))
    with pytest.raises(RuntimeError, match="to have 4 channels"):
        patched.apply(torch.zeros(1, 3, 8, 8), torch.tensor([500.0]), torch.zeros(1, 7, 32))
    assert tiny_model.backbone.get_parameter(NAME) is base


def test_two_halves_are_one_whole(tiny_model: Model) -> None:
    half, whole = patch_of(tiny_model, 0.5), patch_of(tiny_model, 1.0)
    torch.testing.assert_close(
        output(tiny_model.with_patch(half).with_patch(half)), output(tiny_model.with_patch(whole))
    )


def test_only_patched_tensors_take_memory_and_only_once_used(tiny_model: Model) -> None:
    overlay = tiny_model.with_patch(patch_of(tiny_model)).overlay
    assert overlay.names == (NAME,)
    assert overlay.nbytes == tiny_model.backbone.get_parameter(NAME).nbytes
    computed = overlay.tensors()[NAME]
    assert overlay.tensors()[NAME] is computed
    overlay.release()
    assert overlay.tensors()[NAME] is not computed


def test_a_handle_made_from_another_keeps_its_tensors(tiny_model: Model) -> None:
    patched = tiny_model.with_patch(patch_of(tiny_model))
    assert replace(patched, parameterization=Parameterization("v")).overlay is patched.overlay
    assert patched.with_patch(patch_of(tiny_model)).overlay is not patched.overlay


def test_the_digest_tells_patches_strengths_and_order(tiny_model: Model) -> None:
    one, two = patch_of(tiny_model, seed=1), patch_of(tiny_model, seed=2)
    handles = [
        tiny_model,
        tiny_model.with_patch(one),
        tiny_model.with_patch(two),
        tiny_model.with_patch(replace(one, strength=0.5)),
        tiny_model.with_patch(replace(one, base_strength=0.5)),
        tiny_model.with_patch(one).with_patch(two),
        tiny_model.with_patch(two).with_patch(one),
    ]
    assert len({handle.digest for handle in handles}) == len(handles)
    assert tiny_model.with_patch(replace(one, digest="")).digest == ""


def test_half_precision_is_merged_in_float32_and_rounded_once() -> None:
    layer = torch.nn.Linear(8, 8).half().requires_grad_(False)
    small = torch.full((8, 8), 2.0**-13)
    twice = [WeightPatch({"weight": Additive(Whole(small))})] * 2
    expected = (layer.weight.float() + 2 * small).half()
    assert torch.equal(Overlay(layer, twice).tensors()["weight"], expected)
