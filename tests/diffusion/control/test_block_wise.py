"""ControlNets that go along with Qwen-Image: each block's tokens get what the description of the network says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from diffusion.checkpoints import load_checkpoint
from diffusion.checkpoints.load import load_diffusion_model, load_vae
from diffusion.conditioning import Cond
from diffusion.control.block_wise import BlockWise, BlockWiseSizes
from diffusion.control.model_patch import Pictures, along, load_model_patch
from diffusion.errors import CheckpointError, DiffusionError
from diffusion.guidance import guide
from diffusion.latent_formats import WAN
from diffusion.models import Model, Vae
from diffusion.tokens import tokens_of
from diffusion.vae import encode
from graph.ledger import Ledger
from runtime.residency import DeviceMemory
from tests.diffusion.control.transformer_nets import block_wise_state
from tests.runtime.test_residency import SmallWorkspaces
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import TEXT, tiny_transformer, tiny_vae_state, transformer_state

SIGMA, ROWS, COLUMNS, STRENGTH = torch.tensor([0.7]), 6, 8, 0.6
SHAPE = (1, 16, ROWS, COLUMNS)
PICTURE = torch.rand(1, ROWS * 8, COLUMNS * 8, 3, generator=torch.Generator().manual_seed(2))
MASK = (torch.rand(1, ROWS * 8, COLUMNS * 8, generator=torch.Generator().manual_seed(3)) > 0.5).float()


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


X, PROMPT, OTHER = random(*SHAPE), *(Cond(random(1, 9, TEXT.width, seed=seed)) for seed in (4, 5))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("qwen")
    write_state(folder / "model.safetensors", transformer_state(tiny_transformer(), ""))
    write_state(folder / "vae.safetensors", tiny_vae_state())
    for name, masks in (("plain", 0), ("fill", 1)):
        write_state(folder / f"{name}.safetensors", block_wise_state(masks))
    return folder


@pytest.fixture(scope="module")
def model(files: Path) -> Model:
    return load_diffusion_model(files / "model.safetensors")


@pytest.fixture(scope="module")
def vae(files: Path) -> Vae:
    return load_vae(files / "vae.safetensors")


def normed(x: Tensor, weight: Tensor) -> Tensor:
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * weight


def own(model: Model, state: Mapping[str, Tensor], latent: Tensor, strength: float = STRENGTH) -> Any:
    """Return what takes hooks off again that do what DiffSynth's network does, in its description's words."""
    picture = functional.linear(tokens_of(latent, 2), state["img_in.weight"], state["img_in.bias"])
    backbone: Any = model.backbone

    def add(number: int) -> Any:
        one = {
            key.split(".", 2)[2]: each for key, each in state.items() if key.startswith(f"controlnet_blocks.{number}.")
        }

        def behind(block: Any, args: Any, output: Any) -> Any:
            inner = normed(output[1], one["x_rms.weight"]) + normed(picture, one["y_rms.weight"])
            inner = functional.gelu(functional.linear(inner, one["input_proj.weight"], one["input_proj.bias"]))
            added = functional.linear(inner, one["output_proj.weight"], one["output_proj.bias"])
            return output[0], output[1] + strength * added

        return behind

    return [block.register_forward_hook(add(number)) for number, block in enumerate(backbone.transformer_blocks)]


@torch.no_grad()
def denoised(model: Model, cfg: float = 3.0) -> Tensor:
    return guide(model, (PROMPT,), (OTHER,), SHAPE, cfg)(X, SIGMA)


def scaled(vae: Vae, picture: Tensor) -> Tensor:
    return WAN.process_in(encode(vae, picture)[:, :, 0])


@torch.no_grad()
@pytest.mark.parametrize("name", ["plain", "masked", "unmasked"])
def test_each_block_gets_what_the_network_makes_of_the_picture(files: Path, model: Model, vae: Vae, name: str) -> None:
    patch = load_model_patch(files / ("plain.safetensors" if name == "plain" else "fill.safetensors"))
    state, latent = block_wise_state(patch.sizes.masks), scaled(vae, PICTURE)
    plain, found = (
        denoised(model),
        denoised(along(model, patch, Pictures(vae, PICTURE, MASK if name == "masked" else None), STRENGTH)),
    )
    plane = (
        functional.interpolate(MASK[:, None], (ROWS, COLUMNS), mode="bilinear")
        if name == "masked"
        else torch.ones(1, 1, ROWS, COLUMNS)
    )
    hooks = own(model, state, latent if name == "plain" else torch.cat((latent, plane), dim=1))
    expected = denoised(model)
    for hook in hooks:
        hook.remove()
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert not torch.allclose(found, plain, atol=1e-3)
    assert torch.equal(denoised(model), plain), "the model itself stays as it was"


@torch.no_grad()
def test_a_picture_of_another_size_is_scaled_to_the_latent(files: Path, model: Model, vae: Vae) -> None:
    patch = load_model_patch(files / "plain.safetensors")
    large = PICTURE.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    expected = denoised(along(model, patch, Pictures(vae, PICTURE), STRENGTH))
    torch.testing.assert_close(
        denoised(along(model, patch, Pictures(vae, large), STRENGTH)), expected, atol=1e-4, rtol=0
    )


@torch.no_grad()
def test_each_entry_of_a_batch_has_its_picture(files: Path, model: Model, vae: Vae) -> None:
    patch = load_model_patch(files / "plain.safetensors")
    pictures = torch.cat((PICTURE, PICTURE.flip(1)))
    both = along(model, patch, Pictures(vae, pictures), STRENGTH)
    found = guide(both, (PROMPT,), (OTHER,), (2, *SHAPE[1:]), 3.0)(X.expand(2, -1, -1, -1), SIGMA.expand(2))
    for entry, picture in zip(found, pictures.split(1), strict=True):
        expected = denoised(along(model, patch, Pictures(vae, picture), STRENGTH))[0]
        torch.testing.assert_close(entry, expected, atol=1e-4, rtol=0)


@torch.no_grad()
def test_under_a_small_budget_nothing_changes(files: Path, model: Model, vae: Vae) -> None:
    expected = denoised(along(model, load_model_patch(files / "plain.safetensors"), Pictures(vae, PICTURE), STRENGTH))
    for budget in (10**9, 2_500_000):
        memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", budget), SmallWorkspaces())
        patch = load_model_patch(files / "plain.safetensors", keep=memory.keep)
        kept = load_diffusion_model(files / "model.safetensors", keep=memory.keep)
        torch.testing.assert_close(
            denoised(along(kept, patch, Pictures(vae, PICTURE), STRENGTH)), expected, atol=1e-5, rtol=0
        )
        assert memory.ledger.used_bytes <= budget


def test_other_models_are_refused(files: Path, model: Model, vae: Vae, tiny_checkpoint: Path) -> None:
    patch = load_model_patch(files / "plain.safetensors")
    with pytest.raises(DiffusionError, match="goes along with Qwen-Image, and the model is of another family"):
        along(load_checkpoint(tiny_checkpoint).model, patch, Pictures(vae, PICTURE), 1.0)
    with pytest.raises(DiffusionError, match="has 2 layers 128 wide, and the model 2 that are 64 wide"):
        along(model, BlockWise(patch.network, BlockWiseSizes(128, 2)), Pictures(vae, PICTURE), 1.0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lllite_conditioning1.conv1.weight", "a ControlNet-LLLite of Anima"),
        ("audio_proj.proj1.weight", "MultiTalk of Wan"),
    ],
)
def test_other_model_patches_are_refused_by_name(tmp_path: Path, name: str, kind: str) -> None:
    path = write_state(tmp_path / "other.safetensors", {name: torch.zeros(1)})
    with pytest.raises(CheckpointError, match=f"It looks like {kind}, which is not supported"):
        load_model_patch(path)
