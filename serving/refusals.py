"""Refusals: errors that handlers raise, answered as JSON whose `error` is a sentence."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

JSON = "application/json"


def refuse(status: int, sentence: str, **details: Any) -> web.HTTPException:
    """Return an error to raise: a JSON body whose `error` is a sentence."""
    body = msgspec.json.encode({"error": sentence, **details}).decode()
    error = web.HTTPException(text=body, content_type=JSON)
    error.set_status(status)
    return error
