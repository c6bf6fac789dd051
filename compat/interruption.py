"""How code of node packs hears that a run is to end: by an exception that `except Exception` lets pass, as in ComfyUI."""

from __future__ import annotations


class InterruptProcessingException(BaseException):
    """The run was cancelled on request. Packs raise it and catch it; outside of a node it becomes graph.errors.Cancelled."""
