"""Signatures: by which keys a family of models is known.

    signature.misfits(header, "model.diffusion_model.")  # () if it matches; else what is wrong, in words

A rule asks for a key, perhaps with a number of dimensions, or forbids all keys that begin with a text; keys are those behind
the prefix under which the network lies in a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diffusion.checkpoints.header import Header
from diffusion.errors import CheckpointError


@dataclass(frozen=True)
class Required:
    """A key that must be there (any of `keys`), with `ndim` dimensions if given."""

    keys: tuple[str, ...]
    ndim: int | None = None

    def misfit(self, header: Header, prefix: str) -> str | None:
        """Return what is wrong, or None."""
        found = next((prefix + key for key in self.keys if prefix + key in header.tensors), None)
        if found is None:
            return f"{prefix}{self.keys[0]} is missing"
        shape = header.tensors[found].shape
        if self.ndim is not None and len(shape) != self.ndim:
            return f"{found} has the shape {shape} instead of {self.ndim} dimensions"
        return None


@dataclass(frozen=True)
class Forbidden:
    """The beginning of keys that belong to another family."""

    prefix: str
    marks: str  # the family that has them

    def misfit(self, header: Header, prefix: str) -> str | None:
        """Return what is wrong, or None."""
        found = next((key for key in header.tensors if key.startswith(prefix + self.prefix)), None)
        return None if found is None else f"{found} marks {self.marks}"


@dataclass(frozen=True)
class Sides:
    """How long one side of a tensor is: one of some lengths, or, without these, none of those that mark others."""

    key: str
    side: int
    lengths: frozenset[int] | None
    others: frozenset[int] = frozenset()

    def misfit(self, header: Header, prefix: str) -> str | None:
        """Return what is wrong, or None."""
        shape = header.shape(prefix + self.key)
        length = None if shape is None or self.side >= len(shape) else shape[self.side]
        is_right = length not in self.others if self.lengths is None else length in self.lengths
        return None if is_right else f"{prefix}{self.key} has the shape {shape}"


@dataclass(frozen=True)
class Relation:
    """What must hold between the sizes of tensors. words: what is wrong if it does not, or if they are not there."""

    holds: Callable[[Header, str], bool]
    words: str

    def misfit(self, header: Header, prefix: str) -> str | None:
        """Return what is wrong, or None."""
        try:
            return None if self.holds(header, prefix) else self.words
        except CheckpointError:
            return self.words


@dataclass(frozen=True)
class Signature:
    """The rules of a family."""

    rules: tuple[Required | Forbidden | Sides | Relation, ...]

    def misfits(self, header: Header, prefix: str = "") -> tuple[str, ...]:
        """Return what does not match below a prefix, in the order of the rules."""
        found = (rule.misfit(header, prefix) for rule in self.rules)
        return tuple(misfit for misfit in found if misfit is not None)

    def score(self, header: Header, prefix: str = "") -> float:
        """Return the share of rules that hold."""
        return 1.0 - len(self.misfits(header, prefix)) / len(self.rules)
