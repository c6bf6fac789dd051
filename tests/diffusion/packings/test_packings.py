"""Packings against plain formulas: what unpacks is what was written, also of some rows, and of rows looked up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize, quantize
from torch import Tensor

from diffusion.packed import AT_ONCE_ON_CPU, PackedError, PackedTensor
from diffusion.packings.block_scaled import MXFP8, NVFP4
from diffusion.packings.gguf_blocks import UNPACK, GgufBlocks
from diffusion.packings.scaled import Scaled
from runtime.workspace import PeakMeter
from tests.packed_files import E2M1, float8, in_tiles, int8, mxfp8, nvfp4, turned_int8

F32 = torch.float32
HALVES_AT = {"Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "Q2_K": (80, 82), "Q3_K": (108,), "IQ4_NL": (0,)}


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def written(pack: Callable[[Tensor], dict[str, Tensor]], weight: Tensor) -> list[Tensor]:
    parts = pack(weight)
    return [parts[end] for end in (".weight", ".weight_scale", ".weight_scale_2") if end in parts]


def gguf_bytes(name: str, rows: int, columns: int) -> np.ndarray:
    """Return bytes of a type: quantised by the package where it can, else any with small scales."""
    block, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    generator = np.random.default_rng(0)
    if name not in HALVES_AT:
        return quantize(generator.standard_normal((rows, columns), dtype=np.float32), GGMLQuantizationType[name])
    blocks = generator.integers(0, 256, (rows * columns // block, size), dtype=np.uint8)
    for at in HALVES_AT[name]:
        blocks[:, at : at + 2] = generator.standard_normal((len(blocks), 1)).astype(np.float16).view(np.uint8)
    return blocks.reshape(rows, -1)


def packed(name: str, weight: Tensor) -> PackedTensor:
    """Return a weight in one of the packings."""
    size = (
        GGML_QUANT_SIZES[GGMLQuantizationType[name]][1]
        if name in GGMLQuantizationType.__members__ and name != "NVFP4"
        else 0
    )
    parts = {
        "fp8": lambda: (Scaled("fp8"), written(float8(torch.float8_e4m3fn, None), weight)),
        "fp8 scaled": lambda: (Scaled("fp8 scaled"), written(float8(torch.float8_e5m2, "weight_scale"), weight)),
        "int8": lambda: (Scaled("int8"), written(int8, weight)),
        "int8 turned": lambda: (Scaled("int8 turned", rotation=16), written(turned_int8, weight)),
        "nvfp4": lambda: (NVFP4, written(nvfp4, weight)),
        "mxfp8": lambda: (MXFP8, written(mxfp8, weight)),
    }.get(name, lambda: (GgufBlocks(name, size), [torch.from_numpy(gguf_bytes(name, *weight.shape))]))()
    return PackedTensor(*parts, weight.shape, F32)


ALL = ["fp8", "fp8 scaled", "int8", "int8 turned", "nvfp4", "mxfp8", *UNPACK, "Q3_K", "IQ4_NL"]
ERRORS = {  # at most so much of a number, and so much of the largest
    "fp8": (1 / 16, 2**-10),
    "fp8 scaled": (1 / 8, 2**-17),
    "int8": (0, 1 / 250),
    "int8 turned": (0, 1 / 50),
    "nvfp4": (0, 1 / 5),
    "mxfp8": (1 / 16, 2**-10),
}


@pytest.mark.parametrize("name", ERRORS)
def test_unpacking_gives_the_weight_but_for_rounding(name: str) -> None:
    weight = randn(160, 64)
    error = (packed(name, weight).unpack() - weight).abs()
    own, whole = ERRORS[name]
    assert (error <= own * weight.abs() + whole * weight.abs().max()).all()
    assert error.max() > 0


@pytest.mark.parametrize("name", [*UNPACK, "Q2_K", "Q3_K", "IQ4_NL"])
def test_gguf_types_unpack_as_the_package_does(name: str) -> None:
    data = gguf_bytes(name, 6, 512)
    weight = PackedTensor(packed(name, randn(6, 512)).packing, [torch.from_numpy(data)], (6, 512), F32)
    expected = torch.from_numpy(dequantize(data, GGMLQuantizationType[name]))
    assert torch.equal(weight.unpack(), expected)
    assert torch.equal(weight.unpack(torch.bfloat16), expected.bfloat16())


def test_nvfp4_is_the_table_times_the_scales_of_block_and_weight() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = torch.randint(0, 16, (130, 80), generator=generator)
    scales = (randn(130, 5).abs() + 0.1).to(torch.float8_e4m3fn)
    signed = torch.tensor([*E2M1, *(-value for value in E2M1)])
    expected = signed[codes] * scales.float().repeat_interleave(16, dim=1) * 0.25
    data = (codes[:, 0::2] * 16 + codes[:, 1::2]).to(torch.uint8)
    parts = [data, in_tiles(scales), torch.tensor(0.25)]
    assert torch.equal(NVFP4.unpack(parts, F32), expected)
    assert torch.equal(NVFP4.unpack([data, parts[1].view(torch.uint8), parts[2]], F32), expected)
    columns = randn(80)
    torch.testing.assert_close(NVFP4.unpack([*parts, columns], F32), expected * columns)


def test_mxfp8_is_the_number_times_a_power_of_two() -> None:
    data, exponents = randn(130, 96).to(torch.float8_e4m3fn), torch.randint(120, 130, (130, 3), dtype=torch.uint8)
    expected = data.float() * torch.exp2(exponents.float() - 127).repeat_interleave(32, dim=1)
    assert torch.equal(MXFP8.unpack([data, in_tiles(exponents)], F32), expected)
    assert torch.equal(MXFP8.unpack([data, in_tiles(exponents).view(torch.float8_e8m0fnu)], F32), expected)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("rows", [slice(0, 128), slice(128, 300), slice(128, 256), slice(37, 150)])
def test_rows_of_a_packed_weight_are_the_rows_of_the_plain_one(name: str, rows: slice) -> None:
    weight = packed(name, randn(300, 256))
    part = weight[rows]
    assert isinstance(part, PackedTensor)
    assert part.nbytes < weight.nbytes
    assert torch.equal(part.unpack(), weight.unpack()[rows])
    assert torch.equal(part[5:9].unpack(), weight.unpack()[rows][5:9])


@pytest.mark.parametrize("name", ALL)
def test_looking_rows_up_gives_those_of_the_plain_weight(name: str) -> None:
    weight, ids = packed(name, randn(150, 256)), torch.tensor([[3, 149, 3], [0, 7, 128]])
    assert torch.equal(torch.nn.functional.embedding(ids, weight), weight.unpack()[ids])


@pytest.mark.parametrize("name", ["fp8 scaled", "int8", "int8 turned", "mxfp8", *UNPACK])
def test_large_weights_unpack_some_rows_at_a_time(name: str) -> None:
    weight = packed(name, randn(700, 8192))
    expected = weight.packing.unpack(weight.parts, torch.bfloat16)
    with PeakMeter() as meter:
        unpacked = weight.unpack(torch.bfloat16)
    assert torch.equal(unpacked, expected)
    assert meter.peak_bytes < unpacked.nbytes + 20 * AT_ONCE_ON_CPU


@pytest.mark.parametrize("name", [*ERRORS, *UNPACK])
def test_weights_unpack_where_they_lie(name: str) -> None:
    weight = packed(name, randn(150, 256))
    there = weight.to("meta").unpack(torch.bfloat16)  # a device of its own, which no other tensor may be mixed with
    assert (there.device.type, there.shape, there.dtype) == ("meta", weight.shape, torch.bfloat16)


@pytest.mark.parametrize("name", ALL)
def test_a_weight_is_transposed_where_its_scales_allow(name: str) -> None:
    weight = packed(name, randn(32, 256))
    if name in ("fp8", "fp8 scaled"):
        assert isinstance(weight.t(), PackedTensor)
        assert torch.equal(weight.t().unpack(), weight.unpack().t())
    else:
        with pytest.raises(PackedError, match="cannot be transposed"):
            weight.packing.transposed(weight.parts)
        assert not isinstance(weight.t(), PackedTensor)
    x = randn(3, 256)
    assert torch.equal(torch.nn.functional.linear(x, weight), x @ weight.unpack().t())


def test_scales_for_rows_fit_weights_of_any_dimensions() -> None:
    weight, scale = torch.randint(-127, 128, (6, 2, 3, 3), dtype=torch.int8), randn(6).abs()
    for shape in ((6,), (6, 1)):
        unpacked = Scaled("int8").unpack([weight, scale.reshape(shape)], F32)
        assert torch.equal(unpacked, weight.float() * scale[:, None, None, None])
