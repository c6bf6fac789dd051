"""Z-Image: a tiny model in the original layout computes what diffusers' and transformers' own classes do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import load_clip, load_diffusion_model
from diffusion.checkpoints.together import whole_of
from diffusion.clip import Clip
from diffusion.guidance import guide
from diffusion.models import Model
from diffusion.quantize import Precision
from tests.tiny_checkpoint import write_state
from tests.tiny_z_image import Networks

PROMPTS = ("a photo of a cat", "blurry, and of another length")


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


@pytest.fixture(scope="module")
def model(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_diffusion_model(write_state(tmp_path_factory.mktemp("z") / "z.safetensors", networks.state("")))


@pytest.fixture(scope="module")
def clip(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = write_state(tmp_path_factory.mktemp("qwen3") / "qwen3.safetensors", networks.text_state("model."))
    return load_clip([path], "lumina2")


@torch.no_grad()
@pytest.mark.parametrize("batch", [1, 2])
def test_the_denoised_latent_is_that_of_diffusers(model: Model, clip: Clip, networks: Networks, batch: int) -> None:
    positive, negative = (clip.encode(text) for text in PROMPTS)
    x = torch.randn(batch, 16, 8, 12, generator=torch.Generator().manual_seed(1))
    sigma, cfg = torch.full((batch,), 0.7), 4.0
    denoised = guide(model, (positive,), (negative,), x.shape, cfg)(x, sigma)
    outputs = []
    for cond in (positive, negative):
        captions = [cond.embedding[0]] * batch
        pictures = networks.transformer(list(x.unsqueeze(2)), 1 - sigma, captions, return_dict=False)[0]
        outputs.append(-torch.stack(pictures).squeeze(2))  # as ZImagePipeline turns it around
    flow = outputs[1] + cfg * (outputs[0] - outputs[1])
    torch.testing.assert_close(denoised, x - 0.7 * flow, atol=1e-4, rtol=0)
    assert denoised.std() > 0.01


@torch.no_grad()
def test_an_odd_side_is_filled_up_from_the_other_end_and_cut_again(model: Model, clip: Clip) -> None:
    prompt, sigma = (clip.encode(PROMPTS[0]),), torch.tensor([0.7])
    x = torch.randn(1, 16, 7, 5, generator=torch.Generator().manual_seed(1))
    filled = torch.cat((x, x[:, :, :1]), dim=2)
    filled = torch.cat((filled, filled[..., :1]), dim=3)
    odd, even = (guide(model, prompt, (), each.shape, 1.0)(each, sigma) for each in (x, filled))
    torch.testing.assert_close(odd, even[..., :7, :5])


@pytest.mark.parametrize(
    ("precision", "bound"),
    [
        (Precision(torch.bfloat16), 0.05),
        (Precision(torch.float8_e4m3fn, torch.float32), 0.2),
        (Precision(torch.float8_e4m3fn, torch.bfloat16), 0.2),
    ],
    ids=["bfloat16", "8 bits", "8 bits in bfloat16"],
)
@torch.no_grad()
def test_fewer_bits_stay_near(
    model: Model, clip: Clip, networks: Networks, tmp_path: Path, precision: Precision, bound: float
) -> None:
    path = write_state(tmp_path / "z.safetensors", networks.state(""))
    prompt, x = (clip.encode(PROMPTS[0]),), torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    exact, rounded = (
        guide(each, prompt, (), x.shape, 1.0)(x, torch.tensor([0.7]))
        for each in (model, load_diffusion_model(path, precision=precision))
    )
    assert 0 < (exact - rounded).abs().max() < bound


def test_noise_levels_and_latents_are_those_of_its_training(model: Model) -> None:
    assert model.parameterization.percent_to_sigma(0.5) == pytest.approx(3 * 0.5 / (1 + 2 * 0.5))
    latent = torch.full((1, 16, 1, 1), 2.0)
    torch.testing.assert_close(model.latent_format.process_in(latent), (latent - 0.1159) * 0.3611)


def test_parts_inside_of_a_checkpoint_belong_together(networks: Networks, tmp_path: Path) -> None:
    state = networks.state("model.diffusion_model.")
    state |= networks.text_state("text_encoders.qwen3_4b.transformer.model.")
    whole = whole_of(read_header(write_state(tmp_path / "z.safetensors", state)))
    assert (whole.family.name, list(whole.encoders), whole.vae) == ("z_image", ["qwen3_4b"], None)
