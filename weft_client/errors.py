"""Errors of the client: each text is a sentence, the server's own where it sent one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """What the client raises."""


class Unreachable(ClientError):
    """No server answers, or it stopped in the middle of an answer."""


class RefusedError(ClientError):
    """The server refused. status: of HTTP; node_errors: what is wrong by node, if a workflow was refused."""

    def __init__(self, status: int, sentence: str, node_errors: Mapping[str, Any]) -> None:
        super().__init__(sentence)
        self.status = status
        self.node_errors = node_errors


class JobFailed(ClientError):
    """A job did not end well. state: `failed` or `cancelled`; error: what the server tells of it."""

    def __init__(self, job_id: str, state: str, error: Mapping[str, Any]) -> None:
        super().__init__(_failure(job_id, state, error))
        self.job_id = job_id
        self.state = state
        self.error = error


def refusal(status: int, reason: str, body: bytes) -> RefusedError:
    """Return the error of an answer: all sentences in it, or the status if it has none."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "error" not in document:
        return RefusedError(status, f"The server answered {status} {reason}.", {})
    node_errors = _object(document.get("node_errors"))
    lines = dict.fromkeys(filter(None, [*_sentences(document["error"]), *_node_sentences(node_errors)]))
    return RefusedError(status, "\n".join(lines) or f"The server answered {status} {reason}.", node_errors)


def _sentences(error: Any) -> list[str]:
    """Return the lines of an error: a sentence, or ComfyUI's object with a message and details."""
    about = _object(error)
    details = str(about.get("details") or about.get("message") or about.get("type") or "")
    return (details if isinstance(error, dict) else str(error)).splitlines()


def _node_sentences(node_errors: Any) -> list[str]:
    """Return a line for each problem of each node: the server's sentence, or one made of ComfyUI's message."""
    found = []
    for node_id, about in _object(node_errors).items():
        errors = _object(about).get("errors")
        for error in map(_object, errors if isinstance(errors, list) else ()):
            told = f"{error.get('message', 'Something is wrong')}: {error.get('details', '')}"
            sentence = _object(error.get("extra_info")).get("sentence")
            found.append(str(sentence or f"{about.get('class_type', 'Node')} #{node_id}: {told}"))
    return found


def _object(value: Any) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else: what servers send is not always what is expected."""
    return value if isinstance(value, dict) else {}


def _failure(job_id: str, state: str, error: Mapping[str, Any]) -> str:
    if state == "cancelled":
        return f"Job {job_id} was cancelled."
    message = str(error.get("exception_message") or "the server does not say why").strip()
    node = f"{error['node_type']} #{error['node_id']}: " if error.get("node_type") and error.get("node_id") else ""
    known = message if message.startswith(node.rstrip(": ")) else f"{node}{message}"
    return f"Job {job_id} failed. {known}"
