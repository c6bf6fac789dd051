"""Node packs on the disk: which there are, and what they say of themselves. Nothing of them is imported here.

find_packs(folders.model_roots("custom_nodes"))[0].name  # "example_pack"
read_manifest(pack).version                              # "1.0.0", from its pyproject.toml
"""

from __future__ import annotations

from files.packs.find import Pack, find_packs, find_switched_off
from files.packs.manifest import Manifest, ManifestError, read_manifest

__all__ = ["Manifest", "ManifestError", "Pack", "find_packs", "find_switched_off", "read_manifest"]
