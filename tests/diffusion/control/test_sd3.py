"""ControlNets of Stable Diffusion 3: diffusers' network, and a step of a model is that of its pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.load import load_diffusion_model, load_vae
from diffusion.checkpoints.networks.kl_vae import vae_part
from diffusion.checkpoints.networks.mmdit import MmditSizes, mmdit_part
from diffusion.conditioning import Cond
from diffusion.control.chain import apply_control
from diffusion.control.load import load_control_net
from diffusion.control.sd3 import SD3ControlSizes
from diffusion.errors import CheckpointError
from diffusion.guidance import guide
from diffusion.vae import encode
from tests.diffusion.checkpoints.test_sd3 import own_network
from tests.diffusion.control.transformer_nets import SD3_FILL, SD3_NET, SD35_NET, write_sd3_net
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import state_of
from tests.tiny_sd3 import SD3, SD35_MEDIUM, VAE

SIGMA, ROWS, COLUMNS = torch.tensor([0.7]), 6, 8
PICTURE = torch.rand(1, ROWS * 8, COLUMNS * 8, 3, generator=torch.Generator().manual_seed(2))


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


PROMPT = Cond(random(1, 9, SD3.context_width, seed=2), random(1, SD3.pooled_width, seed=3))


@torch.no_grad()
@pytest.mark.parametrize(
    ("model_sizes", "sizes"), [(SD3._replace(layers=4), SD3_NET), (SD3, SD3_FILL), (SD35_MEDIUM, SD35_NET)]
)
def test_a_steered_step_is_that_of_diffusers(tmp_path: Path, model_sizes: MmditSizes, sizes: SD3ControlSizes) -> None:
    """The picture is scaled as StableDiffusion3ControlNetPipeline does it, and the pooled prompt zeros."""
    model = load_diffusion_model(write_state(tmp_path / "sd3.safetensors", state_of(mmdit_part(model_sizes, ""))))
    vae = load_vae(write_state(tmp_path / "vae.safetensors", state_of(vae_part(VAE, ""))))
    path, own = write_sd3_net(tmp_path / "net.safetensors", sizes)
    (steered,) = apply_control((PROMPT,), load_control_net(path), PICTURE, 0.7, vae=vae)
    x, time = random(1, 16, ROWS, COLUMNS), SIGMA * 1000
    denoised = guide(model, (steered,), (), x.shape, 1.0)(x, SIGMA)
    latent = encode(vae, PICTURE) * 1.5305
    hint = torch.cat((latent, torch.ones(1, 1, ROWS, COLUMNS)), dim=1)[:, : sizes.hint_channels]
    pooled = PROMPT.pooled
    assert pooled is not None
    added = own(x, hint, 0.7, PROMPT.embedding, torch.zeros_like(pooled), time, return_dict=False)[0]
    network = own_network(model_sizes)
    output, plain = (network(x, PROMPT.embedding, pooled, time, each).sample for each in (added, None))
    torch.testing.assert_close(denoised, x - SIGMA * output, atol=1e-4, rtol=0)
    assert not torch.allclose(output, plain, atol=1e-2)


def test_stabilitys_own_layout_is_refused_by_name(tmp_path: Path) -> None:
    state = {
        "controlnet_blocks.0.weight": torch.ones(2, 2),
        "transformer_blocks.0.adaLN_modulation.1.bias": torch.ones(2),
    }
    with pytest.raises(CheckpointError, match=r"Stable Diffusion 3\.5 in Stability's layout, which is not supported"):
        load_control_net(write_state(tmp_path / "net.safetensors", state))
