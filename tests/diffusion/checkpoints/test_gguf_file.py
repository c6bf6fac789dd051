"""GGUF files: names, shapes and types as they are written, bytes mapped; damaged ones are refused in a sentence."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFWriter
from gguf.constants import GGMLQuantizationType
from gguf.quants import dequantize, quantize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffusion.checkpoints.fill import open_weights
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.packed_layouts import TensorInfo
from diffusion.checkpoints.views import View
from diffusion.errors import CheckpointError
from diffusion.packed import PackedTensor, unpacked
from tests.packed_files import write_gguf

QKV = "double_blocks.0.img_attn.qkv.weight"
VALUES = np.random.default_rng(0).standard_normal((96, 256), dtype=np.float32)
Q8, Q4 = (quantize(VALUES, GGMLQuantizationType[name]) for name in ("Q8_0", "Q4_0"))
HALF = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(0)).half()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plain = {"img_in.bias": torch.arange(6.0), "conv.weight": HALF.float()}
    packed = {QKV: ("Q8_0", torch.from_numpy(Q8)), "reshaped.weight": ("Q4_0", torch.from_numpy(Q4))}
    shapes = {"reshaped.weight": (64, 128, 3, 1)}
    return write_gguf(tmp_path_factory.mktemp("gguf") / "m.gguf", plain, packed, arch="flux", original_shapes=shapes)


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as error:
        read_header(path)
    assert path.name in str(error.value)
    return str(error.value)


def test_the_header_says_names_shapes_types_and_metadata(path: Path) -> None:
    header = read_header(path)
    assert header.tensors == {
        QKV: TensorInfo("Q8_0", (96, 256)),
        "reshaped.weight": TensorInfo("Q4_0", (64, 128, 3, 1)),
        "img_in.bias": TensorInfo("F32", (6,)),
        "conv.weight": TensorInfo("F16", (4, 3, 2)),
    }
    assert header.metadata["general.architecture"] == "flux"
    assert header.nbytes == path.stat().st_size
    assert set(header.packed) == {QKV, "reshaped.weight"}


def test_tensors_are_those_that_were_written(path: Path) -> None:
    weights = open_weights(read_header(path))
    assert torch.equal(weights.get("img_in.bias"), torch.arange(6.0))
    assert torch.equal(weights.get("conv.weight"), HALF)
    for key, data, name in ((QKV, Q8, "Q8_0"), ("reshaped.weight", Q4, "Q4_0")):
        weight = weights.get(key)
        assert isinstance(weight, PackedTensor)
        assert weight.nbytes == data.nbytes
        expected = torch.from_numpy(dequantize(data, GGMLQuantizationType[name]))
        assert torch.equal(unpacked(weight, torch.float32), expected.reshape(weight.shape))


def test_thirds_of_a_fused_projection_are_views_of_the_file(path: Path) -> None:
    weights = open_weights(read_header(path))
    whole = weights.get(QKV)
    part = weights.get(View(QKV, rows=(32, 64)))
    assert isinstance(whole, PackedTensor)
    assert isinstance(part, PackedTensor)
    assert part.parts[0].untyped_storage().data_ptr() != 0
    assert part.parts[0].data_ptr() - part.parts[0].storage_offset() == part.parts[0].untyped_storage().data_ptr()
    assert torch.equal(unpacked(part, torch.float32), unpacked(whole, torch.float32)[32:64])


def test_views_that_blocks_do_not_allow_are_refused_with_the_key(path: Path) -> None:
    weights = open_weights(read_header(path))
    with pytest.raises(CheckpointError, match=rf"m\.gguf: {QKV} is packed as Q8_0, .* transposed matrix"):
        weights.get(View(QKV, is_transposed=True))
    with pytest.raises(CheckpointError, match=r"reshaped\.weight is packed as Q4_0, of which the network needs rows"):
        weights.get(View("reshaped.weight", rows=(0, 32)))


def test_a_file_that_is_cut_off_is_refused(path: Path, tmp_path: Path) -> None:
    content, cut = path.read_bytes(), tmp_path / "cut.gguf"
    cut.write_bytes(content[:-64])
    assert "cut off: 64 of" in refusal(cut)
    for size in (4, 20, 100, 300):
        cut.write_bytes(content[:size])
        assert "cut off" in refusal(cut)


def test_other_versions_and_types_are_refused(path: Path, tmp_path: Path) -> None:
    content, other = bytearray(path.read_bytes()), tmp_path / "other.gguf"
    other.write_bytes(bytes(content[:4]) + struct.pack("<I", 1) + bytes(content[8:]))
    assert "version 1, expected 2 or 3" in refusal(other)
    at = content.index(QKV.encode()) + len(QKV) + 4 + 16
    other.write_bytes(bytes(content[:at]) + struct.pack("<I", 99) + bytes(content[at + 4 :]))
    assert f"{QKV} has the unknown type 99" in refusal(other)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 700), value=st.integers(0, 255))
def test_a_damaged_byte_gives_a_header_or_a_sentence(path: Path, tmp_path: Path, at: int, value: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] = value
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(content)
    try:
        header = read_header(damaged)
        for key in header.tensors:
            open_weights(header).get(key)
    except CheckpointError as error:
        assert "damaged.gguf" in str(error)  # noqa: PT017


def test_long_lists_in_the_metadata_are_passed_over(tmp_path: Path) -> None:
    writer = GGUFWriter(tmp_path / "v.gguf", "t5")
    writer.add_array("tokenizer.ggml.tokens", [f"token {number}" for number in range(100)])
    writer.add_array("tokenizer.ggml.scores", [0.5] * 100)
    writer.add_array("short", [1, 2, 3])
    writer.add_bool("is_it", True)
    writer.add_tensor("a", np.ones(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header = read_header(tmp_path / "v.gguf")
    assert header.metadata == {"general.architecture": "t5", "short": "1,2,3", "is_it": "True"}
    assert torch.equal(open_weights(header).get("a"), torch.ones(4))
