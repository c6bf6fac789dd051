"""unCLIP: pictures beside prompts are what diffusers' pipeline makes of them, and are put together as in ComfyUI."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.adapters import SizedUNetAdapter
from diffusion.clip_vision import VisionOutput
from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.unclip import PICTURES, Statistics, add_picture, picture_vector

WIDTH, SEED, SHAPE = 24, 7, (2, 4, 8, 8)
GENERATOR = torch.Generator().manual_seed(0)
MEAN, DEVIATION = torch.randn(WIDTH, generator=GENERATOR), torch.rand(WIDTH, generator=GENERATOR) + 0.5
STATISTICS = Statistics(tuple(MEAN.tolist()), tuple(DEVIATION.tolist()))
PROMPT = (Cond(torch.ones(1, 5, 16)),)


def seen(number: int = 1, width: int = WIDTH) -> VisionOutput:
    """Return what a network is taken to have seen in some pictures."""
    embeds = torch.randn(number, width, generator=torch.Generator().manual_seed(number))
    return VisionOutput(embeds, torch.zeros(number, 5, 8), torch.zeros(number, 5, 8))


def noises(number: int) -> list[Tensor]:
    """Return the noise that a sampling's seed gives, one after the other."""
    generator = torch.Generator().manual_seed(SEED - 10)
    return [torch.randn(1, WIDTH, generator=generator) for _ in range(number)]


def vector(*pictures: tuple[VisionOutput, float, float], **others: Any) -> Tensor:
    """Return what the network is told of a prompt with pictures."""
    conditioning = PROMPT
    for picture in pictures:
        conditioning = add_picture(conditioning, *picture)
    found = picture_vector({"seed": SEED, **conditioning[0].extras}, WIDTH, STATISTICS, **others)
    assert found is not None
    return found


def of_diffusers(
    embeds: Tensor, noise: Tensor, level: int, mean: Tensor = MEAN, deviation: Tensor = DEVIATION
) -> Tensor:
    """Return an embedding under noise as StableUnCLIPImg2ImgPipeline.noise_image_embeddings makes it."""
    from diffusers import DDPMScheduler
    from diffusers.models.embeddings import get_timestep_embedding
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer

    normalizer = StableUnCLIPImageNormalizer(WIDTH)
    normalizer.mean.data, normalizer.std.data = mean[None], deviation[None]
    levels = torch.tensor([level] * len(embeds))
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    noisy = normalizer.unscale(scheduler.add_noise(normalizer.scale(embeds), timesteps=levels, noise=noise))
    told = get_timestep_embedding(timesteps=levels, embedding_dim=WIDTH, flip_sin_to_cos=True, downscale_freq_shift=0)
    return torch.cat((noisy, told), 1).detach()


@pytest.mark.parametrize(("augmentation", "level"), [(0.0, 0), (0.3, 300), (0.5005, 500), (1.0, 999)])
def test_noise_is_that_of_diffusers(augmentation: float, level: int) -> None:
    expected = of_diffusers(seen().image_embeds, noises(1)[0], level)
    torch.testing.assert_close(vector((seen(), 1.0, augmentation)), expected, atol=1e-4, rtol=0)


def test_strength_also_counts_for_what_is_told_of_the_noise() -> None:
    torch.testing.assert_close(vector((seen(), -1.5, 0.2)), vector((seen(), 1.0, 0.2)) * -1.5)


def test_several_pictures_are_added_and_noised_together() -> None:
    first, second = seen(), seen(2)
    own, merging = noises(2)
    rows = [
        of_diffusers(first.image_embeds, own, 300) * 0.7,
        *(of_diffusers(row, own, 0) * 1.2 for row in second.image_embeds.split(1)),
    ]
    together = of_diffusers(torch.stack(rows).sum(0)[:, :WIDTH], merging, 50)
    found = vector((first, 0.7, 0.3), (second, 1.2, 0.0), merged=0.05)
    torch.testing.assert_close(found, together, atol=1e-4, rtol=0)


def test_a_batch_of_pictures_is_as_one_after_the_other() -> None:
    both = seen(2)
    alone = [VisionOutput(row, both.last_hidden_state, both.last_hidden_state) for row in both.image_embeds.split(1)]
    torch.testing.assert_close(vector((both, 0.7, 0.3)), vector(*((each, 0.7, 0.3) for each in alone)))


def test_a_picture_of_no_strength_changes_nothing() -> None:
    assert add_picture(PROMPT, seen(), 0.0, 0.5) is PROMPT
    assert picture_vector(PROMPT[0].extras, WIDTH) is None


def test_packs_may_bring_their_own_pictures() -> None:
    own = {"clip_vision_output": seen(), "strength": 0.7, "noise_augmentation": 0.3}
    found = picture_vector({"seed": SEED, PICTURES: [own]}, WIDTH, STATISTICS)
    torch.testing.assert_close(found, vector((seen(), 0.7, 0.3)))
    (cond,) = add_picture(PROMPT, seen(), 0.7, 0.3)
    assert {name: cond.extras[PICTURES][0][name] for name in own if name != "clip_vision_output"} == {
        "strength": 0.7,
        "noise_augmentation": 0.3,
    }


def test_what_another_network_saw_is_refused() -> None:
    with pytest.raises(DiffusionError, match=r"made \(1, 16\) of the pictures.* 24 wide.*unCLIPCheckpointLoader"):
        vector((seen(width=16), 1.0, 0.0))
    tokens = torch.zeros(1, 9, WIDTH)
    with pytest.raises(DiffusionError, match=r"made \(1, 9, 24\) of the pictures"):
        vector((VisionOutput(tokens, tokens, tokens), 1.0, 0.0))


def test_sdxl_takes_pictures_in_the_place_of_the_pooled_prompt() -> None:
    adapter, own = SizedUNetAdapter(), Cond(torch.ones(1, 5, 16), torch.ones(1, WIDTH))
    plain = adapter.prepare(own, SHAPE)
    for prompt in (own, PROMPT[0]):  # one has a pooled prompt, one has none
        (cond,) = add_picture((prompt,), seen(), 1.0, 0.0)
        given = adapter.prepare(cond, SHAPE)
        assert torch.equal(given["time_ids"], plain["time_ids"])  # type: ignore[arg-type]
        torch.testing.assert_close(given["text_embeds"], picture_vector(cond.extras, WIDTH)[:, :WIDTH])  # type: ignore[index]
    with pytest.raises(DiffusionError, match="of the pictures"):
        adapter.prepare(add_picture((own,), seen(width=16), 1.0, 0.0)[0], SHAPE)
