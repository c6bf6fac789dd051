"""What is different between two documents of node types, for editors that are open.

changes_between(before, after)  # {"added": ["Rain"], "changed": [], "removed": ["Snow"]}
"""

from __future__ import annotations

from typing import Any

import msgspec

EVENT = "node_types_changed"


def changes_between(before: bytes, after: bytes) -> dict[str, list[str]]:
    """Return the names of node types that came, changed or went, each list sorted."""
    old, new = _by_name(before), _by_name(after)
    return {
        "added": sorted(new.keys() - old.keys()),
        "changed": sorted(name for name in new.keys() & old.keys() if old[name] != new[name]),
        "removed": sorted(old.keys() - new.keys()),
    }


def _by_name(payload: bytes) -> dict[str, Any]:
    return {node["name"]: node for node in msgspec.json.decode(payload)["nodes"]}
