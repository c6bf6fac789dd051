"""Node packs on the disk: which there are, and what they say of themselves. Nothing of them is imported here.

find_packs(folders.model_roots("custom_nodes"))[0].name  # "example_pack"
read_manifest(pack).version                              # "1.0.0", from its pyproject.toml
read_record(pack)                                        # where it came from; None if it was put there by hand
"""

from __future__ import annotations

from files.packs.errors import PackError
from files.packs.find import Pack, find_packs, find_switched_off
from files.packs.manifest import Manifest, ManifestError, read_manifest
from files.packs.record import Record, read_record

__all__ = [
    "Manifest",
    "ManifestError",
    "Pack",
    "PackError",
    "Record",
    "find_packs",
    "find_switched_off",
    "read_manifest",
    "read_record",
]
