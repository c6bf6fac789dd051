"""What a job's outputs amount to in lists of jobs: how many, how many can be looked at, and the one to show.

    count, preview = summary({"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}})

Kinds and order are those of ComfyUI's jobs API (0.33), whose editors rely on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

VISIBLE = frozenset({"images", "video", "audio", "3d", "text"})
MODELS_3D = frozenset({".obj", ".fbx", ".gltf", ".glb", ".usdz"})
TEXTS = frozenset({".txt", ".md", ".json"})
MOST_TEXT = 1024  # characters of a text that a list shows


class Shown(NamedTuple):
    """One item that a node shows, below a kind such as "images"."""

    node_id: str
    kind: str
    item: dict[str, Any]


def summary(outputs: Mapping[str, Any]) -> tuple[int, dict[str, Any] | None]:
    """Return how many items there are, and the one to show: saved pictures first, then others, files of text, texts."""
    items = list(_items(outputs))
    visible = [shown for shown in items if _is_visible(shown)]
    ranked = sorted(visible, key=_rank)  # stable: the first of the best kind
    if ranked:
        best = ranked[0]
        return len(items), {**best.item, "nodeId": best.node_id, "mediaType": best.item.get("mediaType", best.kind)}
    return len(items), next(_texts(outputs), None)


def count_previewable(outputs: Mapping[str, Any]) -> int:
    """Return how many items can be looked at."""
    return sum(map(_is_visible, _items(outputs)))


def normalized_outputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs with names of 3D files written as files, and without nothings."""
    return {node_id: _normalized(shown) if isinstance(shown, dict) else shown for node_id, shown in outputs.items()}


def _normalized(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {
        kind: [_as_file(item) or item for item in items if item is not None] if _is_listing(kind, items) else items
        for kind, items in shown.items()
    }


def _items(outputs: Mapping[str, Any]) -> Iterator[Shown]:
    for node_id, kind, item in _all(outputs):
        found = _as_file(item)
        if found is not None:
            yield Shown(node_id, kind, found)


def _texts(outputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for node_id, kind, item in _all(outputs):
        if kind == "text" and item is not None and _as_file(item) is None:
            text = str(item[0] if isinstance(item, list) and item else item)
            cut = {"truncated": True} if len(text) > MOST_TEXT else {}
            yield {"content": text[:MOST_TEXT], **cut, "nodeId": node_id, "mediaType": kind}


def _all(outputs: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for node_id, shown in outputs.items():
        for kind, items in shown.items() if isinstance(shown, dict) else ():
            if _is_listing(kind, items):
                yield from ((node_id, kind, item) for item in items)


def _is_listing(kind: str, items: Any) -> bool:
    return kind != "animated" and isinstance(items, list)


def _as_file(item: Any) -> dict[str, Any] | None:
    if isinstance(item, dict):
        return item
    if isinstance(item, str) and _suffix(item) in MODELS_3D:
        return {"filename": item, "type": "output", "subfolder": "", "mediaType": "3d"}
    return None


def _is_visible(shown: Shown) -> bool:
    form = str(shown.item.get("format") or "")
    is_film = form.startswith(("video/", "audio/"))
    return shown.kind in VISIBLE or is_film or _suffix(shown.item.get("filename")) in MODELS_3D | TEXTS


def _rank(shown: Shown) -> int:
    if shown.kind == "text" or _suffix(shown.item.get("filename")) in TEXTS:
        return 2
    return 0 if shown.item.get("type") == "output" else 1


def _suffix(filename: Any) -> str:
    return PurePosixPath(filename).suffix.lower() if isinstance(filename, str) else ""
