"""The errors of the diffusion library: each is a sentence for people."""

from __future__ import annotations


class DiffusionError(Exception):
    """Anything that the diffusion library refuses. `str(error)` says where, what was found and what to do."""


class CheckpointError(DiffusionError):
    """A model file cannot be read as a model."""
