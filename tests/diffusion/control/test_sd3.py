"""ControlNets of Stable Diffusion 3: diffusers' network, and a step of a model is that of its pipeline."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.header import header_of
from diffusion.checkpoints.load import load_diffusion_model, load_vae
from diffusion.checkpoints.networks.kl_vae import vae_part
from diffusion.checkpoints.networks.mmdit import MmditSizes, mmdit_part
from diffusion.checkpoints.views import as_view
from diffusion.conditioning import Cond
from diffusion.control.chain import apply_control
from diffusion.control.load import load_control_net
from diffusion.control.sd3 import SD3ControlSizes, read_sd3_control
from diffusion.control.sd35 import SD35Control, SD35ControlSizes, build_sd35_control, read_sd35_sizes, sd35_control_keys
from diffusion.errors import CheckpointError, DiffusionError
from diffusion.guidance import guide
from diffusion.lora.changes import Additive, Whole
from diffusion.overlay import WeightPatch
from diffusion.vae import encode
from tests.diffusion.checkpoints.test_sd3 import own_network
from tests.diffusion.control.transformer_nets import SD3_FILL, SD3_NET, SD35_NET, write_sd3_net, write_sd35_net
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import state_of
from tests.tiny_sd3 import SD3, SD35_LARGE, SD35_MEDIUM, VAE

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


LIGHT = {None: lambda a: a, 0: lambda a: a, 1: lambda a: a * 255 * 0.5 + 0.5, 2: lambda a: 1.0 - a}


def own_places(rows: int, columns: int, width: int) -> Tensor:
    """Return ComfyUI's places in numbers of 64 bits, one token after the other."""
    shorter, quarter = min(rows, columns), width // 4
    found = []
    for row, column in itertools.product(range(rows), range(columns)):
        for at, count in ((column, columns), (row, rows)):
            place = 7.5 - 7.5 * count / shorter + 15 * count / shorter * at / (count - 1)
            angles = place / 10000 ** (torch.arange(quarter, dtype=torch.float64) / quarter)
            found += [angles.sin(), angles.cos()]
    return torch.cat(found).reshape(1, rows * columns, width).float()


@torch.no_grad()
@pytest.mark.parametrize("kind", LIGHT)
def test_a_step_steered_by_stabilitys_own_is_that_of_diffusers(tmp_path: Path, kind: int | None) -> None:
    """Latents are read by the model, places are ComfyUI's; each block serves as many of the model's, one after the other."""
    sizes = SD35_LARGE._replace(layers=4)
    model = load_diffusion_model(write_state(tmp_path / "sd3.safetensors", state_of(mmdit_part(sizes, ""))))
    vae = load_vae(write_state(tmp_path / "vae.safetensors", state_of(vae_part(VAE, ""))))
    path, own = write_sd35_net(tmp_path / "net.safetensors", kind)
    (steered,) = apply_control((PROMPT,), load_control_net(path), PICTURE, 0.7, vae=vae)
    x, time, network = random(1, 16, ROWS, COLUMNS), SIGMA * 1000, own_network(sizes)
    denoised = guide(model, (steered,), (), x.shape, 1.0)(x, SIGMA)
    hint = (encode(vae, LIGHT[kind](PICTURE)) - 0.0609) * 1.5305
    tokens = network.pos_embed.proj(x).flatten(2).transpose(1, 2) + own_places(ROWS // 2, COLUMNS // 2, sizes.width)
    added = own(tokens, hint, 0.7, None, PROMPT.pooled, time, return_dict=False)[0]
    output, plain = (network(x, PROMPT.embedding, PROMPT.pooled, time, each).sample for each in (added, None))
    torch.testing.assert_close(denoised, x - SIGMA * output, atol=1e-4, rtol=0)
    assert not torch.allclose(output, plain, atol=1e-2)


def test_the_well_known_sizes_of_stabilitys_own_are_read_from_headers() -> None:
    """Those of sd3.5_large_controlnet_canny, with the names of either layout for what reads time and prompt."""
    with torch.device("meta"):
        own = build_sd35_control(SD35ControlSizes(16, 2, 2432, 19, 2048))
    for names in ({}, {"time_text_embed.text_embedder.linear_1.weight": ("F16", (2432, 2048))}):
        keys = sd35_control_keys(own.state_dict(), header_of(Path("any"), names), 2432)
        shapes = {as_view(key).key: ("F16", tuple(own.state_dict()[name].shape)) for name, key in keys.items()}
        header = header_of(Path("net.safetensors"), {**shapes, **names, "control_type": ("F32", (1,))})
        assert read_sd35_sizes(header) == SD35ControlSizes(16, 2, 2432, 19, 2048)
        assert read_sd3_control(header) is None


@torch.no_grad()
def test_patches_of_the_model_count_in_what_reads_its_latents(tmp_path: Path) -> None:
    model = load_diffusion_model(write_state(tmp_path / "sd3.safetensors", state_of(mmdit_part(SD35_LARGE, ""))))
    net = load_control_net(write_sd35_net(tmp_path / "net.safetensors")[0])
    more = torch.ones(SD35_LARGE.width)
    patched = model.with_patch(WeightPatch({"pos_embed.proj.bias": Additive(Whole(more))}))
    before, after = (net.bound_to(each).traits.caller for each in (model, patched))
    assert isinstance(before, SD35Control)
    assert isinstance(after, SD35Control)
    torch.testing.assert_close(after.bias, before.bias + more)


def test_a_model_of_another_width_is_refused(tmp_path: Path) -> None:
    sizes = SD35_LARGE._replace(width=192)
    model = load_diffusion_model(write_state(tmp_path / "sd3.safetensors", state_of(mmdit_part(sizes, ""))))
    net = load_control_net(write_sd35_net(tmp_path / "net.safetensors")[0])
    with pytest.raises(DiffusionError, match="made for a model 128 wide, and this one is 192 wide"):
        net.bound_to(model)


def test_those_that_read_a_prompt_which_the_model_has_read_are_refused_by_name(tmp_path: Path) -> None:
    state = {
        "controlnet_blocks.0.weight": torch.ones(2, 2),
        "transformer_blocks.0.adaLN_modulation.1.bias": torch.ones(2),
        "pos_embed_input.proj.weight": torch.ones(2, 2, 1, 1),
        "y_embedder.mlp.0.weight": torch.ones(2, 2),
    }
    with pytest.raises(
        CheckpointError, match=r"Stable Diffusion 3\.5 Medium in Stability's layout, which is not supported"
    ):
        load_control_net(write_state(tmp_path / "net.safetensors", state))
