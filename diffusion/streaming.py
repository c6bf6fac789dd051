"""Networks in blocks that come and go: how a network is cut, and the seam to whoever keeps its weights in place.

    cuts = cut(unet)                     # a stage, a layer, or a part of it each
    kept(keeper, "denoise", x.shape, lambda: unet(x, timestep, context))

Without a keeper (use as a library) weights lie where they were loaded, and `kept` only calls the function. A block is a
module that its network calls, so hooks on it see when its weights are needed. Tables of embeddings are no blocks: they
stay where they are, and the rows that are looked up are brought (`look_up_below`). A keeper also makes the tensors of patches
and lets them come and go with the weights that they replace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from diffusion.errors import DiffusionError
from diffusion.overlay import Overlay
from diffusion.packed import PackedTensor
from diffusion.quantize import Resolved, to_stored

T = TypeVar("T")

PARTS = 16  # a block is at most this share of its network, where its modules can be cut so far
SMALL_PARTS = 512  # what is smaller than this share is not worth a move of its own
TABLE_ELEMENTS = 1 << 20  # an embedding from this size on is a table
UNCUT = (nn.MultiheadAttention,)  # reads its parts' weights without calling them


UNUSED = {  # of an autoencoder; of a U-Net whose way down steers it
    "encode": ("decoder.", "post_quant_conv"),
    "decode": ("encoder.", "quant_conv"),
    "control": ("up_blocks.", "conv_norm_out", "conv_out"),
}


class ShortOfMemoryError(DiffusionError, torch.OutOfMemoryError):
    """A device has too little memory even after all else was evicted; the sentence has the numbers."""


class Keeper(Protocol):
    """Keeps the weights of one network, and brings them where they are used."""

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        ...

    @property
    def stored(self) -> torch.dtype:
        """The precision in which it keeps weights."""
        ...

    def run(self, operation: str, shape: Sequence[int], work: Callable[[], T], overlay: Overlay | None) -> T:
        """Call `work` with the weights in place, again after an eviction if the memory was short.

        operation, shape: what is done to how much, by which the memory that it needs is remembered. overlay: patches to
        compute with.
        """
        ...


def kept(
    keeper: Keeper | None, operation: str, shape: Sequence[int], work: Callable[[], T], overlay: Overlay | None = None
) -> T:
    """Call a function that uses a network, patched or not, through its keeper if it has one."""
    patches = overlay if overlay is not None and overlay.patches else None
    if keeper is not None:
        return keeper.run(operation, shape, work, patches)
    if patches is None:
        return work()
    with patches.installed(next(patches.module.parameters()).device):
        return work()


def as_kept(keeper: Keeper | None, tensor: Tensor) -> Tensor:
    """Return a weight of a network in the precision in which it is kept, wherever it lies now: files may have a finer one.

    Packed ones are unpacked.
    """
    if isinstance(tensor, PackedTensor):
        return tensor.unpack()
    return tensor if keeper is None else to_stored(tensor, dtype_on_device(tensor, keeper.stored))


def brought(tensor: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a copy of a weight on a device, as it is kept there."""
    if isinstance(tensor, PackedTensor):
        return tensor.to(device, copy=True)
    chosen = dtype_on_device(tensor, dtype)
    if chosen.itemsize == 1 and tensor.dtype != chosen:
        return to_stored(tensor, chosen).to(device)  # rounded where the file is, so that all devices round alike
    return tensor.to(device, chosen, copy=True)


@dataclass(frozen=True, eq=False)
class Cut:
    """Some weights of a network that move as one.

    path: the module's name in the network, "" for what belongs to no block and lies on the device during each use.
    """

    path: str
    module: nn.Module | None
    tensors: tuple[Tensor, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether the weights belong to no block."""
        return self.module is None

    def is_used_by(self, operation: str) -> bool:
        """Return whether an operation needs the weights: encoding leaves a VAE's decoder alone."""
        return self.is_fixed or not self.path.startswith(UNUSED.get(operation, ("none",)))

    def nbytes(self, dtype: torch.dtype) -> int:
        """Return the bytes that the weights take in a precision; whole numbers and what is packed stay as they are."""
        return sum(bytes_on_device(tensor, dtype) for tensor in self.tensors)


def dtype_on_device(tensor: Tensor, dtype: torch.dtype) -> torch.dtype:
    """Return the precision that a weight has on the device; whole numbers and what is packed stay as they are."""
    is_kept = isinstance(tensor, PackedTensor) or not tensor.dtype.is_floating_point
    return tensor.dtype if is_kept else dtype


def bytes_on_device(tensor: Tensor, dtype: torch.dtype) -> int:
    """Return the bytes that a weight takes on the device."""
    if isinstance(tensor, PackedTensor):
        return tensor.nbytes
    return tensor.numel() * dtype_on_device(tensor, dtype).itemsize


def cut(network: nn.Module) -> tuple[Cut, ...]:
    """Cut a network into blocks: the fixed rest first, then modules in the order in which they are written."""
    cuts = list(_cuts(network))
    in_blocks = {id(tensor) for part in cuts for tensor in part.tensors}
    in_blocks |= {id(tensor) for table in tables(network) for tensor in table.parameters()}
    rest = tuple(tensor for tensor in _tensors(network) if id(tensor) not in in_blocks)
    return (Cut("", None, rest), *cuts) if rest else tuple(cuts)


def tables(network: nn.Module) -> tuple[nn.Embedding, ...]:
    """Return the large embeddings of a network."""
    return tuple(
        module
        for module in network.modules()
        if isinstance(module, nn.Embedding) and module.weight.numel() >= TABLE_ELEMENTS
    )


def look_up_below(table: nn.Embedding, device: torch.device, precision: Resolved) -> None:
    """Let a table stay where its weights are; only the rows that are looked up go to the device, rounded as its weights are."""
    weight = table.weight

    def bring_ids(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (args[0].to(module.weight.device), *args[1:])

    def bring_rows(module: nn.Module, args: tuple[Any, ...], rows: Tensor) -> Tensor:
        is_done = module.weight is not weight or isinstance(weight, PackedTensor)  # in the larger precision already
        kept_rows = rows if is_done else to_stored(rows, precision.stored)
        return kept_rows.to(device, precision.computed)

    table.register_forward_pre_hook(bring_ids)
    table.register_forward_hook(bring_rows)


def _cuts(network: nn.Module) -> Iterator[Cut]:
    whole, large = sum(tensor.numel() for tensor in _tensors(network)), tables(network)
    most, least = whole // PARTS, whole // SMALL_PARTS
    waiting = [("", network)]
    while waiting:
        path, module = waiting.pop()
        size = sum(tensor.numel() for tensor in _tensors(module))
        if size < least or module in large:
            continue
        is_called = not isinstance(module, nn.ModuleList | nn.ModuleDict) and module is not network
        is_whole = size <= most or isinstance(module, UNCUT) or not any(True for _ in module.children())
        if is_called and is_whole:
            yield Cut(path, module, tuple(_tensors(module)))
        else:
            waiting += [
                (f"{path}.{name}".lstrip("."), child) for name, child in reversed(list(module.named_children()))
            ]


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()
