"""State dicts: files of tensors by name, and the small operations on such dictionaries that packs use."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

SAFE = (".safetensors", ".sft")
HEADER_BYTES = 100 * 2**20


class Read(NamedTuple):
    """What a file holds; metadata of safetensors only."""

    tensors: dict[str, Any]
    metadata: dict[str, str] | None


def read_tensors(path: str, device: torch.device) -> Read:
    """Read a file of tensors; pickles with `weights_only`, so that nothing in them runs. ValueError if it is damaged."""
    if path.lower().endswith(SAFE):
        return _read_safe(path, device)
    held = torch.load(path, map_location=device, weights_only=True)
    if "state_dict" in held:
        return Read(held["state_dict"], None)
    only = next(iter(held.values())) if len(held) == 1 else None
    return Read(only if isinstance(only, dict) else held, None)


def _read_safe(path: str, device: torch.device) -> Read:
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            return Read({name: file.get_tensor(name) for name in file.keys()}, file.metadata())  # noqa: SIM118  # no mapping
    except SafetensorError as error:
        raise ValueError(f"{path} is no whole safetensors file ({error}); get it again.") from error


def write_tensors(tensors: dict[str, Tensor], path: str, metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file."""
    save_file(tensors, path, metadata=metadata)


def read_header(path: str, max_size: int = HEADER_BYTES) -> bytes | None:
    """Return the JSON at the beginning of a safetensors file; None if it is longer than `max_size`."""
    with Path(path).open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return file.read(length) if length <= max_size else None


def count_parameters(tensors: Mapping[str, Tensor], prefix: str = "") -> int:
    """Return how many numbers there are in tensors whose names begin so."""
    return sum(tensor.nelement() for name, tensor in tensors.items() if name.startswith(prefix))


def commonest_dtype(tensors: Mapping[str, Tensor], prefix: str = "") -> torch.dtype | None:
    """Return the dtype of most numbers in tensors whose names begin so."""
    counts: Counter[torch.dtype] = Counter()
    for name, tensor in tensors.items():
        if name.startswith(prefix):
            counts[tensor.dtype] += tensor.numel()
    return max(counts, key=counts.__getitem__) if counts else None


def rename_keys(tensors: MutableMapping[str, Any], names: Mapping[str, str]) -> MutableMapping[str, Any]:
    """Give entries other names, in place."""
    for old, new in names.items():
        if old in tensors:
            tensors[new] = tensors.pop(old)
    return tensors


def rename_prefixes(
    tensors: MutableMapping[str, Any], prefixes: Mapping[str, str], *, only_these: bool = False
) -> MutableMapping[str, Any]:
    """Give names other beginnings, in place; `only_these`: move such entries into a new dictionary."""
    result: MutableMapping[str, Any] = {} if only_these else tensors
    for old, new in prefixes.items():
        for name in [name for name in tensors if name.startswith(old)]:
            result[new + name[len(old) :]] = tensors.pop(name)
    return result
