"""Upscalers: every layout of a network is the same network, told from names and shapes; pickles give tensors only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.errors import CheckpointError
from diffusion.upscalers.compact import CompactNet, CompactSizes
from diffusion.upscalers.load import load_upscaler
from diffusion.upscalers.rrdb import RrdbNet, RrdbSizes
from tests.tiny_checkpoint import write_state

SIZES = RrdbSizes(3, 3, width=16, growth=8, blocks=2, doublings=2, fold=1)
PLAIN = {
    "body.0.": "RRDB_trunk.0.",
    "body.1.": "RRDB_trunk.1.",
    "rdb": "RDB",
    "conv_body": "trunk_conv",
    "conv_hr": "HRconv",
}


def seeded(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    return module.eval().requires_grad_(False)


def as_new(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return names as Real-ESRGAN has them."""
    return {_numbered_up(name, "conv_up"): tensor for name, tensor in state.items()}


def as_trunk(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return names as BSRGAN has them."""
    renamed = {_numbered_up(name, "upconv"): tensor for name, tensor in state.items()}
    for ours, theirs in PLAIN.items():
        renamed = {name.replace(ours, theirs): tensor for name, tensor in renamed.items()}
    return renamed


def as_sequence(state: Mapping[str, Tensor], doublings: int, blocks: int) -> dict[str, Tensor]:
    """Return names as the first ESRGAN has them: places in a sequence where activations and enlargements count too."""
    places = {"conv_first": 0, "conv_body": f"1.sub.{blocks}"}
    places |= {f"conv_up.{number}": 3 * (number + 1) for number in range(doublings)}
    places |= {"conv_hr": 3 * doublings + 2, "conv_last": 3 * doublings + 4}
    found = {}
    for name, tensor in state.items():
        module, leaf = name.rsplit(".", 1)
        match module.split("."):
            case ["body", block, dense, conv]:
                found[f"model.1.sub.{block}.{dense.upper()}.{conv}.0.{leaf}"] = tensor
            case _:
                found[f"model.{places[module]}.{leaf}"] = tensor
    return found


def _numbered_up(name: str, word: str) -> str:
    parts = name.split(".")
    return f"{word}{int(parts[1]) + 1}.{parts[2]}" if parts[0] == "conv_up" else name


LAYOUTS = {"new": as_new, "trunk": as_trunk, "sequence": lambda state: as_sequence(state, 2, 2)}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_three_layouts_of_esrgan_are_one_network(tmp_path: Path, layout: str) -> None:
    network = seeded(RrdbNet(SIZES))
    upscaler = load_upscaler(write_state(tmp_path / "4x.safetensors", LAYOUTS[layout](network.state_dict())))
    x = torch.rand(1, 3, 10, 12)
    assert (upscaler.scale, upscaler.in_channels) == (4, 3)
    torch.testing.assert_close(upscaler.network(x), network(x))


@pytest.mark.parametrize(("doublings", "scale"), [(0, 1), (1, 2), (3, 8)])
def test_the_number_of_doublings_is_the_scale(tmp_path: Path, doublings: int, scale: int) -> None:
    network = seeded(RrdbNet(SIZES._replace(doublings=doublings)))
    state = as_sequence(network.state_dict(), doublings, 2)
    upscaler = load_upscaler(write_state(tmp_path / "x.safetensors", state))
    x = torch.rand(1, 3, 6, 7)
    assert upscaler.network(x).shape == (1, 3, 6 * scale, 7 * scale)
    torch.testing.assert_close(upscaler.network(x), network(x))


@pytest.mark.parametrize(("fold", "scale"), [(2, 2), (4, 1)])
def test_folded_pixels_make_the_scale_smaller(tmp_path: Path, fold: int, scale: int) -> None:
    network = seeded(RrdbNet(SIZES._replace(fold=fold)))
    upscaler = load_upscaler(write_state(tmp_path / "x2.safetensors", as_new(network.state_dict())))
    assert (upscaler.scale, upscaler.in_channels) == (scale, 3)
    x = torch.rand(1, 3, 9, 14)  # sides that cannot be folded
    assert upscaler.network(x).shape == (1, 3, 9 * scale, 14 * scale)


def test_the_network_is_that_of_the_paper() -> None:
    """Compute it once more from its weights, in the words of the paper (Wang et al. 2018)."""
    network: Any = seeded(RrdbNet(SIZES._replace(blocks=1, doublings=1)))
    state, x = network.state_dict(), torch.rand(1, 3, 8, 8)

    def convolved(name: str, y: Tensor) -> Tensor:
        return functional.conv2d(y, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)

    first = y = convolved("conv_first", x)
    for dense in (1, 2, 3):
        seen = [y]
        for number in (1, 2, 3, 4):
            seen.append(functional.leaky_relu(convolved(f"body.0.rdb{dense}.conv{number}", torch.cat(seen, 1)), 0.2))
        y = y + 0.2 * convolved(f"body.0.rdb{dense}.conv5", torch.cat(seen, 1))
    y = first + convolved("conv_body", first + 0.2 * y)
    large = y.repeat_interleave(2, -1).repeat_interleave(2, -2)
    for name in ("conv_up.0", "conv_hr"):
        large = functional.leaky_relu(convolved(name, large), 0.2)
    torch.testing.assert_close(network(x), convolved("conv_last", large))


def test_the_compact_network_adds_detail_to_repeated_pixels(tmp_path: Path) -> None:
    network = seeded(CompactNet(CompactSizes(3, 3, width=8, layers=2, scale=4)))
    upscaler = load_upscaler(write_state(tmp_path / "compact.safetensors", network.state_dict()))
    x = torch.rand(1, 3, 5, 6)
    assert upscaler.scale == 4
    torch.testing.assert_close(upscaler.network(x), network(x))
    for parameter in network.body[-1].parameters():  # type: ignore[union-attr,index]
        parameter.data.zero_()
    torch.testing.assert_close(network(x), x.repeat_interleave(4, -1).repeat_interleave(4, -2))


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("under", ["params_ema", None])
def test_pickled_tensors_are_read(tmp_path: Path, is_zip: bool, under: str | None) -> None:
    network = seeded(CompactNet(CompactSizes(3, 3, width=8, layers=1, scale=2)))
    content: Any = network.state_dict() if under is None else {under: network.state_dict()}
    path = tmp_path / "2x.pth"
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    x = torch.rand(1, 3, 5, 6)
    torch.testing.assert_close(load_upscaler(path).network(x), network(x))


class Program:
    """Runs when a careless reader opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("is_zip", [True, False])
def test_programs_in_pickles_do_not_run(tmp_path: Path, is_zip: bool) -> None:
    path, ran = tmp_path / "evil.pth", tmp_path / "ran"
    torch.save({"params": Program(ran)}, path, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(CheckpointError, match="holds more than tensors"):
        load_upscaler(path)
    assert not ran.exists()


@pytest.mark.parametrize("content", [{"epoch": 3}, [1, 2], torch.zeros(2)])
def test_pickles_without_named_tensors_are_refused(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "other.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match="no tensors are in this pickle file"):
        load_upscaler(path)


def test_a_cut_off_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    torch.save({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match="or is damaged"):
        load_upscaler(path)


def test_another_kind_of_file_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    path = write_state(
        tmp_path / "swin.safetensors", {"layers.0.weight": torch.zeros(2, 2), "norm.bias": torch.zeros(2)}
    )
    with pytest.raises(
        CheckpointError, match=r"2 tensors, such as layers.0.weight, norm.bias. Known: ESRGAN, Real-ESRGAN"
    ):
        load_upscaler(path)
