"""Workspaces: the memory that operations take beside weights, measured once for each size and remembered in a file.

workspaces = Workspaces(path)
workspaces.estimate(need)         # bytes; from other sizes, or a guess, until it was measured
workspaces.record(need, nbytes)
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import weakref
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

RAISED = 1.5  # by how much a record grows when the memory turned out to be short
GUESSED_CHANNELS = {
    "decode": 12_300,
    "encode": 220,
    "denoise": 2_100,
    "encode text": 2 * 10**6,
    "upscale": 790,
    "control": 1_920,
}  # float32 (SD1.5, ESRGAN, 2026-11)
OTHER_CHANNELS = 256
UNSEEN = 1.25  # over the tensors that are counted: for what the kernels of graphics cards use inside
SPREAD = 1.1  # for what was measured at other sizes: kernels choose other ways at some
LEAST_GROWTH, MOST_GROWTH = (
    1.0,
    2.0,
)  # of bytes with elements, as exponents: convolutions, attention without a fused kernel
FORMAT = "bytes by kind and elements"  # the key under which records lie in the file


class Need(NamedTuple):
    """What an operation's workspace depends on."""

    architecture: str
    operation: str
    precision: str
    elements: int  # of what is worked on

    @property
    def kind(self) -> str:
        """The words of a record but for the size."""
        return f"{self.architecture} {self.operation} {self.precision}"


@dataclass
class Workspaces:
    """Records by kind and elements, in bytes. `path` None remembers nothing beyond the process."""

    path: Path | None = None
    _records: dict[str, dict[int, int]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Read what was measured before; a damaged file counts as none."""
        if self.path is None:
            return
        with suppress(OSError, ValueError, AttributeError, TypeError, KeyError):
            stored = json.loads(self.path.read_text(encoding="utf-8"))[FORMAT]
            self._records = {
                str(kind): {int(elements): int(nbytes) for elements, nbytes in sizes.items()}
                for kind, sizes in stored.items()
            }

    def is_known(self, need: Need) -> bool:
        """Return whether the workspace was measured."""
        return need.elements in self._records.get(need.kind, {})

    def estimate(self, need: Need) -> int:
        """Return the bytes that were measured; else somewhat more than other sizes let expect; else a guess."""
        known = self._records.get(need.kind, {})
        if need.elements in known:
            return known[need.elements]
        if known:
            return math.ceil(_expected(known, need.elements) * SPREAD)
        return need.elements * 4 * GUESSED_CHANNELS.get(need.operation, OTHER_CHANNELS)

    def largest(self, need: Need) -> int | None:
        """Return the most that an operation took at any size; None if it was not measured."""
        return max(self._records.get(need.kind, {}).values(), default=None)

    def record(self, need: Need, nbytes: int) -> None:
        """Remember what was measured; the larger number counts."""
        known = self._records.setdefault(need.kind, {})
        if nbytes > known.get(need.elements, -1):
            known[need.elements] = nbytes
            self._write()

    def raise_record(self, need: Need) -> None:
        """Remember that the memory was short although as much as estimated was left free."""
        self.record(need, math.ceil(self.estimate(need) * RAISED))

    def _write(self) -> None:
        """Replace the file as a whole. Two processes may lose each other's newest record, which is measured again."""
        if self.path is None:
            return
        with suppress(OSError):  # a full or read-only disk: measured again next time
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({FORMAT: self._records}, file, indent=1, sort_keys=True)
            os.replace(name, self.path)


def need_of(architecture: str, operation: str, precision: str, shape: Sequence[int]) -> Need:
    """Return what a workspace is remembered by."""
    return Need(architecture, operation, precision, math.prod(shape))


def _expected(known: Mapping[int, int], elements: int) -> float:
    """Return the bytes for a size between, below or above those that were measured.

    Between two sizes bytes grow evenly; below all of them they are as many as for the smallest; above they grow as they
    last did, or in proportion.
    """
    sizes = sorted(known)
    if elements <= sizes[0]:
        return known[sizes[0]]
    if elements >= sizes[-1]:
        return known[sizes[-1]] * math.pow(elements / sizes[-1], _growth(known, sizes[-2:]))
    place = bisect_left(sizes, elements)
    below, above = sizes[place - 1], sizes[place]
    share = (elements - below) / (above - below)
    return known[below] + share * (known[above] - known[below])


def _growth(known: Mapping[int, int], sizes: Sequence[int]) -> float:
    """Return the exponent by which bytes grew from one size to the next."""
    low, high = sizes[0], sizes[-1]
    if low == high or not known[low] or not known[high]:
        return LEAST_GROWTH
    exponent = math.log(known[high] / known[low]) / math.log(high / low)
    return min(max(exponent, LEAST_GROWTH), MOST_GROWTH)


class PeakMeter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of tensors that are made while it is on: `peak_bytes` is the most that lived at once.

    What kernels use inside is not seen. It changes no result; it costs some microseconds for each operation.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak_bytes: int = 0
        self.is_paused = False
        self._live_bytes = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Carry an operation out and count what it made."""
        result = func(*args, **(kwargs or {}))
        if not self.is_paused:
            given = {leaf.untyped_storage()._cdata for leaf in tree_leaves((args, kwargs)) if _is_dense(leaf)}
            for leaf in tree_leaves(result):
                if _is_dense(leaf) and leaf.untyped_storage()._cdata not in given:
                    self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, nbytes = storage._cdata, storage.nbytes()
        if key in self._known:
            return

        def forget(reference: weakref.ref[Any]) -> None:
            if self._known.get(key) is reference:
                del self._known[key]
                self._live_bytes -= nbytes

        self._known[key] = weakref.ref(storage, forget)
        self._live_bytes += nbytes
        self.peak_bytes = max(self.peak_bytes, self._live_bytes)


def _is_dense(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.layout == torch.strided and value.device.type != "meta"
