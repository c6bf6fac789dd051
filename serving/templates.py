"""Template workflows: the files of `workflows/` with their pictures, listed as ComfyUI's editor wants them.

    describe_templates(folder)  # [{"title": "Weft", "templates": [{"name": "text_to_image", "title": "Text to image", …}]}]

A template's title and description are the heading and the first sentence of its first Markdown note. Its picture is the
file NAME-1.webp beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

logger = logging.getLogger(__name__)
OWN_TEMPLATES = Path(__file__).resolve().parent.parent / "workflows"
PICTURE = "webp"
NOTE = "MarkdownNote"


def describe_templates(folder: Path = OWN_TEMPLATES) -> list[dict[str, Any]]:
    """Return one category with all templates; none if the folder has no workflow."""
    templates = [_describe(path) for path in sorted(folder.glob("*.json"))]
    return [{"moduleName": "default", "title": "Weft", "type": "image", "templates": templates}] if templates else []


def _describe(path: Path) -> dict[str, Any]:
    title, description = _texts(path)
    return {
        "name": path.stem,
        "title": title or path.stem.replace("_", " ").capitalize(),
        "description": description,
        "mediaType": "image",
        "mediaSubtype": PICTURE,
        "openSource": True,
    }


def _texts(path: Path) -> tuple[str, str]:
    """Return the heading of a workflow's first note and the sentence after it."""
    try:
        document = msgspec.json.decode(path.read_bytes())
        text = next(_notes(document), "")
    except (OSError, msgspec.DecodeError, AttributeError, TypeError) as error:
        logger.warning("%s cannot be read: %s.", path, error)
        return "", ""
    heading, _, rest = text.partition("\n")
    if not heading.startswith("#"):
        return "", _first_sentence(text)
    return heading.lstrip("# ").strip(), _first_sentence(rest)


def _notes(document: Any) -> Iterator[str]:
    for node in document.get("nodes", ()):
        values = node.get("widgets_values")
        if node.get("type") == NOTE and isinstance(values, list) and values and isinstance(values[0], str):
            yield values[0]


def _first_sentence(text: str) -> str:
    plain = " ".join(text.replace("**", "").replace("`", "").split())
    end = plain.find(". ")
    return plain if end < 0 else plain[: end + 1]
