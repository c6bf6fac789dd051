"""ComfyUI's `node_helpers`."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from comfy.cli_args import args
from PIL import ImageFile, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional

A = TypeVar("A")
R = TypeVar("R")
Cond = Sequence[Any]  # [embedding, options]
logger = logging.getLogger(__name__)
BESIDE = 1e-5  # between two ranges: samplers compare strictly, so that no step is in both
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def conditioning_set_values(
    conditioning: Sequence[Cond],
    values: Mapping[str, Any] = {},
    append: bool = False,  # read only
) -> list[list[Any]]:
    """Return a conditioning with more options; `append` adds them to those of the same names."""
    return [[each[0], {**each[1], **_joined(each[1], values, append)}] for each in conditioning]


def _joined(old: Mapping[str, Any], values: Mapping[str, Any], append: bool) -> dict[str, Any]:
    before = old if append else {}
    return {name: value if before.get(name) is None else _after(before[name], value) for name, value in values.items()}


def _after(before: Any, value: Any) -> Any:
    """Return both together; what operators of Weft put there is a tuple, and a list everywhere else."""
    return [*before, *value] if isinstance(before, tuple) else before + value


def conditioning_set_values_with_timestep_range(
    conditioning: Sequence[Cond],
    values: Mapping[str, Any] = {},  # read only
    start_percent: float = 0.0,
    end_percent: float = 1.0,
) -> Sequence[Cond]:
    """Return a conditioning that has the options from one part of the sampling to another, and none outside."""
    if start_percent > end_percent:
        logger.warning("The range from %s to %s ends before it begins; nothing is set.", start_percent, end_percent)
        return conditioning
    return [part for each in conditioning for part in _in_parts(each, values, start_percent, end_percent)]


def _in_parts(cond: Cond, values: Mapping[str, Any], start: float, end: float) -> list[Any]:
    first, last = cond[1].get("start_percent", 0.0), cond[1].get("end_percent", 1.0)
    begin, stop = max(start, first), min(end, last)
    if begin >= stop:
        return [cond]
    ranges = [
        ({}, first, begin - BESIDE, begin > first),
        (values, begin, stop, True),
        ({}, stop + BESIDE, last, stop < last),
    ]
    return [
        part
        for added, low, high, is_there in ranges
        if is_there
        for part in conditioning_set_values([cond], {**added, "start_percent": low, "end_percent": high})
    ]


def pillow(fn: Callable[[A], R], arg: A) -> R:
    """Call a function of Pillow; once more, letting files be cut short, if it refuses."""
    try:
        return fn(arg)
    except (OSError, UnidentifiedImageError, ValueError):
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            return fn(arg)
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def hasher() -> Any:
    """Return the hash that `--default-hashing-function` names."""
    return getattr(hashlib, args.default_hashing_function)


def string_to_torch_dtype(string: str) -> torch.dtype | None:
    """Return the dtype of a short name; None for another."""
    return DTYPES.get(string)


def image_alpha_fix(destination: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """Give the second picture as many channels as the first: what is too much goes, a missing alpha is opaque."""
    wanted, there = destination.shape[-1], source.shape[-1]
    return destination, functional.pad(source, (0, 1), value=1.0) if wanted > there else source[..., :wanted]
