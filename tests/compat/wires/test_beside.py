"""Models that see a picture beside the latent: a pack that goes around the network finds it there, and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from compat.wires import from_pack, to_pack
from diffusion.checkpoints import load_checkpoint
from diffusion.clip_vision import VisionOutput
from diffusion.conditioning import with_extras
from diffusion.latents import Latent
from diffusion.sampling import sample
from diffusion.unclip import add_picture
from tests.tiny_checkpoint import write_state
from tests.tiny_unets import PICTURE_WIDTH, tiny_networks

PICTURE = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(2))
SEEN = VisionOutput(torch.ones(1, PICTURE_WIDTH), torch.ones(1, 5, 8), torch.ones(1, 5, 8))
MASK = (torch.arange(16) >= 8).float().expand(1, 1, 8, 16)


@pytest.mark.parametrize("name", ["sd1_inpaint", "sd1_instruct", "sdxl_inpaint", "sdxl_refiner", "sd2_unclip"])
@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.usefixtures("modules")
def test_what_a_pack_passes_on_draws_the_same(name: str, tmp_path: Path, is_told: bool) -> None:
    checkpoint = load_checkpoint(write_state(tmp_path / "tiny.safetensors", tiny_networks(name).state))
    prompts = [(checkpoint.clip.encode(text),) for text in ("a cat", "blurry")]
    if is_told:
        told = {"concat_latent_image": PICTURE, "concat_mask": MASK}
        prompts = [with_extras(prompt, **told) for prompt in prompts]
    if name == "sd2_unclip":
        prompts = [add_picture(prompt, SEEN, 1.0, 0.5) for prompt in prompts]
    seen: list[set[str]] = []

    def wrapper(apply_model: Any, arguments: dict[str, Any]) -> Tensor:
        seen.append(set(arguments["c"]))
        result: Tensor = apply_model(arguments["input"], arguments["timestep"], **arguments["c"])
        return result

    patcher = to_pack("MODEL", checkpoint.model).clone()
    patcher.set_model_unet_function_wrapper(wrapper)
    latent = Latent(PICTURE * 0.5, noise_mask=MASK)
    settings: dict[str, Any] = {"seed": 1, "steps": 2, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal"}
    own = sample(checkpoint.model, *prompts, latent, **settings)
    through = sample(from_pack("MODEL", patcher), *prompts, latent, **settings)
    torch.testing.assert_close(through.samples, own.samples, atol=1e-5, rtol=1e-5)
    assert seen
    assert all(("c_concat" in names) == (name not in ("sdxl_refiner", "sd2_unclip")) for names in seen)
