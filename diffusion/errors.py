"""The errors of the diffusion library: each is a sentence for people."""

from __future__ import annotations


class DiffusionError(Exception):
    """Anything that the diffusion library refuses. `str(error)` says where, what was found and what to do."""


class CheckpointError(DiffusionError):
    """A model file cannot be read as a model."""


class UnknownNameError(DiffusionError, KeyError):
    """A table has no entry of a name; the sentence offers the nearest."""

    def __str__(self) -> str:
        """Return the sentence (KeyError would put it in quotes)."""
        return str(self.args[0])
