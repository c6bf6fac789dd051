"""Packed weights in headers: helpers are not tensors of the network, and what they belong to stands as if it were plain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.checkpoints.fill import stored_dtype
from diffusion.checkpoints.header import Header, header_of
from diffusion.checkpoints.packed_layouts import METADATA_KEY, TensorInfo, find_packed

Q = "blocks.0.q"


def header(tensors: dict[str, tuple[str, Sequence[int]]], **metadata: str) -> Header:
    return header_of(Path("m.safetensors"), tensors, metadata)


def parts(found: Header, key: str) -> list[str]:
    return [part.key.removeprefix(f"{Q}.") for part in found.packed[key].parts]


@pytest.mark.parametrize("marker", ["scaled_fp8", "model.diffusion_model.scaled_fp8"])
def test_the_older_layout_of_scaled_float8(marker: str) -> None:
    """As in t5xxl_fp8_e4m3fn_scaled.safetensors: some layers have no scales, norms are plain."""
    found = header(
        {
            marker: ("F8_E4M3", (2,)),
            f"{Q}.weight": ("F8_E4M3", (64, 32)),
            f"{Q}.scale_weight": ("F32", ()),
            f"{Q}.scale_input": ("F32", (1,)),
            "norm.weight": ("F16", (32,)),
            "shared.weight": ("F8_E4M3", (100, 32)),
        }
    )
    assert found.tensors == {
        f"{Q}.weight": TensorInfo("F8_E4M3 scaled", (64, 32)),
        "norm.weight": TensorInfo("F16", (32,)),
        "shared.weight": TensorInfo("F8_E4M3", (100, 32)),
    }
    assert parts(found, f"{Q}.weight") == ["weight", "scale_weight"]
    assert set(found.packed) == {f"{Q}.weight", "shared.weight"}


def test_nvfp4_stands_with_all_its_columns() -> None:
    tensors = {
        f"{Q}.weight": ("U8", (256, 64)),
        f"{Q}.weight_scale": ("F8_E4M3", (256, 8)),
        f"{Q}.weight_scale_2": ("F32", ()),
        f"{Q}.pre_quant_scale": ("BF16", (128,)),
        f"{Q}.input_scale": ("F32", ()),
        f"{Q}.comfy_quant": ("U8", (19,)),
        f"{Q}.bias": ("BF16", (256,)),
    }
    found = header(tensors)
    assert found.tensors[f"{Q}.weight"] == TensorInfo("nvfp4", (256, 128))
    assert set(found.tensors) == {f"{Q}.weight", f"{Q}.bias"}
    assert parts(found, f"{Q}.weight") == ["weight", "weight_scale", "weight_scale_2", "pre_quant_scale"]


def test_int8_and_mxfp8_are_told_by_their_scales() -> None:
    found = header(
        {
            "a.weight": ("I8", (64, 32)),
            "a.weight_scale": ("F32", (64, 1)),
            "b.weight": ("F8_E4M3", (64, 64)),
            "b.weight_scale": ("U8", (128, 4)),
        }
    )
    assert {key: info.dtype for key, info in found.tensors.items()} == {"a.weight": "int8", "b.weight": "mxfp8"}


@pytest.mark.parametrize(
    ("weight", "scale", "dtype"),
    [
        (("I8", (64, 32)), ("F32", (32,)), "int8 with scales of the shape (32,)"),
        (("F8_E4M3", (64, 32)), ("F32", (8, 4)), "F8_E4M3 scaled with scales of the shape (8, 4)"),
        (("U8", (64, 32)), ("F8_E4M3", (64, 4)), "nvfp4 with scales of the shape (64, 4)"),
        (("F8_E4M3", (64, 64)), ("U8", (64, 2)), "F8_E4M3 with scales of the shape (64, 2)"),
    ],
)
def test_scales_that_do_not_fit_are_named(weight: Any, scale: Any, dtype: str) -> None:
    found = header({f"{Q}.weight": weight, f"{Q}.weight_scale": scale})
    assert found.tensors == {f"{Q}.weight": TensorInfo(dtype, weight[1])}
    assert not found.packed


def test_json_in_the_metadata_or_beside_the_weight_says_what_shapes_do_not() -> None:
    said = {"format": "int8_tensorwise", "convrot": True, "convrot_groupsize": 16}
    tensors = {f"{Q}.weight": TensorInfo("I8", (64, 32)), f"{Q}.weight_scale": TensorInfo("F32", (64, 1))}
    by_metadata = find_packed(tensors, {METADATA_KEY: json.dumps({"layers": {Q: said}})})
    described = {**tensors, f"{Q}.comfy_quant": TensorInfo("U8", (70,))}
    by_tensor = find_packed(described, {}, lambda key: json.dumps(said).encode())
    nested = {"format": "int8_tensorwise", "params": {"convrot": True, "convrot_groupsize": 16}}
    by_params = find_packed(described, {}, lambda key: json.dumps(nested).encode())
    assert by_metadata == by_tensor == by_params
    assert by_tensor.tensors[f"{Q}.weight"].dtype == "int8 turned"
    uneven = find_packed(described, {}, lambda key: json.dumps({**said, "convrot_groupsize": 64}).encode())
    assert uneven.tensors[f"{Q}.weight"].dtype == "int8 turned by 64"


@pytest.mark.parametrize("text", [b"", b"[1]", b"\xff", b'{"layers": 3}', b"[" * 5000])
def test_damaged_json_says_nothing(text: bytes) -> None:
    tensors = {f"{Q}.weight": TensorInfo("F8_E4M3", (64, 32)), f"{Q}.comfy_quant": TensorInfo("U8", (1,))}
    found = find_packed(tensors, {METADATA_KEY: text.decode("latin-1")}, lambda key: text)
    assert found.tensors == {f"{Q}.weight": TensorInfo("F8_E4M3", (64, 32))}


def test_names_like_those_of_helpers_stay_where_they_help_nothing() -> None:
    assert set(header({"a.weight_scale": ("F32", (3,)), "scale_weight": ("F32", (3,))}).tensors) == {
        "a.weight_scale",
        "scale_weight",
    }


@pytest.mark.parametrize(
    ("others", "expected"),
    [(["F16"], torch.float16), (["F16", "BF16"], torch.bfloat16), (["F32"], torch.bfloat16), ([], torch.bfloat16)],
)
def test_packed_weights_are_computed_in_the_16_bits_that_the_file_has_beside_them(
    others: list[str], expected: torch.dtype
) -> None:
    tensors: dict[str, tuple[str, Sequence[int]]] = {"q.weight": ("F8_E5M2", (8, 8))}
    tensors |= {f"{dtype}.weight": (dtype, (8,)) for dtype in others}
    assert stored_dtype(header(tensors), tensors) == expected
