"""Models made of two: the ends of a mix are the models, sums and differences undo each other."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.clip import Clip
from diffusion.errors import DiffusionError
from diffusion.lora.changes import Additive, Whole
from diffusion.merging import Mix, merge_blocks, merge_clips, merge_models
from diffusion.models import Model
from diffusion.overlay import WeightPatch


@pytest.fixture(scope="module")
def other_model(tiny_model: Model) -> Model:
    return replace(tiny_model, backbone=_other(tiny_model.backbone), digest="other model")


def _other(module: nn.Module) -> nn.Module:
    twin = copy.deepcopy(module)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return twin


def weights(model: Model) -> dict[str, Tensor]:
    return {**model.backbone.state_dict(), **model.overlay.tensors()}


def assert_same(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name].data, b[name].data)


def test_the_ends_of_a_mix_are_the_models(tiny_model: Model, other_model: Model) -> None:
    assert merge_models(tiny_model, other_model, Mix.of(1.0)) is tiny_model
    assert_same(weights(merge_models(tiny_model, other_model, Mix.of(0.0))), weights(other_model))


def test_every_weight_lies_between_both(tiny_model: Model, other_model: Model) -> None:
    mixed, one, two = (
        weights(m) for m in (merge_models(tiny_model, other_model, Mix.of(0.3)), tiny_model, other_model)
    )
    assert_same(mixed, {name: 0.3 * one[name] + 0.7 * two[name] for name in one})


def test_adding_what_was_taken_away_gives_the_model_back(tiny_model: Model, other_model: Model) -> None:
    difference = merge_models(tiny_model, other_model, Mix(1.0, -1.0))
    assert_same(weights(merge_models(other_model, difference, Mix(1.0, 1.0))), weights(tiny_model))


def test_patches_of_the_second_model_count(tiny_model: Model, other_model: Model) -> None:
    name = "conv_in.bias"
    patched = other_model.with_patch(WeightPatch({name: Additive(Whole(torch.ones(32)))}, digest="ones"))
    mixed = weights(merge_models(tiny_model, patched, Mix.of(0.5)))
    expected = (tiny_model.backbone.get_parameter(name) + other_model.backbone.get_parameter(name) + 1) / 2
    torch.testing.assert_close(mixed[name].data, expected.data)


def test_blocks_have_shares_of_their_own(tiny_model: Model, other_model: Model) -> None:
    mixed = weights(merge_blocks(tiny_model, other_model, {"input": 1.0, "middle": 0.5, "out": 0.0}))
    one, two = weights(tiny_model), weights(other_model)
    shares = {"input_blocks": 1.0, "time_embed": 1.0, "middle_block": 0.5, "output_blocks": 0.0, "out": 0.0}
    for name, original in unet_keys(one).items():
        share = shares[original.split(".")[0]]
        torch.testing.assert_close(mixed[name].data, share * one[name] + (1 - share) * two[name])


def test_a_share_moved_to_another_block_changes_the_digest(tiny_model: Model, other_model: Model) -> None:
    first = merge_blocks(tiny_model, other_model, {"input": 0.5, "middle": 0.5, "out": 1.0})
    second = merge_blocks(tiny_model, other_model, {"input": 0.5, "middle": 1.0, "out": 0.5})
    assert first.digest != second.digest


def test_text_encoders_are_merged_likewise(tiny_clip: Clip) -> None:
    other = tiny_clip.with_each(lambda each: replace(each, module=_other(each.module), digest="other clip"))
    zero = merge_clips(tiny_clip, other, Mix.of(0.0))
    torch.testing.assert_close(zero.encode("a cat").embedding, other.encode("a cat").embedding)


def test_models_of_other_sizes_are_refused(tiny_model: Model) -> None:
    wider = replace(tiny_model, backbone=nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(DiffusionError, match=r"cannot be merged: \d+ of their tensors"):
        merge_models(tiny_model, wider, Mix.of(0.5))
