"""What nodes put beside prompts, under the names that families read."""

from __future__ import annotations

import torch

from diffusion.conditioning import Cond
from diffusion.latents import Latent
from nodes import edit_models as nodes

PROMPT = (Cond(torch.ones(1, 7, 32)),)


def test_guidance_is_told_and_taken_away() -> None:
    told = nodes.FluxGuidance(PROMPT, 2.5)
    assert told[0].extras == {"guidance": 2.5}
    assert nodes.FluxDisableGuidance(told)[0].extras == {"guidance": None}
    assert PROMPT[0].extras == {}


def test_reference_pictures_come_one_after_the_other() -> None:
    first, second = Latent(torch.zeros(1, 16, 4, 4)), Latent(torch.ones(1, 16, 6, 4))
    told = nodes.ReferenceLatent(nodes.ReferenceLatent(PROMPT, first), second)
    assert [latent.shape[2] for latent in told[0].extras["reference_latents"]] == [4, 6]
    assert nodes.ReferenceLatent(PROMPT) is PROMPT


def test_the_method_is_told_as_networks_know_it() -> None:
    for given, known in (("uxo/uno", "uxo"), ("index", "index")):
        told = nodes.FluxKontextMultiReferenceLatentMethod(PROMPT, given)
        assert told[0].extras == {"reference_latents_method": known}


def test_pictures_get_a_size_that_kontext_knows() -> None:
    assert nodes.FluxKontextImageScale(torch.rand(1, 90, 160, 3)).shape == (1, 752, 1392, 3)
