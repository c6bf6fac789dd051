"""Control-LoRAs: the model's own way down with low-rank changes is the network that they make when multiplied out."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.describe import describe_header
from diffusion.checkpoints.description import CONTROLNET
from diffusion.checkpoints.families import sd1, sdxl
from diffusion.checkpoints.header import header_of
from diffusion.checkpoints.load import load_checkpoint
from diffusion.checkpoints.networks.unet import Kind, UnetSizes, build_unet
from diffusion.control.control_lora import ENDS, MARK, read_control_lora
from diffusion.control.load import load_control_net
from diffusion.control.net import ControlNet, Residuals
from diffusion.errors import CheckpointError, DiffusionError
from diffusion.latents import LatentFormat
from diffusion.lora.changes import Additive, Whole
from diffusion.models import Model
from diffusion.overlay import WeightPatch
from diffusion.parameterization import Parameterization
from graph.ledger import Ledger
from runtime.residency import DeviceMemory
from tests.diffusion.checkpoints.stripped import headers_of
from tests.diffusion.control.nets import filled, make_control_lora, merged_control_lora
from tests.runtime.test_residency import SmallWorkspaces
from tests.tiny_checkpoint import write_state
from tests.tiny_unets import SD1 as SD1_UNET
from tests.tiny_unets import SDXL as SDXL_UNET

X, TIME = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([7.0, 7.0])
HINT = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))


def model_of(sizes: UnetSizes, kind: Kind, seed: int = 0) -> Model:
    unet = filled(build_unet(sizes, kind), seed)
    return Model(unet, Parameterization(), LatentFormat(), digest=f"tiny {seed}", context_width=sizes.context_width)


def given_for(sizes: UnetSizes) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    added = {"text_embeds": torch.randn(2, 32, generator=generator), "time_ids": torch.rand(2, 6, generator=generator)}
    return added if sizes.vector_width else {}


def compare(net: ControlNet, own: Any, sizes: UnetSizes) -> None:
    context = torch.randn(2, 5, sizes.context_width, generator=torch.Generator().manual_seed(4))
    found = net.apply(X, TIME, context, HINT, given_for(sizes))
    down, middle = own(X, TIME, context, HINT, added_cond_kwargs=given_for(sizes), return_dict=False)
    torch.testing.assert_close(found, Residuals(tuple(down), middle), atol=1e-4, rtol=1e-4)


BASES = [(SD1_UNET, sd1.KIND), (SDXL_UNET, sdxl.KIND)]


@torch.no_grad()
@pytest.mark.parametrize(("sizes", "kind"), BASES)
def test_it_is_the_network_that_is_multiplied_out(tmp_path: Path, sizes: UnetSizes, kind: Kind) -> None:
    model = model_of(sizes, kind)
    state = make_control_lora(model.backbone)
    net = load_control_net(write_state(tmp_path / "lora.safetensors", state)).bound_to(model)
    compare(net, merged_control_lora(model.backbone, state), sizes)


@torch.no_grad()
def test_patches_of_the_model_act_in_it_too(tmp_path: Path) -> None:
    model = model_of(SD1_UNET, sd1.KIND)
    state = make_control_lora(model.backbone)
    net = load_control_net(write_state(tmp_path / "lora.safetensors", state))
    more = torch.full_like(model.backbone.get_parameter("conv_in.weight"), 0.3)
    patched = net.bound_to(model.with_patch(WeightPatch({"conv_in.weight": Additive(Whole(more))}, digest="more")))
    compare(net.bound_to(model), merged_control_lora(model.backbone, state), SD1_UNET)
    changed = filled(build_unet(SD1_UNET, sd1.KIND))
    changed.conv_in.weight.data += more
    compare(patched, merged_control_lora(changed, state), SD1_UNET)


def test_weights_of_the_model_are_shared(tmp_path: Path) -> None:
    model = model_of(SD1_UNET, sd1.KIND)
    net = load_control_net(write_state(tmp_path / "lora.safetensors", make_control_lora(model.backbone)))
    first, second = net.bound_to(model), net.bound_to(replace(model, digest="renamed"))
    shared: Any = first.network
    assert shared.down_blocks is model.backbone.down_blocks
    assert all(tensor is model.backbone.get_parameter(name) for name, tensor in shared.named_parameters())
    assert first.overlay is second.overlay, "changes are multiplied out once for a model"
    assert net.bound_to(model_of(SD1_UNET, sd1.KIND, seed=1)).overlay is not first.overlay


def test_without_its_model_there_is_no_network(tmp_path: Path) -> None:
    state = make_control_lora(model_of(SD1_UNET, sd1.KIND).backbone)
    net = load_control_net(write_state(tmp_path / "lora.safetensors", state))
    with pytest.raises(DiffusionError, match="needs weights of the model that it steers"):
        net.bound_to(None)
    with pytest.raises(CheckpointError, match="A Control-LoRA is made of the model"):
        net.apply(X, TIME, torch.zeros(2, 5, 64), HINT, {})


@pytest.mark.parametrize(
    ("sizes", "kind", "complaint"),
    [
        (SDXL_UNET, sdxl.KIND, r"changes \d+ tensors that the model does not have"),
        (
            SD1_UNET._replace(context_width=32),
            sd1.KIND,
            "does not fit .* it is made for 32 x 64, the layer has 32 x 32",
        ),
    ],
)
def test_models_of_another_kind_are_refused(tmp_path: Path, sizes: UnetSizes, kind: Kind, complaint: str) -> None:
    state = make_control_lora(model_of(SD1_UNET, sd1.KIND).backbone)
    net = load_control_net(write_state(tmp_path / "lora.safetensors", state))
    with pytest.raises(DiffusionError, match=complaint):
        net.bound_to(model_of(sizes, kind))


def stability_shapes() -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the tensors of Stability's Control-LoRA for SDXL with rank 128."""
    (base,) = [header for header in headers_of("sdxl") if header.path.stem == "sdxl_base"]
    shapes: dict[str, tuple[int, ...]] = {MARK: (0,)}
    for key, info in base.tensors.items():
        name = key.removeprefix("model.diffusion_model.")
        if name.startswith(("input_blocks.", "middle_block.", "time_embed.", "label_emb.")):
            if len(info.shape) == 1:
                shapes[name] = info.shape
                continue
            layer, kernel = name.removesuffix(".weight"), info.shape[2:]
            shapes[f"{layer}.up"] = (info.shape[0], 128, *[1] * len(kernel))
            shapes[f"{layer}.down"] = (128, *info.shape[1:])
    hints = (3, 16, 16, 32, 32, 96, 96, 256, 320)
    for place, (before, after) in enumerate(itertools.pairwise(hints)):
        shapes |= {
            f"input_hint_block.{2 * place}.weight": (after, before, 3, 3),
            f"input_hint_block.{2 * place}.bias": (after,),
        }
    for name, width in [*((f"zero_convs.{at}.0", each) for at, each in enumerate(SKIPS)), ("middle_block_out.0", 1280)]:
        shapes |= {f"{name}.weight": (width, width, 1, 1), f"{name}.bias": (width,)}
    return {name: ("F16", shape) for name, shape in shapes.items()}


SKIPS = (320, 320, 320, 320, 640, 640, 640, 1280, 1280)


def test_the_well_known_sizes_are_read_from_headers() -> None:
    shapes = stability_shapes()
    header = header_of(Path("control-lora-canny-rank128.safetensors"), shapes)
    found = read_control_lora(header)
    assert found is not None
    with torch.device("meta"):
        module = found.part.build()
    keys = found.part.keys(module)
    assert {keys[name]: tuple(each.shape) for name, each in module.state_dict().items()} == {
        key: shape for key, (_, shape) in shapes.items() if key.startswith(ENDS)
    }
    told = describe_header(header)
    assert (told.kind, told.details) == (CONTROLNET, ("Control-LoRA",))


@torch.no_grad()
def test_under_a_small_budget_nothing_changes(tmp_path: Path, tiny_checkpoint: Path) -> None:
    """The way down is streamed as the model is; what is made of the model's weights is not kept beside them."""
    alone = load_checkpoint(tiny_checkpoint)
    path = write_state(tmp_path / "lora.safetensors", make_control_lora(alone.model.backbone))
    expected = added(load_control_net(path).bound_to(alone.model))
    for budget in (10**9, 1_500_000):
        memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", budget), SmallWorkspaces())
        model = load_checkpoint(tiny_checkpoint, keep=memory.keep).model
        net = load_control_net(path, keep=memory.keep).bound_to(model)
        torch.testing.assert_close(added(net), expected, atol=0, rtol=0)
        assert memory.ledger.used_bytes <= budget
        assert not any("up_blocks" in block.name for block in memory.ledger.blocks)


def added(net: ControlNet) -> Residuals:
    context = torch.randn(2, 5, 64, generator=torch.Generator().manual_seed(4))
    return net.apply(X, TIME, context, HINT, {})
