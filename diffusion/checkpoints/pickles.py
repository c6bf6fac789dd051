"""Pickled tensors (`.pth`, `.pt`, `.bin`), read by PyTorch's reader of weights, which runs nothing that a file asks for.

    weights = open_any(path)  # of safetensors or of pickled tensors

Upscalers and small decoders are hardly found as anything else. What holds more than tensors in dictionaries is refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion.checkpoints.fill import TensorFile, Weights, header_of, open_weights
from diffusion.checkpoints.header import PICKLE_MAGIC, ZIP_MAGIC, read_header
from diffusion.errors import CheckpointError

INNER = (
    "params_ema",
    "params",
    "state_dict",
    "model_state_dict",
    "model",
    "net",
)  # under which trainers put the weights


def open_any(path: Path) -> Weights:
    """Open a file of tensors, whatever it is; CheckpointError says what is wrong with it."""
    return _open_pickle(path) if is_pickle(path) else open_weights(read_header(path))


def is_pickle(path: Path) -> bool:
    """Return whether a file is pickled, going by how it begins."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError:
        return False  # the reader of headers says what is wrong
    return start[:4] == ZIP_MAGIC or (start[:1] == PICKLE_MAGIC and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"))


def _open_pickle(path: Path) -> Weights:
    tensors = _tensors(path, _unpickled(path))
    header = replace(header_of(tensors), path=path, nbytes=path.stat().st_size)
    return Weights(header, TensorFile(tensors))


def _unpickled(path: Path) -> Any:
    with path.open("rb") as file:
        is_zip = file.read(4) == ZIP_MAGIC  # the older form cannot be mapped
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except (pickle.UnpicklingError, RuntimeError, ValueError, TypeError, AttributeError, KeyError, EOFError) as error:
        raise CheckpointError(
            f"{path.name}: this pickle file holds more than tensors, or is damaged; only plain tensors are read from "
            "pickle files, which can run any program otherwise. Convert it to safetensors, or get the model as a "
            "safetensors file."
        ) from error


def _named(content: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield str(name), value


def _tensors(path: Path, content: Any) -> Mapping[str, Tensor]:
    """Return the tensors of a dictionary, or of the one inside under a name that trainers use.

    Those of several dictionaries inside (IP-Adapters) have the dictionary's name before their own.
    """
    while isinstance(content, Mapping):
        inner = next((content[name] for name in INNER if isinstance(content.get(name), Mapping)), None)
        if inner is None:
            break
        content = inner
    found = _named(content) if isinstance(content, Mapping) else ()
    tensors = {
        name: tensor.detach() for name, tensor in found if isinstance(tensor, Tensor) and tensor.layout == torch.strided
    }
    if not tensors:
        raise CheckpointError(
            f"{path.name}: no tensors are in this pickle file; found {type(content).__name__}, expected a dictionary of "
            "tensors. It may be another kind of file under this name."
        )
    return tensors
