"""StartError: why a server cannot start, as a sentence."""

from __future__ import annotations

from graph.errors import GraphError


class StartError(GraphError):
    """The server cannot start as it was asked to; the sentence says why and what to do."""
