"""Read JSON with care: the text, and the values in it, with errors that name the place.

want_mapping([1], "nodes[2]")  # FormatError: nodes[2] is a list; an object was expected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from graph.errors import FormatError

_JSON_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a text"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "an object"),
)


def parse(text: str | bytes) -> Any:
    """Return the value of a JSON text; FormatError with line and column if it is none."""
    try:
        readable = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        return json.loads(readable)
    except UnicodeDecodeError as error:
        raise FormatError(
            f"This is not a text in UTF-8: byte {error.start} does not belong there; save it as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise FormatError(f"This is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError as error:
        raise FormatError("This JSON cannot be read: it is nested too deeply to be a workflow.") from error
    except ValueError as error:
        raise FormatError(f"This JSON cannot be read: {error}.") from error


def want_mapping(value: Any, place: str) -> Mapping[str, Any]:
    """Return an object of the document; FormatError if it is something else."""
    if isinstance(value, dict):
        return value
    raise unexpected(value, place, "an object")


def want_list(value: Any, place: str) -> Sequence[Any]:
    """Return a list of the document, an empty one for null."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise unexpected(value, place, "a list")


def want_text(value: Any, place: str) -> str:
    """Return a text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise unexpected(value, place, "a text")


def want_id(value: Any, place: str) -> str:
    """Return an id, a whole number or a text, as a text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | str) and not isinstance(value, bool) and value != "":
        return str(value)
    raise unexpected(value, place, "an id (a whole number or a text)")


def want_index(value: Any, place: str) -> int:
    """Return the number of a slot; some documents write it as a text or with a point."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 9:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise unexpected(value, place, "the number of a slot")


def unexpected(value: Any, place: str, wanted: str) -> FormatError:
    """Return the error for a value of the wrong kind."""
    return FormatError(f"{place} is {kind_of(value)}; {wanted} was expected.")


def kind_of(value: Any) -> str:
    """Return the word for a JSON value: `a list`, `missing or null` …"""
    if value is None:
        return "missing or null"
    if value == "":
        return "an empty text"
    return next((name for kind, name in _JSON_NAMES if isinstance(value, kind)), type(value).__name__)
