"""Tells once, by name, what a pack asked of a model and what has no effect here."""

from __future__ import annotations

import logging
from functools import cache

logger = logging.getLogger(__name__)


@cache
def no_effect(what: str) -> None:
    """Tell it, once in a process."""
    logger.warning("A node pack uses %s, which has no effect in Weft.", what)
