"""Weights kept in fewer bits than they are computed in: packed in memory, unpacked layer by layer when used.

    pack(module, Precision(stored=torch.float8_e4m3fn, computed=torch.float16))
    module(x)  # as if all weights had been unpacked before

Weights that are packed in their file (diffusion.packed) stay so, whatever precision is chosen for the others.

A layer's weights exist in the larger precision only while the layer is called, so memory holds the packed ones and those of
one layer. Rounding is to the nearest; what is too large becomes the largest number (Micikevicius et al. 2022 for the formats).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.packed import PackedTensor, packed_in, unpacked


class Precision(NamedTuple):
    """How the weights of a network are kept, and in what it computes.

    stored: None keeps them as the file has them; what is packed there stays so anyhow. computed: None computes in `stored`,
    or where all is packed in the precision of 16 bits that suits the file.
    """

    stored: torch.dtype | None = None
    computed: torch.dtype | None = None

    @property
    def is_packed(self) -> bool:
        """Whether weights are kept in another precision than they are computed in."""
        return self.computed is not None and self.stored is not None and self.computed != self.stored

    def resolved(self, file: torch.dtype) -> Resolved:
        """Return both precisions of a network whose file has another one."""
        stored = self.stored or file
        return Resolved(stored, self.computed or stored)


class Resolved(NamedTuple):
    """How the weights of a network are kept, and in what it computes, both known."""

    stored: torch.dtype
    computed: torch.dtype

    @property
    def is_packed(self) -> bool:
        """Whether weights are kept in another precision than they are computed in."""
        return self.computed != self.stored


class Precisions(NamedTuple):
    """The precisions of the networks of a checkpoint."""

    unet: Precision = Precision()
    text: Precision = Precision()
    vae: Precision = Precision()

    @classmethod
    def all(cls, dtype: torch.dtype | None) -> Precisions:
        """Return one precision for all, None for that of the file."""
        return cls(Precision(dtype), Precision(dtype), Precision(dtype))


def to_stored(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Round to a precision; 8 bits have no infinity to flee to, so what is too large becomes the largest number."""
    if dtype.itemsize > 1:
        return unpacked(tensor, dtype)
    limit = torch.finfo(dtype).max
    return unpacked(tensor, torch.float32).clamp(-limit, limit).to(dtype)


def pack(module: nn.Module, precision: Precision) -> nn.Module:
    """Round a network's weights to `stored`, and let each layer compute in `computed`; the same module comes back."""
    if precision.stored is not None:
        for parameter in module.parameters():
            if parameter.is_floating_point():
                parameter.data = to_stored(parameter.data, precision.stored)
    if precision.is_packed and precision.computed is not None:
        unpack_when_used(module, precision.computed)
    return module


def unpack_where_packed(module: nn.Module, precision: Resolved) -> None:
    """Put hooks on a network whose weights are kept in another precision than it computes in, or packed as in its file."""
    if precision.is_packed or any(True for _ in packed_in(module)):
        unpack_when_used(module, precision.computed)


def unpack_when_used(module: nn.Module, dtype: torch.dtype) -> None:
    """Put hooks on all layers that have weights of their own, which unpack these for the time of a call."""
    for layer, name, weight in packed_in(module):
        layer._parameters[name] = nn.Parameter(weight.with_dtype(dtype), requires_grad=False)
    for layer in module.modules():
        if isinstance(layer, nn.Embedding):
            layer.register_forward_hook(_RowsUnpacked(dtype))
        elif layer._parameters:
            unpacking = _Unpacking(dtype)
            layer.register_forward_pre_hook(unpacking.before)
            layer.register_forward_hook(unpacking.after, always_call=True)


@contextmanager
def computing_in(module: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """Let all layers that have weights compute in another precision for a while."""
    handles = []
    for layer in module.modules():
        if layer._parameters:
            unpacking = _Unpacking(dtype)
            handles.append(layer.register_forward_pre_hook(unpacking.before))
            handles.append(layer.register_forward_hook(unpacking.after, prepend=True, always_call=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Unpacking:
    """Puts unpacked weights into a layer before it is called, and the packed ones back after it."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._packed: dict[str, nn.Parameter] = {}

    def before(self, layer: nn.Module, args: Any) -> None:
        for name, parameter in layer._parameters.items():
            if parameter is not None and self._is_other(parameter):
                self._packed[name] = parameter
                layer._parameters[name] = nn.Parameter(unpacked(parameter.detach(), self._dtype), requires_grad=False)

    def _is_other(self, parameter: Tensor) -> bool:
        is_plain = parameter.dtype == self._dtype and not isinstance(parameter, PackedTensor)
        return parameter.is_floating_point() and not is_plain

    def after(self, layer: nn.Module, args: Any, output: Any) -> None:
        while self._packed:
            name, parameter = self._packed.popitem()
            layer._parameters[name] = parameter


class _RowsUnpacked:
    """Unpacks the rows that were looked up in a table, not the table."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype

    def __call__(self, layer: nn.Module, args: Any, rows: Tensor) -> Tensor:
        return rows.to(self._dtype)
