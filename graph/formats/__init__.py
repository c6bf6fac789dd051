"""Workflow documents: the API format, which runs as it stands.

workflow = from_api(parse(text))
document = to_api(workflow)
"""

from __future__ import annotations

from graph.formats.api import from_api, to_api
from graph.formats.document import parse

__all__ = ["from_api", "parse", "to_api"]
