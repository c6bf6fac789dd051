"""What a page points at: files and folders that it names in code marks, and its relative links.

    named_paths("see `graph/keys.py` and `nodes/<name>.py`")  # ["graph/keys.py", "nodes"]

A name counts as a path if it has a slash or a file's ending; of a pattern such as `nodes/<name>.py` the folder counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"[\w.<>-]+(/[\w.<>-]+)*/?")
ENDINGS = {".py", ".md", ".json", ".toml", ".txt", ".safetensors"}


def named_paths(text: str) -> list[str]:
    """Return the paths that a page names in code marks outside its examples, in order."""
    return list(_paths(FENCE.sub("", text)))


def _paths(text: str) -> Iterator[str]:
    for name in CODE.findall(text):
        is_file = "/" in name or Path(name).suffix in ENDINGS
        if is_file and not name.startswith("/") and PATH.fullmatch(name):
            yield name.partition("<")[0].rpartition("/")[0] if "<" in name else name


def relative_links(text: str) -> list[str]:
    """Return the targets of a page's links within the repository, without their anchors."""
    targets = (target.partition("#")[0] for target in LINK.findall(FENCE.sub("", text)))
    return [target for target in targets if target and "://" not in target]
