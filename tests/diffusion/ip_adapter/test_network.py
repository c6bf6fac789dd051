"""Files of IP-Adapters: the known ones are told by their headers, other kinds are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from diffusion.checkpoints.describe import describe, describe_header
from diffusion.checkpoints.header import Header, header_of
from diffusion.checkpoints.views import as_view
from diffusion.errors import CheckpointError
from diffusion.ip_adapter.load import load_ip_adapter
from diffusion.ip_adapter.network import (
    FULL,
    PLAIN,
    PLUS,
    AdapterSizes,
    adapter_keys,
    adapter_part,
    build_adapter,
    read_adapter,
)
from tests.tiny_checkpoint import write_state
from tests.tiny_ip_adapters import adapter_state, write_adapter

SD1_LAYERS = (*(320, 320, 640, 640, 1280, 1280), *(1280, 1280, 1280, 640, 640, 640, 320, 320, 320), 1280)
SDXL_LAYERS = (640,) * 4 + (1280,) * 20 + (1280,) * 30 + (640,) * 6 + (1280,) * 10
RESAMPLER = {"tokens": 16, "depth": 4, "growth": 4}
KNOWN = {  # of the files that there are: sizes, and how many tensors they have
    "ip-adapter_sd15": (AdapterSizes(PLAIN, 1024, 768, SD1_LAYERS, tokens=4), 4 + 32),
    "ip-adapter-plus_sd15": (AdapterSizes(PLUS, 1280, 768, SD1_LAYERS, inner=768, heads=12, **RESAMPLER), 51 + 32),
    "ip-adapter-full-face_sd15": (AdapterSizes(FULL, 1280, 768, SD1_LAYERS), 6 + 32),
    "ip-adapter_sdxl": (AdapterSizes(PLAIN, 1280, 2048, SDXL_LAYERS, tokens=4), 4 + 140),
    "ip-adapter_sdxl_vit-h": (AdapterSizes(PLAIN, 1024, 2048, SDXL_LAYERS, tokens=4), 4 + 140),
    "ip-adapter-plus_sdxl_vit-h": (
        AdapterSizes(PLUS, 1280, 2048, SDXL_LAYERS, inner=1280, heads=20, **RESAMPLER),
        51 + 140,
    ),
}
TINY = AdapterSizes(PLUS, 8, 16, (4, 8), tokens=3, inner=64, heads=1, depth=1, growth=2)


def header_for(sizes: AdapterSizes) -> Header:
    """Return the header of a file: tensors of which the network has parts are whole in it."""
    with torch.device("meta"):
        module: nn.Module = build_adapter(sizes)
    keys, shapes = adapter_keys(module, sizes), {}
    for name, tensor in module.state_dict().items():
        view, (*rest,) = as_view(keys[name]), tensor.shape
        shapes[view.key] = ("F16", (2 * rest[0], *rest[1:]) if view.rows else tuple(rest))
    return header_of(Path("adapter.safetensors"), shapes)


@pytest.mark.parametrize("name", KNOWN)
def test_the_known_files_are_read_from_their_headers(name: str) -> None:
    sizes, tensors = KNOWN[name]
    header = header_for(sizes)
    assert len(header.tensors) == tensors
    assert f"ip_adapter.{2 * len(sizes.layers) - 1}.to_v_ip.weight" in header.tensors
    assert read_adapter(header) == sizes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("image_proj.perceiver_resampler.proj_in.weight", "FaceID Plus"),
        ("image_proj.norm.weight", "FaceID"),
        ("double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight", "of Flux"),
        ("ip_adapter.0.to_k_ip.weight", "of a transformer"),
    ],
)
def test_other_kinds_are_refused_by_name(tmp_path: Path, name: str, kind: str) -> None:
    path = write_state(tmp_path / "other.safetensors", {name: torch.zeros(2, 2)})
    with pytest.raises(
        CheckpointError, match=rf"other.safetensors: no IP-Adapter .* looks like .*{kind}.*Seen: 1 tensors"
    ):
        load_ip_adapter(path)


def test_a_file_that_lacks_a_layer_is_refused(tmp_path: Path) -> None:
    state = adapter_state(TINY)
    del state["ip_adapter.3.to_v_ip.weight"]
    with pytest.raises(CheckpointError, match=r"ip_adapter.3.to_v_ip.weight is missing \(expected \(8, 16\)\)"):
        load_ip_adapter(write_state(tmp_path / "cut.safetensors", state))


def test_a_pickle_file_of_two_dictionaries_is_the_same_adapter(tmp_path: Path) -> None:
    state = adapter_state(TINY)
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = tensor
    torch.save(parts, tmp_path / "adapter.bin")
    plain, pickled = write_adapter(tmp_path / "adapter.safetensors", TINY), tmp_path / "adapter.bin"
    one, other = (load_ip_adapter(path).network.state_dict() for path in (plain, pickled))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_file_is_described_and_belongs_into_its_folder(tmp_path: Path) -> None:
    found = describe(write_adapter(tmp_path / "adapter.safetensors", TINY))
    assert (found.kind, found.folder, found.note) == ("IP-Adapter", "ipadapter", "")
    told = describe_header(header_for(KNOWN["ip-adapter_sdxl"][0]))
    assert (told.title, told.details) == ("Stable Diffusion XL", ("for CLIP ViT-bigG",))
    face = {"image_proj.norm.weight": torch.zeros(1), "ip_adapter.1.to_k_ip.weight": torch.zeros(1, 1)}
    refused = describe(write_state(tmp_path / "face.safetensors", face))
    assert (refused.kind, "FaceID" in refused.note) == ("IP-Adapter", True)


def test_every_tensor_of_the_network_is_in_the_file() -> None:
    part = adapter_part(TINY)
    module = part.build()
    assert part.keys(module).keys() == module.state_dict().keys()
