"""Node types whose descriptions may change while nothing is loaded anew: they list files, mostly.

fresh_types(studio, Ask(1, "fresh_types", {"known": digest}))  # {"digest": "5f0c…", "types": None}: as known
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from graph.protocol import Ask
from graph.registry import Registry
from runtime.engine import Studio


def fresh_types(studio: Studio, ask: Ask) -> dict[str, Any]:
    """Return how these types describe themselves now, unless that is what the digest `known` stands for."""
    written = json.dumps(descriptions(studio.registry), default=str, skipkeys=True)
    digest = hashlib.blake2b(written.encode(), digest_size=16).hexdigest()
    return {"digest": digest, "types": None if digest == ask.arguments.get("known") else json.loads(written)}


def descriptions(registry: Registry) -> dict[str, Any]:
    """Return what the types say of themselves now, by name."""
    changing = ((spec.name, spec.describer) for spec in registry if spec.is_described_anew)
    return {name: describer() for name, describer in changing if describer is not None}
