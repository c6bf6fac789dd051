"""/api/v1/workflows: workflows as documents, without running them."""

from __future__ import annotations

from typing import Any

import msgspec

from graph.errors import FormatError
from graph.formats import read_workflow, to_api
from serving.intake import SPECS_WAIT_S
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.workers import WorkerError


class Document(msgspec.Struct):
    """A workflow: an API document or an editor's."""

    workflow: dict[str, Any]


@route("POST", "/api/v1/workflows/api", summary="Turn a workflow into an API document", tag="workflows", errors=(503,))
async def as_api(site: Site, body: Document) -> dict[str, Any]:
    """Return what POST /prompt takes: subgraphs opened, reroutes and muted nodes resolved. Nothing is checked or queued."""
    try:
        registry = await site.nodes.wait(SPECS_WAIT_S)
        return to_api(read_workflow(body.workflow, registry.find))
    except FormatError as error:
        raise refuse(400, str(error)) from error
    except WorkerError as error:
        raise refuse(503, str(error)) from error
