"""The files that a pack has for browsers, and which editor loads them.

scripts_of([("rain", Path("…/web"))])  # [Script("…/web/weft/stars.js", "weft"), Script("…/web/extra.js", "comfyui")]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from runtime.pack_check.report import Script

OURS = "weft"  # the folder, and the editor: what lies directly in it is loaded by our own (docs/editor-extensions.md)
THEIRS = "comfyui"


def scripts_of(folders: Iterable[Path]) -> Iterator[Script]:
    """Yield the scripts that editors load by themselves."""
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.rglob("*.js")):
            words = path.relative_to(folder).parts
            if words[0] != OURS:
                yield Script(str(path), THEIRS)
            elif len(words) == 2:
                yield Script(str(path), OURS)
