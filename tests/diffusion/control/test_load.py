"""ControlNets and T2I-Adapters: each layout of a file is the network of diffusers, its sizes read from shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.checkpoints.header import header_of
from diffusion.control.load import load_control_net
from diffusion.control.sizes import ControlSizes, Layout, control_keys, control_part, layout_of, read_sizes
from diffusion.control.t2i import AdapterLayout
from diffusion.errors import CheckpointError, DiffusionError
from diffusion.models import Model
from diffusion.quantize import Precision
from tests.diffusion.control.nets import (
    ADAPTERS,
    BARE,
    DIFFUSERS,
    ORIGINAL,
    SD1,
    SDXL,
    UNION,
    make_adapter,
    make_net,
    write_adapter,
    write_net,
)
from tests.tiny_checkpoint import write_state

X, TIME = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([7.0, 7.0])
HINT = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("layout", [ORIGINAL, BARE, DIFFUSERS])
@pytest.mark.parametrize("sizes", [SD1, SDXL, SDXL._replace(depths=(0, 0), middle_depth=0, context_width=None)])
def test_every_layout_is_the_network_of_diffusers(tmp_path: Path, layout: Layout, sizes: ControlSizes) -> None:
    own = make_net(sizes)
    net = load_control_net(write_net(tmp_path / "net.safetensors", own, layout))
    assert net.network.config == own.config or sizes.context_width is None
    context = torch.randn(2, 5, sizes.context_width or 64)
    given = {"text_embeds": torch.randn(2, 32), "time_ids": torch.rand(2, 6)} if sizes.vector_width else {}
    found = net.apply(X, TIME, context, HINT, given)
    down, middle = own(X, TIME, context, HINT, added_cond_kwargs=given, return_dict=False)
    torch.testing.assert_close(found.down, tuple(down), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.middle, middle, atol=1e-5, rtol=1e-5)


def test_what_a_handle_knows_is_read_from_shapes(tmp_path: Path) -> None:
    net = load_control_net(write_net(tmp_path / "net.safetensors", make_net(UNION), DIFFUSERS))
    traits = net.traits
    assert (traits.kind, traits.types, traits.context_width, traits.takes_size) == ("union", 3, 48, True)


def test_a_union_is_told_the_type_of_its_picture(tmp_path: Path) -> None:
    own = make_net(UNION)
    net = load_control_net(write_net(tmp_path / "union.safetensors", own, DIFFUSERS))
    context, given = torch.randn(2, 5, 48), {"text_embeds": torch.randn(2, 32), "time_ids": torch.rand(2, 6)}
    found = net.with_type("depth").apply(X, TIME, context, HINT, given)
    types = torch.tensor([[0.0, 1.0, 0.0]] * 2)
    hints = [HINT.expand(2, -1, -1, -1)]
    down, middle = own(X, TIME, context, hints, types, [1], added_cond_kwargs=given, return_dict=False)
    torch.testing.assert_close(found.down, tuple(down), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.middle, middle, atol=1e-5, rtol=1e-5)
    assert net.with_type("depth").digest != net.digest


def test_a_union_without_a_type_takes_its_picture_as_other_networks_do(tmp_path: Path) -> None:
    own = make_net(UNION)
    net = load_control_net(write_net(tmp_path / "union.safetensors", own, DIFFUSERS)).with_type("auto")
    context, given = torch.randn(2, 5, 48), {"text_embeds": torch.randn(2, 32), "time_ids": torch.rand(2, 6)}
    black, white = (net.apply(X, TIME, context, picture, given).down[0] for picture in (HINT * 0, HINT))
    embed = own.controlnet_cond_embedding
    expected = own.controlnet_down_blocks[0](own.conv_in(X) + embed(HINT))
    torch.testing.assert_close(white, expected, atol=1e-5, rtol=1e-5)
    assert not torch.equal(black, white)


def test_a_type_that_a_union_does_not_know_is_refused(tmp_path: Path) -> None:
    net = load_control_net(write_net(tmp_path / "union.safetensors", make_net(UNION), DIFFUSERS))
    with pytest.raises(DiffusionError, match='knows 3 types of pictures, and "repaint" is number 8'):
        net.with_type("repaint")


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize(("prefix", "is_original"), [("", True), ("adapter.", False), ("", False)])
def test_every_layout_is_the_adapter_of_diffusers(tmp_path: Path, name: str, prefix: str, is_original: bool) -> None:
    sizes = ADAPTERS[name]
    own = make_adapter(sizes)
    path = write_adapter(tmp_path / "t2i.safetensors", own, sizes, AdapterLayout(prefix, is_original))
    net = load_control_net(path)
    hint = torch.rand(1, sizes.in_channels, 64, 64)
    assert (net.traits.kind, net.traits.hint_channels, net.traits.multiple) == (
        "adapter",
        sizes.in_channels,
        sizes.side,
    )
    torch.testing.assert_close(net.features(hint).levels, tuple(own(hint)), atol=1e-5, rtol=1e-5)


def test_a_difference_is_added_to_its_model(tmp_path: Path, tiny_model: Model) -> None:
    sizes = SD1._replace(context_width=32)
    own = make_net(sizes)
    path = write_net(tmp_path / "diff.safetensors", own, more={"difference": torch.zeros(0)})
    net = load_control_net(path, base=tiny_model)
    weight, base = net.network.state_dict()["conv_in.weight"], tiny_model.backbone.state_dict()["conv_in.weight"]
    torch.testing.assert_close(weight, own.conv_in.weight + base)
    zero = "controlnet_mid_block.weight"
    assert torch.equal(net.network.state_dict()[zero], own.state_dict()[zero])
    with pytest.raises(CheckpointError, match="load it with DiffControlNetLoader"):
        load_control_net(path)


def test_a_difference_may_be_packed(tmp_path: Path, tiny_model: Model) -> None:
    path = write_net(tmp_path / "diff.safetensors", make_net(SD1._replace(context_width=32)))
    small = {key: each.to(torch.float8_e4m3fn) for key, each in load_file(path).items()}
    save_file({**small, "difference": torch.zeros(0)}, path)
    net = load_control_net(path, base=tiny_model, precision=Precision(torch.float32))
    expected = small["control_model.input_blocks.0.0.weight"].float() + tiny_model.backbone.conv_in.weight
    torch.testing.assert_close(net.network.state_dict()["conv_in.weight"], expected, atol=0.01, rtol=0.01)


def test_files_of_shuffle_are_averaged_over_the_picture(tmp_path: Path) -> None:
    net = load_control_net(write_net(tmp_path / "control_v11e_sd15_shuffle.safetensors", make_net()))
    found = net.apply(X, TIME, torch.randn(2, 5, 64), HINT, {})
    assert {tuple(each.shape[2:]) for each in found.down} == {(1, 1)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("control_img_in.weight", "a Fun ControlNet of Qwen-Image"),
        ("controlnet_blocks.0.linear.weight", "a MistoLine ControlNet of Flux"),
    ],
)
def test_other_kinds_are_refused_by_name(tmp_path: Path, name: str, kind: str) -> None:
    path = write_state(tmp_path / "other.safetensors", {name: torch.zeros(1), "b": torch.zeros(1)})
    with pytest.raises(CheckpointError, match=f"It looks like {kind}.*Seen: 2 tensors"):
        load_control_net(path)


SD1_CONFIG = {"cross_attention_dim": 768}
SDXL_CONFIG = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "block_out_channels": (320, 640, 1280),
    "transformer_layers_per_block": [1, 2, 10],
    "attention_head_dim": [5, 10, 20],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


@pytest.mark.parametrize(("config", "tensors"), [(SD1_CONFIG, 340), (SDXL_CONFIG, 844)])
@pytest.mark.parametrize("layout", [ORIGINAL, DIFFUSERS])
def test_the_well_known_sizes_are_read_from_headers(config: dict[str, Any], tensors: int, layout: Layout) -> None:
    """340 tensors are those of lllyasviel's control_v11p_sd15_canny, 844 of diffusers/controlnet-canny-sdxl-1.0."""
    from diffusers import ControlNetModel

    with torch.device("meta"):
        own = ControlNetModel(**config)
        keys = control_keys(own, layout)
        shapes = {keys[name]: ("F16", tuple(tensor.shape)) for name, tensor in own.state_dict().items()}
        header = header_of(Path("net.safetensors"), shapes)
        found = layout_of(header)
        assert found is not None
        built: Any = control_part(read_sizes(header, found), found).build()
    assert len(shapes) == tensors
    heads = [[block.heads for block in attention_of(network)] for network in (own, built)]
    assert heads[0] == heads[1]
    own_shapes, built_shapes = ({n: t.shape for n, t in each.state_dict().items()} for each in (own, built))
    assert own_shapes == built_shapes


def attention_of(network: Any) -> list[Any]:
    return [module for module in network.modules() if hasattr(module, "heads")]
