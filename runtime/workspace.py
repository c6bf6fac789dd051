"""Workspaces: the memory that operations take beside weights, measured once for each shape and remembered in a file.

workspaces = Workspaces(path)
workspaces.estimate(need)         # bytes; a guess until it was measured
workspaces.record(need, nbytes)
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

RAISED = 1.5  # by how much a record grows when the memory turned out to be short
GUESSED_CHANNELS = {"decode": 12_300, "encode": 220, "denoise": 2_100}  # float32 held for each given (SD1.5, 2026-11)
OTHER_CHANNELS = 256
BUCKETS_PER_OCTAVE = 4


class Need(NamedTuple):
    """What an operation's workspace depends on."""

    architecture: str
    operation: str
    dtype: str
    elements: int  # of what is worked on

    @property
    def kind(self) -> str:
        """The words of a record but for the size."""
        return f"{self.architecture} {self.operation} {self.dtype}"

    @property
    def bucket(self) -> int:
        """The size, rounded up to a quarter of an octave."""
        return math.ceil(BUCKETS_PER_OCTAVE * math.log2(max(self.elements, 1)))


@dataclass
class Workspaces:
    """Records by kind and bucket, in bytes. `path` None remembers nothing beyond the process."""

    path: Path | None = None
    _records: dict[str, dict[int, int]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Read what was measured before; a damaged file counts as none."""
        with suppress(OSError, ValueError, AttributeError, TypeError):
            stored = json.loads(self.path.read_text(encoding="utf-8")) if self.path is not None else {}
            self._records = {
                str(kind): {int(bucket): int(nbytes) for bucket, nbytes in sizes.items()}
                for kind, sizes in stored.items()
            }

    def is_known(self, need: Need) -> bool:
        """Return whether the workspace was measured."""
        return need.bucket in self._records.get(need.kind, {})

    def estimate(self, need: Need) -> int:
        """Return the bytes that were measured; else those of the nearest size in proportion; else a guess."""
        known = self._records.get(need.kind, {})
        if need.bucket in known:
            return known[need.bucket]
        if known:
            nearest = min(known, key=lambda bucket: abs(bucket - need.bucket))
            return math.ceil(known[nearest] * 2 ** ((need.bucket - nearest) / BUCKETS_PER_OCTAVE))
        return need.elements * 4 * GUESSED_CHANNELS.get(need.operation, OTHER_CHANNELS)

    def largest(self, need: Need) -> int | None:
        """Return the most that an operation took at any size; None if it was not measured."""
        return max(self._records.get(need.kind, {}).values(), default=None)

    def record(self, need: Need, nbytes: int) -> None:
        """Remember what was measured; the larger number counts."""
        known = self._records.setdefault(need.kind, {})
        if nbytes > known.get(need.bucket, -1):
            known[need.bucket] = nbytes
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
                json.dump(self._records, file, indent=1, sort_keys=True)
            os.replace(name, self.path)


def need_of(architecture: str, operation: str, dtype: torch.dtype, shape: Sequence[int]) -> Need:
    """Return what a workspace is remembered by."""
    return Need(architecture, operation, str(dtype).removeprefix("torch."), math.prod(shape))


class PeakMeter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of tensors that are made while it is on: `peak_bytes` is the most that lived at once.

    What kernels use inside is not seen. It changes no result; it costs some microseconds for each operation.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak_bytes = 0
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
