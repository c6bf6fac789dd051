"""ControlNets of Qwen-Image: diffusers' network, and a step of a model is that of its pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.load import load_diffusion_model, load_vae
from diffusion.conditioning import Cond
from diffusion.control.chain import apply_control
from diffusion.control.load import load_control_net
from diffusion.control.qwen_image import QwenControlSizes
from diffusion.guidance import guide
from diffusion.latent_formats import WAN
from diffusion.models import Model, Vae
from diffusion.tokens import latent_of, tokens_of
from diffusion.vae import encode
from tests.diffusion.control.transformer_nets import QWEN_FILL, QWEN_NET, write_qwen_net
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import SIZES, tiny_transformer, tiny_vae_state, transformer_state

SIGMA, ROWS, COLUMNS = torch.tensor([0.7]), 8, 12
PICTURE = torch.rand(1, ROWS * 8, COLUMNS * 8, 3, generator=torch.Generator().manual_seed(2))


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


PROMPT = Cond(random(1, 6, SIZES.context_width, seed=2))
X = random(1, 16, ROWS, COLUMNS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("qwen_image") / "model.safetensors"
    return load_diffusion_model(write_state(path, transformer_state(tiny_transformer(), "")))


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> Vae:
    return load_vae(write_state(tmp_path_factory.mktemp("vae") / "vae.safetensors", tiny_vae_state()))


def own_model() -> Any:
    """Return diffusers' transformer, with rotary positions of its own."""
    from diffusers import QwenImageTransformer2DModel

    ours = tiny_transformer()
    own = QwenImageTransformer2DModel.from_config(ours.config).eval()
    own.load_state_dict(ours.state_dict())
    return own


def told() -> dict[str, Any]:
    return {
        "hidden_states": tokens_of(X, 2),
        "encoder_hidden_states": PROMPT.embedding,
        "timestep": SIGMA,
        "img_shapes": [[(1, ROWS // 2, COLUMNS // 2)]],
        "return_dict": False,
    }


@torch.no_grad()
@pytest.mark.parametrize("sizes", [QWEN_NET, QWEN_FILL])
def test_a_steered_step_is_that_of_diffusers(tmp_path: Path, model: Model, vae: Vae, sizes: QwenControlSizes) -> None:
    path, own = write_qwen_net(tmp_path / "net.safetensors", sizes)
    mask = (random(1, ROWS, COLUMNS, seed=4) > 0).float()
    (steered,) = apply_control((PROMPT,), load_control_net(path), PICTURE, 0.7, vae=vae, mask=mask)
    denoised = guide(model, (steered,), (), X.shape, 1.0)(X, SIGMA)
    latent = WAN.process_in(encode(vae, PICTURE)[:, :, 0])
    hint = torch.cat((latent, mask[:, None]), dim=1)[:, : sizes.hint_channels // 4]
    added = own(controlnet_cond=tokens_of(hint, 2), conditioning_scale=0.7, **told())
    (output,), (plain,) = (own_model()(controlnet_block_samples=each, **told()) for each in (added, None))
    torch.testing.assert_close(denoised, X - SIGMA * latent_of(output, X.shape, 2), atol=1e-4, rtol=0)
    assert not torch.allclose(output, plain, atol=1e-2)


@torch.no_grad()
def test_references_are_not_steered(tmp_path: Path, model: Model, vae: Vae) -> None:
    cond = Cond(PROMPT.embedding, extras={"reference_latents": (random(1, 16, 1, 4, 4, seed=5),)})
    net = load_control_net(write_qwen_net(tmp_path / "net.safetensors", QWEN_NET)[0])
    found = []
    for strength in (0.0, 1e-9, 1.0):
        (steered,) = apply_control((cond,), net, PICTURE, strength, vae=vae)
        found.append(guide(model, (steered,), (), X.shape, 1.0)(X, SIGMA))
    torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=0)
    assert not torch.allclose(found[0], found[2], atol=1e-2)
