"""Packed weights: tensors that lie in memory in few bits, with their scales, and look like what they unpack to.

    weight = PackedTensor(Scaled(), (bytes_of_float8, scale), (1280, 320), torch.bfloat16)
    weight.shape, weight.dtype, weight.nbytes  # (1280, 320), bfloat16, about 409,600
    unpacked(weight, torch.float32)            # a plain tensor

A packing says how the numbers are written. Layers unpack for the time of a call (diffusion.quantize); what moves weights moves
the packed bytes. Any other operation of PyTorch takes a packed tensor for the plain one that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from diffusion.errors import DiffusionError

Shape = tuple[int, ...]
aten = torch.ops.aten
# Numbers unpacked at once: on a processor as many as its caches hold, elsewhere as many as keep a device busy.
AT_ONCE_ON_CPU, AT_ONCE = 1 << 20, 1 << 24
ROWS = 128  # a multiple of these at once: scales of blocks lie in tiles of so many


class PackedError(DiffusionError):
    """Something is asked of a packed weight that its packing cannot give."""


class Parts(NamedTuple):
    """The tensors that a weight is written in, and how."""

    packing: Packing
    tensors: tuple[Tensor, ...]


class Packing(Protocol):
    """A way to write a matrix in few bits: a value, equal to others of the same way."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def unpack(self, parts: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
        """Return the numbers, rows first, in a precision."""
        ...

    def rows(self, parts: Sequence[Tensor], chosen: slice | Tensor) -> Parts:
        """Return some rows, still packed: a range without steps, or those with the numbers in a vector."""
        ...

    def transposed(self, parts: Sequence[Tensor]) -> Parts:
        """Return the transposed matrix, still packed; PackedError if it cannot be."""
        ...


class PackedTensor(Tensor):
    """A weight in few bits, which says that it has the shape and the precision that it unpacks to."""

    packing: Packing
    parts: tuple[Tensor, ...]

    @staticmethod
    def __new__(
        cls, packing: Packing, parts: Sequence[Tensor], shape: Sequence[int], dtype: torch.dtype
    ) -> PackedTensor:
        """Make the tensor that PyTorch sees, which has no memory of its own."""
        wrapper: PackedTensor = Tensor._make_wrapper_subclass(
            cls, tuple(shape), dtype=dtype, device=parts[0].device, requires_grad=False
        )
        wrapper.packing, wrapper.parts = packing, tuple(parts)
        return wrapper

    def __init__(self, *args: Any) -> None:
        """Nothing is left to do."""

    @property
    def nbytes(self) -> int:  # type: ignore[override]
        """The bytes that it takes, scales included."""
        return sum(part.nbytes for part in self.parts)

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        """Where the parts lie, which `replace_data` changes."""
        return self.parts[0].device

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """As Tensor.to; another precision unpacks."""
        moved: Tensor = Tensor.to(self.detach(), *args, **kwargs)  # a new one knows where it lies
        return moved

    def __repr__(self) -> str:  # type: ignore[override]
        """Say what it is, without its numbers."""
        return f"PackedTensor({self.packing.name}, {tuple(self.shape)}, {self.dtype}, {self.device})"

    def with_dtype(self, dtype: torch.dtype) -> PackedTensor:
        """Return the same weight with another precision to unpack to."""
        return PackedTensor(self.packing, self.parts, self.shape, dtype)

    def with_parts(self, function: Callable[[Tensor], Tensor]) -> PackedTensor:
        """Return the weight with a function of each part."""
        return PackedTensor(self.packing, [function(part) for part in self.parts], self.shape, self.dtype)

    def unpack(self, dtype: torch.dtype | None = None) -> Tensor:
        """Return the plain tensor, in the precision given or its own."""
        chosen = dtype or self.dtype
        rows = _rows_at_once(self)
        if rows >= self.shape[0]:
            return self.packing.unpack(self.parts, chosen).reshape(self.shape)
        whole = torch.empty(self.shape, dtype=chosen, device=self.device)
        for start in range(0, self.shape[0], rows):
            chunk = slice(start, min(start + rows, self.shape[0]))
            packing, parts = self.packing.rows(self.parts, chunk)
            whole[chunk] = packing.unpack(parts, chosen).reshape(whole[chunk].shape)
        return whole

    def __tensor_flatten__(self) -> tuple[list[str], Any]:
        """Let PyTorch move whole modules."""
        return [f"part_{index}" for index in range(len(self.parts))], (self.packing, self.shape, self.dtype)

    def __getattr__(self, name: str) -> Tensor:
        """Find the parts under the names that __tensor_flatten__ gives them."""
        head, _, index = name.partition("_")
        if head == "part" and index.isdecimal() and int(index) < len(self.parts):
            return self.parts[int(index)]
        raise AttributeError(f"PackedTensor has no {name}")

    @staticmethod
    def __tensor_unflatten__(parts: Mapping[str, Tensor], context: Any, size: Any, stride: Any) -> PackedTensor:
        """Put together what __tensor_flatten__ took apart."""
        packing, shape, dtype = context
        return PackedTensor(packing, list(parts.values()), shape, dtype)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        """Keep packed what can stay so; unpack for all other operations."""
        kept = KEPT.get(func)
        result = None if kept is None else kept(*args, **(kwargs or {}))
        if result is not None:
            return result
        if func._schema.is_mutable:
            raise PackedError(f"A packed weight cannot be changed in place ({func}); unpack it first.")
        plain = tree_map_only(PackedTensor, PackedTensor.unpack, (args, kwargs or {}))
        return func(*plain[0], **plain[1])


def _copied(weight: PackedTensor, *, dtype: torch.dtype | None = None, **kwargs: Any) -> Tensor:
    kwargs.pop("memory_format", None)
    if dtype not in (None, weight.dtype):
        return aten._to_copy.default(weight.unpack(dtype), **kwargs)  # type: ignore[no-any-return]
    return weight.with_parts(lambda part: aten._to_copy.default(part, **kwargs))


def _viewed(weight: PackedTensor, size: Sequence[int]) -> Tensor | None:
    has_same_rows = bool(size) and size[0] == weight.shape[0] and -1 not in size
    return PackedTensor(weight.packing, weight.parts, size, weight.dtype) if has_same_rows else None


def _sliced(weight: PackedTensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    if dim % weight.ndim != 0 or step != 1 or not _has_rows(weight):
        return None
    chosen = slice(*slice(start, end).indices(weight.shape[0])[:2])
    packing, parts = weight.packing.rows(weight.parts, chosen)
    return PackedTensor(packing, parts, (chosen.stop - chosen.start, *weight.shape[1:]), weight.dtype)


def _rows_at_once(weight: PackedTensor) -> int:
    """Return how many rows are unpacked at once: what is computed on the way takes several times what comes out."""
    elements = AT_ONCE_ON_CPU if weight.device.type == "cpu" else AT_ONCE
    if not _has_rows(weight) or weight.numel() <= elements:
        return weight.shape[0]
    return max(1, elements // (weight.numel() // weight.shape[0]) // ROWS) * ROWS


def _has_rows(weight: PackedTensor) -> bool:
    """Return whether the weight is written row by row: some are reshaped so that blocks fit."""
    return weight.parts[0].shape[0] == weight.shape[0]


def _transposed(weight: PackedTensor) -> Tensor | None:
    try:
        packing, parts = weight.packing.transposed(weight.parts)
    except PackedError:
        return None
    return PackedTensor(packing, parts, tuple(reversed(weight.shape)), weight.dtype)


def _looked_up(weight: PackedTensor, ids: Tensor, *args: Any) -> Tensor | None:
    if not _has_rows(weight):
        return None
    packing, parts = weight.packing.rows(weight.parts, ids.flatten())
    return packing.unpack(parts, weight.dtype).reshape(*ids.shape, *weight.shape[1:])


KEPT: Mapping[Any, Callable[..., Any]] = {
    aten.detach.default: lambda weight: weight.with_dtype(weight.dtype),
    aten.alias.default: lambda weight: weight.with_dtype(weight.dtype),
    aten.clone.default: lambda weight, **_: weight.with_parts(torch.clone),
    aten._to_copy.default: _copied,
    aten.view.default: _viewed,
    aten.slice.Tensor: _sliced,
    aten.t.default: _transposed,
    aten.embedding.default: _looked_up,
}
"""What is done without unpacking. None from a function: it does need the plain tensor."""


def unpacked(tensor: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return a plain tensor in a precision; a packed weight is unpacked, None leaves the precision as it is."""
    return tensor.unpack(dtype) if isinstance(tensor, PackedTensor) else tensor.to(dtype or tensor.dtype)


def parts_of(tensor: Tensor) -> tuple[Tensor, ...]:
    """Return the plain tensors in which a tensor lies: itself, or the parts of a packed one."""
    return tensor.parts if isinstance(tensor, PackedTensor) else (tensor,)


def on_parts(tensor: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Return a function of a plain tensor, or a packed weight with the function of each part."""
    return tensor.with_parts(function) if isinstance(tensor, PackedTensor) else function(tensor)


def replace_data(target: Tensor, tensor: Tensor) -> None:
    """Let a tensor, perhaps a packed one, lie where another of its kind lies."""
    if isinstance(target, PackedTensor) and isinstance(tensor, PackedTensor):
        target.packing, target.parts = tensor.packing, tensor.parts
    else:
        target.data = tensor


def packed_in(module: torch.nn.Module) -> Iterator[tuple[torch.nn.Module, str, PackedTensor]]:
    """Yield the packed weights of a network with their layers and last names."""
    for layer in module.modules():
        for name, parameter in layer._parameters.items():
            if isinstance(parameter, PackedTensor):
                yield layer, name, parameter
