"""Where models lie, as the worker tells it: packs may add kinds and folders there.

folders.change_places(read_places(b'{"checkpoints": [["/models/checkpoints"], [".safetensors"]]}'))
"""

from __future__ import annotations

import msgspec

from files.kinds import Place


def read_places(payload: bytes) -> dict[str, Place]:
    """Return the places in the payload of graph.protocol.ModelPlaces, by kind."""
    found = msgspec.json.decode(payload, type=dict[str, tuple[list[str], list[str]]])
    return {kind: Place(paths, frozenset(suffixes)) for kind, (paths, suffixes) in found.items()}
