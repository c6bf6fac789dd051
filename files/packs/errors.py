"""What is refused about packs on the disk."""

from __future__ import annotations

from graph.errors import GraphError


class PackError(GraphError):
    """A pack cannot be fetched, read or put in its place; the sentence says why and what to do."""
