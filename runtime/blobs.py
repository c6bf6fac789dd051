"""How results become bytes for the disk tier, and come back: safetensors for tensors, JSON for the rest, no pickle.

    codec = ResultCodec()
    data = codec.encode(result)  # None if something in it cannot outlive the process: a model handle, any object
    codec.decode(data) == result  # bit for bit, strides included: kernels may round differently for other strides

To let another type be stored, name it in `STORED_TYPES`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from diffusion.clip_vision import VisionOutput
from diffusion.conditioning import Area, Cond, PercentArea
from diffusion.forward import EmptyNoise, SeedNoise
from diffusion.latents import Latent
from diffusion.sampling import SamplerChoice
from diffusion.unclip import SeenPicture
from graph.results import Result, Values

STORED_TYPES: Mapping[str, type[Any]] = {
    known.__name__: known
    for known in (Latent, Cond, Area, PercentArea, SeedNoise, EmptyNoise, SamplerChoice, VisionOutput, SeenPicture)
}
FORMAT = 1


class _CannotOutliveError(Exception):
    """A value means something in this process only."""


@dataclass
class ResultCodec:
    """Implements graph.store.Codec."""

    def encode(self, result: Result) -> bytes | None:
        """Return a result as bytes; None for one that means something in this process only."""
        writer = _Writer()
        try:
            document = {
                "format": FORMAT,
                "outputs": [[writer.form(list(each.items)), each.is_list] for each in result.outputs],
                "ui": writer.form(dict(result.ui)),
                "returned": None
                if result.returned is None
                else [result.returned.__module__, result.returned.__qualname__],
            }
            data: bytes = save(writer.tensors, {"result": json.dumps(document)})
            return data
        except (_CannotOutliveError, SafetensorError, ValueError, KeyError, RecursionError):
            return None  # a dtype that safetensors does not know is a KeyError or an error of its own

    def decode(self, data: bytes) -> Result:
        """Return the result of bytes; ValueError if they are none."""
        try:
            document = json.loads(_metadata(data)["result"])
            tensors = load(data)
            if document["format"] != FORMAT:
                raise ValueError(f"it has format {document['format']}, this is {FORMAT}")
            outputs = [Values(tuple(_value(form, tensors)), is_list) for form, is_list in document["outputs"]]
            return Result(tuple(outputs), _value(document["ui"], tensors), _returned(document["returned"]))
        except (SafetensorError, KeyError, IndexError, TypeError, AttributeError, RuntimeError) as error:
            raise ValueError(f"it cannot be read ({type(error).__name__}: {error})") from error


@dataclass
class _Writer:
    """Makes JSON forms of values and puts their tensors aside."""

    tensors: dict[str, torch.Tensor] = field(default_factory=dict)

    def form(self, value: Any) -> Any:
        """Return the form of a value: plain ones as they are, anything else as a list that begins with its kind."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if type(value) is torch.Tensor:
            return self._tensor(value)
        if type(value) in (list, tuple):
            return [type(value).__name__, [self.form(part) for part in value]]
        if type(value) is dict and all(type(name) is str for name in value):
            return ["dict", {name: self.form(part) for name, part in value.items()}]
        if STORED_TYPES.get(type(value).__name__) is type(value):
            return ["type", type(value).__name__, [self.form(part) for part in _parts(value)]]
        raise _CannotOutliveError(type(value).__name__)

    def _tensor(self, tensor: torch.Tensor) -> Any:
        if tensor.device.type != "cpu" or tensor.layout != torch.strided or tensor.is_quantized:
            raise _CannotOutliveError("a tensor that is not plain memory")
        strides = tensor.stride()
        order = sorted(range(tensor.ndim), key=lambda axis: (-strides[axis], axis))
        plain = tensor.detach().permute(order)
        if not plain.is_contiguous() or plain.is_conj() or plain.is_neg():
            order, plain = list(range(tensor.ndim)), tensor.detach().resolve_conj().resolve_neg()
        name = str(len(self.tensors))
        self.tensors[name] = plain.contiguous().clone()  # safetensors refuses tensors that share memory
        return ["tensor", name, order]


def _parts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [getattr(value, part.name) for part in fields(value)]


def _value(form: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    if not isinstance(form, list):
        return form
    kind, content = form[0], form[1]
    if kind == "tensor":
        order = form[2]
        return tensors[content].permute([order.index(axis) for axis in range(len(order))])
    if kind == "dict":
        return {name: _value(part, tensors) for name, part in content.items()}
    if kind == "type":
        return STORED_TYPES[content](*[_value(part, tensors) for part in form[2]])
    parts = [_value(part, tensors) for part in content]
    return tuple(parts) if kind == "tuple" else parts


def _returned(name: list[str] | None) -> type[Any] | None:
    """Return a NamedTuple class of a module that is loaded; a blob has nothing imported."""
    if name is None:
        return None
    found: Any = sys.modules[name[0]]
    for part in name[1].split("."):
        found = getattr(found, part)
    if not (isinstance(found, type) and issubclass(found, tuple) and hasattr(found, "_fields")):
        raise TypeError(f"{name[1]} is no NamedTuple")
    return found


def _metadata(data: bytes) -> dict[str, str]:
    """Return the texts in a safetensors file's header: its length in 8 bytes, then JSON."""
    end = 8 + int.from_bytes(data[:8], "little")
    metadata: dict[str, str] = json.loads(data[8:end])["__metadata__"]
    return metadata
