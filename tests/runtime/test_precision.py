"""Precisions on a kind of device: what is chosen reaches its part, the rest is what the device is good at."""

from __future__ import annotations

import pytest
import torch

from diffusion.quantize import Precision
from runtime.devices import has_bfloat16
from runtime.precision import PrecisionSettings, choose, kept_as


def test_processors_compute_in_float32_and_others_in_what_is_stored() -> None:
    assert set(choose(PrecisionSettings(), "cpu")) == {Precision(torch.float32)}
    assert set(choose(PrecisionSettings(), "cuda")) == {Precision()}


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("part", ["unet", "text", "vae"])
def test_a_choice_reaches_its_part_and_no_other(part: str, dtype: str) -> None:
    chosen, plain = (choose(PrecisionSettings(**choice), "cuda")._asdict() for choice in ({part: dtype}, {}))
    assert chosen.pop(part).stored == getattr(torch, dtype)
    assert chosen == {name: precision for name, precision in plain.items() if name != part}


def test_what_is_kept_in_few_bits_is_computed_in_what_the_device_is_good_at() -> None:
    small = PrecisionSettings(unet="float8_e4m3fn", text="bfloat16")
    on_cpu, on_gpu = choose(small, "cpu"), choose(small, "cuda")
    assert (on_cpu.unet.computed, on_cpu.text.computed) == (torch.float32, torch.float32)
    assert (on_gpu.unet.computed, on_gpu.text.computed) == (torch.bfloat16, torch.bfloat16)


@pytest.mark.parametrize(("has_bfloat16", "computed"), [(True, torch.bfloat16), (False, torch.float16)])
def test_8_bits_are_computed_in_one_precision_whoever_asks_for_them(has_bfloat16: bool, computed: torch.dtype) -> None:
    by_flag = choose(PrecisionSettings(unet="float8_e5m2"), "cuda", has_bfloat16=has_bfloat16).unet
    usual = choose(PrecisionSettings(), "cuda", has_bfloat16=has_bfloat16).unet
    by_loader = kept_as(usual, torch.float8_e5m2, has_bfloat16=has_bfloat16)
    assert by_flag == by_loader == Precision(torch.float8_e5m2, computed)
    assert kept_as(usual, None) == usual


def test_a_processor_is_not_good_at_bfloat16() -> None:
    assert not has_bfloat16(torch.device("cpu"))


def test_vaes_compute_in_what_they_are_kept_in() -> None:
    assert choose(PrecisionSettings(vae="bfloat16"), "cpu").vae == Precision(torch.bfloat16)
    assert choose(PrecisionSettings(cpu_vae=True), "cuda").vae == Precision(torch.float32)


def test_a_choice_for_all_gives_way_to_one_for_a_part_and_half_is_not_forced_on_vaes() -> None:
    half = choose(PrecisionSettings(all="float16", text="float32"), "cuda")
    assert (half.unet.stored, half.text.stored, half.vae) == (torch.float16, torch.float32, Precision())
    assert choose(PrecisionSettings(all="float32"), "cuda").vae == Precision(torch.float32)
