"""What crosses between packs and operators: nothing is lost, nothing of a pack's own is touched."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from compat.current import running
from compat.wires import from_pack, to_pack
from compat.wires.patcher import PackModel
from compat.wires.told import no_effect
from diffusion import vae as vaes
from diffusion.checkpoints.load import Checkpoint
from diffusion.conditioning import Cond, PercentArea, set_area, set_mask, set_timestep_range
from diffusion.custom_sampling import sample_guided
from diffusion.forward import EmptyNoise, SeedNoise
from diffusion.guiders import Guider
from diffusion.latents import Latent
from diffusion.model_patches.free_u import FreeU
from diffusion.model_patches.rescale import RescaledGuidance
from diffusion.models import Model
from diffusion.samplers import SAMPLERS
from diffusion.sampling import SamplerChoice, sample
from graph.errors import Cancelled
from runtime.values import digest

TENSOR = torch.arange(8.0).reshape(1, 2, 4)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "pooled_output": st.just(TENSOR[0]) | st.none(),
        "area": st.sampled_from([(8, 8, 0, 4), ("percentage", 0.5, 0.5, 0.0, 0.25)]),
        "strength": st.sampled_from([1.0, 0.5]),
        "mask": st.just(torch.ones(1, 4, 4)),
        "mask_strength": st.sampled_from([1.0, 0.3]),
        "set_area_to_bounds": st.booleans(),
        "start_percent": st.sampled_from([0.0, 0.2]),
        "end_percent": st.sampled_from([1.0, 0.9]),
        "guidance": st.just(3.5),
        "of_the_pack": st.just({"any": ["thing"]}),
        "control": st.just("a ControlNet"),
    },
)


class Own:
    """An object of a pack's own."""


@given(st.lists(ENTRIES, min_size=1, max_size=3))
def test_pairs_come_back_with_the_entries_that_they_had(entries: list[dict[str, Any]]) -> None:
    pairs = [[TENSOR, each] for each in entries]
    back = to_pack("CONDITIONING", from_pack("CONDITIONING", pairs))
    assert [pair[0] is TENSOR for pair in back] == [True] * len(pairs)
    assert [pair[1] for pair in back] == entries


@pytest.mark.parametrize(
    "prompt",
    [
        (Cond(TENSOR),),
        (Cond(TENSOR, TENSOR[0], extras={"guidance": 2.0}),),
        (Cond(TENSOR, area=PercentArea(0.5, 0.5, 0.0, 0.0), strength=0.5),),
        set_timestep_range(set_area((Cond(TENSOR), Cond(TENSOR)), 64, 64, 0, 8), 0.0, 0.5),
        set_mask((Cond(TENSOR),), torch.ones(4, 4)),
        (),
    ],
)
def test_prompts_come_back_as_they_were(prompt: tuple[Cond, ...]) -> None:
    assert from_pack("CONDITIONING", to_pack("CONDITIONING", prompt)) == prompt


def test_latents_keep_what_a_pack_adds() -> None:
    there = {"samples": TENSOR, "noise_mask": TENSOR[0], "batch_index": [2], "type": "own"}
    latent = from_pack("LATENT", there)
    assert latent.batch_index == (2,)
    assert to_pack("LATENT", latent) == there
    assert type(from_pack("LATENT", {"samples": TENSOR})) is Latent


def test_what_a_pack_made_itself_goes_through_untouched() -> None:
    own, names = Own(), {"samples": "not a tensor"}
    pipe = (own, [own], names)
    assert from_pack("PIPE", pipe) is pipe
    assert to_pack("PIPE", pipe) is pipe
    for value in (own, names, pipe, [1, 2], [], (), None, TENSOR, "text", 3):
        assert from_pack("*", value) is value
        assert to_pack("*", value) is value


def test_values_in_lists_change_where_anything_may_be() -> None:
    latents = [{"samples": TENSOR}, {"samples": TENSOR}]
    inside = from_pack("*", latents)
    assert [type(each) for each in inside] == [Latent, Latent]
    assert to_pack("*", inside) == latents
    assert type(from_pack("IMAGE,LATENT", latents[0])) is Latent
    assert isinstance(from_pack("*", [[TENSOR, {}]]), tuple)


def test_noise_and_samplers_cross() -> None:
    for noise in (SeedNoise(4), EmptyNoise()):
        latent = Latent(torch.zeros(1, 4, 2, 2))
        other = to_pack("NOISE", noise)
        assert torch.equal(other.generate_noise(to_pack("LATENT", latent)), noise.generate(latent))
        assert from_pack("NOISE", other) == noise
    for name in SAMPLERS:
        assert from_pack("SAMPLER", to_pack("SAMPLER", SamplerChoice(name))) == SamplerChoice(name)


def test_a_model_that_a_pack_only_passes_on_is_the_same_handle(loaded: Checkpoint) -> None:
    patcher = to_pack("MODEL", loaded.model)
    assert from_pack("MODEL", patcher) is loaded.model
    assert from_pack("MODEL", patcher.clone().clone()) is loaded.model
    rescaled = loaded.model.with_guidance(RescaledGuidance(0.7)).with_hooks(FreeU(1.1, 1.2, 0.9, 0.2))
    assert from_pack("MODEL", to_pack("MODEL", rescaled).clone()) is rescaled


def test_a_changed_model_goes_as_one_object_between_packs(loaded: Checkpoint) -> None:
    patcher = to_pack("MODEL", loaded.model).clone()
    patcher.set_attachments("own", 3)
    patcher.set_model_unet_function_wrapper(lambda apply, args: apply(args["input"], args["timestep"], **args["c"]))
    handle = from_pack("MODEL", patcher)
    assert to_pack("MODEL", handle) is patcher
    assert digest(handle) is None


def test_changes_to_a_clone_leave_the_first_alone(loaded: Checkpoint) -> None:
    first = to_pack("MODEL", loaded.model).clone()
    first.set_model_sampler_post_cfg_function(lambda args: args["denoised"])
    clone = first.clone()
    clone.set_model_sampler_post_cfg_function(lambda args: args["denoised"])
    clone.set_model_attn2_patch(lambda n, context, value, options: (n, context, value))
    clone.add_patches({key: (value,) for key, value in first.model.state_dict().items()})
    assert len(first.model_options["sampler_post_cfg_function"]) == 1
    assert first.model_options["transformer_options"] == {}
    assert first.patches == {}
    assert clone.is_clone(first)


def test_a_later_change_in_place_does_not_reach_a_handle_that_was_given(loaded: Checkpoint) -> None:
    patcher = to_pack("MODEL", loaded.model).clone()
    patcher.disable_model_cfg1_optimization()
    before = from_pack("MODEL", patcher)
    patcher.set_model_sampler_cfg_function(lambda args: args["cond"])
    assert "sampler_cfg_function" not in to_pack("MODEL", before).model_options
    assert "sampler_cfg_function" in to_pack("MODEL", from_pack("MODEL", patcher)).model_options


def test_an_operator_behind_a_pack_adds_to_it(loaded: Checkpoint) -> None:
    patcher = to_pack("MODEL", loaded.model).clone()
    patcher.set_model_sampler_post_cfg_function(lambda args: args["denoised"])
    handle = from_pack("MODEL", patcher).with_guidance(RescaledGuidance(0.7))
    assert isinstance(handle, PackModel)
    options = to_pack("MODEL", handle).model_options
    assert len(options["sampler_post_cfg_function"]) == 1
    assert options["sampler_cfg_function"].guidance == RescaledGuidance(0.7)


def test_patched_weights_are_those_that_sampling_uses(loaded: Checkpoint) -> None:
    patcher = to_pack("MODEL", loaded.model).clone()
    key = "diffusion_model.out.2.weight"
    assert patcher.add_patches({key: ("set", (torch.zeros_like(patcher.model.state_dict()[key]),)), "none": ()}) == [
        key
    ]
    key = "diffusion_model.out.2.bias"
    patcher.add_patches({key: ("diff", (patcher.model.state_dict()[key],))}, -1.0)
    x = torch.randn(1, 4, 4, 4)
    context = torch.zeros(1, 77, 64)
    assert from_pack("MODEL", patcher).apply(x, torch.tensor([5.0]), context).abs().max() == 0
    assert loaded.model.apply(x, torch.tensor([5.0]), context).abs().max() > 0


class CancelledRun:
    """The run of a node that the user ended."""

    row = 0

    def check_cancelled(self) -> None:
        raise Cancelled("by the user")


def test_a_sampling_of_a_pack_ends_with_its_node(loaded: Checkpoint) -> None:
    patcher = to_pack("MODEL", loaded.model).clone()
    patcher.disable_model_cfg1_optimization()
    prompt = (Cond(torch.zeros(1, 77, 64)),)
    usual = {"seed": 1, "steps": 1, "cfg": 2.0, "sampler_name": "euler", "scheduler": "simple"}
    with pytest.raises(Cancelled), running(CancelledRun()):  # type: ignore[arg-type]  # as much of a run as is asked
        sample(from_pack("MODEL", patcher), prompt, prompt, Latent(torch.zeros(1, 4, 4, 4)), **usual)


def test_what_has_no_effect_is_told_once_by_its_name(loaded: Checkpoint, caplog: pytest.LogCaptureFixture) -> None:
    no_effect.cache_clear()
    patcher = to_pack("MODEL", loaded.model).clone()
    patcher.model_options["of_another_world"] = 1
    patcher.set_model_patch(lambda *args: args, "double_block")
    prompt = (Cond(torch.zeros(1, 77, 64)),)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            usual = {"seed": 1, "steps": 1, "cfg": 2.0, "sampler_name": "euler", "scheduler": "simple"}
            sample(from_pack("MODEL", patcher.clone()), prompt, prompt, Latent(torch.zeros(1, 4, 4, 4)), **usual)
    told = [record.getMessage() for record in caplog.records]
    assert sorted(told) == [
        'A node pack uses "of_another_world" in model_options, which has no effect in Weft.',
        'A node pack uses the model patch "double_block", which has no effect in Weft.',
    ]


def test_a_text_encoder_comes_back_with_its_layer(loaded: Checkpoint) -> None:
    clip = to_pack("CLIP", loaded.clip)
    assert from_pack("CLIP", clip) is loaded.clip
    other = clip.clone()
    other.clip_layer(-2)
    handle = from_pack("CLIP", other)
    assert handle.layer == -2
    assert to_pack("CLIP", handle) is other
    expected = loaded.clip.with_layer(-2).encode("a (red:1.2) cat")
    assert torch.equal(handle.encode("a (red:1.2) cat").embedding, expected.embedding)
    assert clip.clone().layer_idx is None


class Letters:
    """A pack's own text encoder."""

    def tokenize(self, text: str) -> dict[str, Any]:
        return {"l": [(letter, 1.0) for letter in text]}

    def encode_from_tokens(self, tokens: Any, return_pooled: bool = False) -> Any:
        values = torch.tensor([[[float(ord(letter))] for letter, _ in tokens["l"]]])
        return (values, values.mean(dim=1)) if return_pooled else values


class Blocks:
    """A pack's own VAE."""

    latent_channels = 3

    def encode(self, image: torch.Tensor) -> torch.Tensor:
        return image.movedim(-1, 1)[:, :, ::8, ::8]

    def decode(self, samples: torch.Tensor) -> torch.Tensor:
        return samples.repeat_interleave(8, 2).repeat_interleave(8, 3).movedim(1, -1)

    def decode_tiled(self, samples: torch.Tensor) -> torch.Tensor:
        return self.decode(samples)


def test_operators_use_text_encoders_and_vaes_of_packs() -> None:
    clip, vae = Letters(), Blocks()
    cond = from_pack("CLIP", clip).encode("ab")
    assert cond.embedding.flatten().tolist() == [97.0, 98.0]
    assert to_pack("CLIP", from_pack("CLIP", clip)) is clip
    handle = from_pack("VAE", vae)
    image = torch.rand(1, 2, 2, 3).repeat_interleave(8, 1).repeat_interleave(8, 2)
    assert torch.allclose(vaes.decode(handle, vaes.encode(handle, image)), image, atol=1e-6)
    assert to_pack("VAE", handle) is vae


class Halved:
    """A guider of a pack's own: half of what was given."""

    def __init__(self, model_patcher: Any) -> None:
        self.model_patcher = model_patcher

    def sample(self, noise: Any, latent_image: Any, sampler: Any, sigmas: Any, **rest: Any) -> Any:
        return latent_image / 2


def test_guiders_cross_both_ways(tiny_model: Model) -> None:
    prompt = (Cond(torch.ones(1, 7, 32)),)
    packed = to_pack("GUIDER", Guider(tiny_model, prompt, prompt, 3.0))
    assert packed.cfg == 3.0
    assert to_pack("GUIDER", from_pack("GUIDER", packed)) is packed


def test_a_packs_guider_samples_for_operators(tiny_model: Model) -> None:
    guider = from_pack("GUIDER", Halved(to_pack("MODEL", tiny_model)))
    latent = Latent(torch.ones(1, 4, 8, 8))
    sigmas = torch.tensor([2.0, 0.0])
    sampled = sample_guided(guider, latent, noise=EmptyNoise(), sampler=SamplerChoice("euler"), sigmas=sigmas)
    assert sampled.output.samples.eq(0.5).all()
