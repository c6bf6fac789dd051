"""The pack that docs/editor-extensions.md shows, written to a folder.

write_example_pack(base / "custom_nodes" / "rating")
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.examples import ROOT

PAGE = ROOT / "docs" / "editor-extensions.md"
BLOCK = re.compile(r"^```\w+\n(?:#|//) (\S+\.\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def example_files() -> dict[str, str]:
    """Return the files of the page by their names in the pack: a first line `# NAME` or `// NAME` names them."""
    return dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def write_example_pack(folder: Path) -> Path:
    """Write the pack into a folder and return it."""
    for name, text in example_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
