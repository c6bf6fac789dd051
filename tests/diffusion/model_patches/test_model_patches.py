"""Patches of guidance: each does nothing at its zero, something elsewhere, and leaves the shared network as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from diffusion.conditioning import Cond
from diffusion.guidance import guide
from diffusion.model_patches.differential import DifferentialMask
from diffusion.model_patches.free_u import FreeU, scale_low_frequencies, structure
from diffusion.model_patches.perp_neg import PerpendicularNegative
from diffusion.model_patches.perturbed_attention import MIDDLE_SELF_ATTENTION, PerturbedAttention
from diffusion.model_patches.rescale import RescaledGuidance
from diffusion.model_patches.self_attention import AttentionRecorder, SelfAttention, attention_mask, gaussian_blur
from diffusion.models import Model
from diffusion.parameterization import Parameterization

Change = Callable[[Model], Model]


def cond(seed: int) -> Cond:
    return Cond(torch.randn(1, 7, 32, generator=torch.Generator().manual_seed(seed)))


POSITIVE, NEGATIVE, EMPTY = (cond(1),), (cond(2),), (cond(3),)
X = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0)) * 5
SIGMA = torch.full((2,), 5.0)


@torch.no_grad()
def denoised(model: Model, cfg: float = 4.0, x: Tensor = X) -> Tensor:
    return guide(model, POSITIVE, NEGATIVE, x.shape, cfg)(x, SIGMA)


NOTHING: dict[str, Change] = {
    "rescale": lambda model: model.with_guidance(RescaledGuidance(0.0)),
    "free u": lambda model: model.with_hooks(FreeU(1.0, 1.0, 1.0, 1.0)),
    "free u 2": lambda model: model.with_hooks(FreeU(1.0, 1.0, 1.0, 1.0, by_structure=True)),
    "perturbed": lambda model: model.with_refinement(PerturbedAttention(0.0)),
    "self-attention": lambda model: model.with_refinement(SelfAttention(0.0, 2.0)),
    "same prompt twice": lambda model: model.with_guidance(PerpendicularNegative(NEGATIVE, 1.0)),
}
SOMETHING: dict[str, Change] = {
    "rescale": lambda model: model.with_guidance(RescaledGuidance(0.7)),
    "free u": lambda model: model.with_hooks(FreeU(1.1, 1.2, 0.9, 0.2)),
    "free u 2": lambda model: model.with_hooks(FreeU(1.3, 1.4, 0.9, 0.2, by_structure=True)),
    "perturbed": lambda model: model.with_refinement(PerturbedAttention(3.0)),
    "self-attention": lambda model: model.with_refinement(SelfAttention(0.5, 2.0)),
    "perp-neg": lambda model: model.with_guidance(PerpendicularNegative(EMPTY, 1.0)),
    "x0": lambda model: model.with_parameterization(Parameterization("x0")),
}


@pytest.mark.parametrize("name", NOTHING)
def test_at_its_zero_a_patch_changes_nothing(tiny_model: Model, name: str) -> None:
    torch.testing.assert_close(denoised(NOTHING[name](tiny_model)), denoised(tiny_model), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", SOMETHING)
def test_elsewhere_it_changes_its_own_handle_alone(tiny_model: Model, name: str) -> None:
    plain = denoised(tiny_model)
    patched = SOMETHING[name](tiny_model)
    assert not torch.allclose(denoised(patched), plain, atol=1e-3)
    assert torch.equal(denoised(tiny_model), plain)
    assert patched.backbone is tiny_model.backbone
    hooks = [
        hook for module in tiny_model.backbone.modules() for hook in (module._forward_hooks, module._forward_pre_hooks)
    ]
    assert not any(hooks)


def test_the_digest_tells_patches_apart(tiny_model: Model) -> None:
    known = [change(tiny_model).digest for table in (NOTHING, SOMETHING) for change in table.values()]
    told = [digest for digest in known if digest]
    assert len(set(told)) == len(told) == len(known) - 2
    assert SOMETHING["perp-neg"](tiny_model).digest == ""  # it carries tensors, which a repr does not tell


def test_rescaled_guidance_has_the_contrast_of_the_positive_side(tiny_model: Model) -> None:
    flow = replace(tiny_model, parameterization=Parameterization("flow"))
    sigma = torch.full((2,), 0.5)
    with torch.no_grad():
        positive = guide(flow, POSITIVE, NEGATIVE, X.shape, 1.0)(X, sigma)
        rescaled = guide(flow.with_guidance(RescaledGuidance(1.0)), POSITIVE, NEGATIVE, X.shape, 9.0)(X, sigma)
    torch.testing.assert_close(rescaled.std(dim=(1, 2, 3)), positive.std(dim=(1, 2, 3)))


def test_refinements_act_one_after_the_other(tiny_model: Model) -> None:
    once = denoised(tiny_model.with_refinement(PerturbedAttention(2.0)))
    twice = denoised(tiny_model.with_refinement(PerturbedAttention(1.0)).with_refinement(PerturbedAttention(1.0)))
    torch.testing.assert_close(twice, once, atol=1e-4, rtol=1e-4)


def test_perturbed_guidance_grows_with_its_scale(tiny_model: Model) -> None:
    plain, one, two = (denoised(tiny_model.with_refinement(PerturbedAttention(scale))) for scale in (0.0, 1.0, 2.0))
    torch.testing.assert_close(two - plain, 2 * (one - plain), atol=1e-3, rtol=1e-3)


def test_perp_neg_takes_no_notice_of_a_negative_prompt_that_is_the_positive_one(tiny_model: Model) -> None:
    model = tiny_model.with_guidance(PerpendicularNegative(EMPTY, 5.0))
    with torch.no_grad():
        same = guide(model, POSITIVE, POSITIVE, X.shape, 4.0)(X, SIGMA)
        plain = guide(tiny_model, POSITIVE, EMPTY, X.shape, 4.0)(X, SIGMA)
    torch.testing.assert_close(same, plain, atol=1e-3, rtol=1e-3)


def test_self_attention_guidance_computes_the_negative_side_even_at_cfg_1(tiny_model: Model) -> None:
    model = tiny_model.with_refinement(SelfAttention(1.0, 2.0))
    assert not torch.allclose(denoised(model, cfg=1.0), denoised(tiny_model, cfg=1.0))


def test_recorded_attention_is_that_of_the_negative_side(tiny_model: Model) -> None:
    recorder = AttentionRecorder(MIDDLE_SELF_ATTENTION)
    with torch.no_grad():
        guide(tiny_model.with_hooks(recorder), POSITIVE, NEGATIVE, X.shape, 4.0)(X, SIGMA)
        both = recorder.scores
        alone = AttentionRecorder(MIDDLE_SELF_ATTENTION)
        guide(tiny_model.with_hooks(alone), POSITIVE, NEGATIVE, X.shape, 1.0)(X, SIGMA)
    assert both is not None
    torch.testing.assert_close(both.sum(dim=-1), torch.ones(both.shape[:-1]))
    assert both.shape[:2] == (2, 8)
    assert alone.scores is None


def test_attention_masks_keep_the_shape_of_the_picture() -> None:
    scores = torch.zeros(1, 2, 12, 12)
    scores[:, :, :, 5] = 1.0  # all look at the place in row 1, column 1 of 3 x 4
    mask = attention_mask(scores, rows=6, columns=8)
    assert mask.sum() == 4
    assert mask[0, 0, 2:4, 2:4].all()


def test_blurring_keeps_the_mean_of_a_flat_picture() -> None:
    torch.testing.assert_close(gaussian_blur(torch.full((1, 4, 8, 8), 3.0), 2.0), torch.full((1, 4, 8, 8), 3.0))
    assert gaussian_blur(X, 2.0).std() < X.std()
    assert torch.equal(gaussian_blur(X, 0.0), X)


def test_low_frequencies_are_the_mean_and_one_wave() -> None:
    x = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(scale_low_frequencies(x, 1.0), x)
    torch.testing.assert_close(scale_low_frequencies(x, 0.0).mean(dim=(2, 3)), torch.zeros(1, 2), atol=1e-6, rtol=0)
    stripes = torch.tensor([1.0, -1.0]).repeat(8, 4).expand(1, 1, 8, 8)
    torch.testing.assert_close(scale_low_frequencies(stripes, 0.0), stripes)


def test_structure_lies_between_0_and_1_in_each_picture() -> None:
    found = structure(X)
    assert found.amin(dim=(1, 2, 3)).tolist() == [0.0, 0.0]
    assert found.amax(dim=(1, 2, 3)).tolist() == [1.0, 1.0]


def test_differential_masks_open_as_the_noise_falls() -> None:
    parameterization = Parameterization()
    sigmas = torch.cat([parameterization.sigmas[[999, 700, 400, 100]], torch.zeros(1)])
    mask = torch.linspace(0, 1, 101).view(1, 1, 1, -1)
    patch = DifferentialMask()
    open_shares = [float(patch.mask(mask, level[None], sigmas, parameterization).mean()) for level in sigmas[:-1]]
    assert open_shares == sorted(open_shares)
    torch.testing.assert_close(torch.tensor(open_shares), torch.tensor([0.0, 0.3, 0.6, 0.9]), atol=0.02, rtol=0)


def test_a_strength_between_mixes_the_soft_mask_in() -> None:
    parameterization = Parameterization()
    sigmas, mask = torch.tensor([14.0, 0.0]), torch.full((1, 1, 2, 2), 0.4)
    hard, half = (
        DifferentialMask(strength).mask(mask, sigmas[:1], sigmas, parameterization) for strength in (1.0, 0.5)
    )
    torch.testing.assert_close(half, (hard + mask) / 2)
