"""Pages of jobs: which ones of all, and in which order. A search looks into prompts, labels and names of files.

    where, values = conditions_of(Page(label="night", limit=60))
    is_found("red fox", prompt, result, labels)

What is searched are the texts that a job ran with (prompts, names of models and samplers), its labels, and what the files
are called that it made. Every word must be somewhere among them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from serving.jobs import JobState


@dataclass(frozen=True)
class Page:
    """Which jobs of a list, and in which order. `only_begun`: without those that were taken out before they ran."""

    states: tuple[JobState, ...] = tuple(JobState)
    workflow_id: str | None = None
    label: str | None = None
    ids: tuple[str, ...] | None = None
    by_duration: bool = False
    descending: bool = True
    limit: int | None = None
    offset: int = 0
    only_begun: bool = True


def conditions_of(page: Page) -> tuple[str, tuple[Any, ...]]:
    """Return the condition of a page in SQL, and its values."""
    found: list[tuple[str, tuple[Any, ...]]] = [
        (f"state IN ({', '.join('?' * len(page.states))})", tuple(state.value for state in page.states))
    ]
    if page.only_begun:
        found.append(("(started_ms IS NOT NULL OR state = ?)", (JobState.PENDING.value,)))
    if page.workflow_id is not None:
        found.append(("workflow_id = ?", (page.workflow_id,)))
    if page.label is not None:
        found.append(("EXISTS (SELECT 1 FROM json_each(labels) WHERE value = ?)", (page.label,)))
    if page.ids is not None:
        found.append(("id IN (SELECT value FROM json_each(?))", (msgspec.json.encode(page.ids).decode(),)))
    return " AND ".join(condition for condition, _ in found), tuple(v for _, values in found for v in values)


def is_found(text: str, prompt: bytes, result: bytes | None, labels: str) -> bool:
    """Return whether a job has every word of a text, whatever capitals and accents. The others are as the file has them."""
    searched = "\n".join([*_inputs(prompt), *_names(result), *msgspec.json.decode(labels, type=list[str])])
    plain = _plain(searched)
    return all(word in plain for word in _plain(text).split())


def _plain(text: str) -> str:
    """Return a text without capitals and accents."""
    if text.isascii():
        return text.lower()
    return "".join(sign for sign in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(sign))


def _inputs(prompt: bytes) -> Iterator[str]:
    for node in msgspec.json.decode(prompt, type=dict[str, Any]).values():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for value in inputs.values() if isinstance(inputs, dict) else ():
            if isinstance(value, str):
                yield value


def _names(result: bytes | None) -> Iterator[str]:
    """Yield the folders and names of the files that nodes showed."""
    outputs = {} if result is None else msgspec.json.decode(result, type=dict[str, Any]).get("outputs", {})
    for shown in outputs.values():
        for items in shown.values() if isinstance(shown, dict) else ():
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and isinstance(item.get("filename"), str):
                    yield f"{item.get('subfolder') or ''}/{item['filename']}"
