"""A client of Weft's server, and of ComfyUI's: submit workflows, follow them, fetch what they make. Standard library only.

from weft_client import Client

client = Client("http://127.0.0.1:8188")
result = client.run("workflow_api.json", {"KSampler.seed": 8})
for image in result.images():
    image.save(image.filename)
"""

from __future__ import annotations

from weft_client.client import Client, QueueState
from weft_client.errors import ClientError, JobFailed, RefusedError, Unreachable
from weft_client.jobs import Job
from weft_client.results import JobEvent, OutputFile, Result

__all__ = [
    "Client",
    "ClientError",
    "Job",
    "JobEvent",
    "JobFailed",
    "OutputFile",
    "QueueState",
    "RefusedError",
    "Result",
    "Unreachable",
]
