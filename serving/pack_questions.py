"""What node packs may ask the server by their PromptServer: a table of names and functions.

    questions = PackQuestions(site)
    questions.hear(Inquiry(1, "remaining"))  # the worker gets Reply(1, payload=b"2")

Answers are those of ComfyUI's routes, where it has one for the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from graph.protocol import Inquiry, Reply
from serving.desk import Submission
from serving.intake import Asked, Refused, take_in
from serving.routes.prompt import FreeBody, free
from serving.routes.queue import (
    HistoryQuery,
    QueueBody,
    get_history,
    get_history_of,
    get_queue,
    post_history,
    post_queue,
)
from serving.site import Site

logger = logging.getLogger(__name__)
Arguments = Mapping[str, Any]


class PackQuestions:
    """Answers one question after the other as it comes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._answers: set[asyncio.Task[None]] = set()

    def hear(self, message: object) -> None:
        """Take what the worker says."""
        if isinstance(message, Inquiry):
            answer = asyncio.get_running_loop().create_task(self._answer(message))
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)

    async def close(self) -> None:
        """Answer nothing any more."""
        for answer in self._answers:
            answer.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)

    async def _answer(self, inquiry: Inquiry) -> None:
        self._site.worker.send(await answer(self._site, inquiry))


async def answer(site: Site, inquiry: Inquiry) -> Reply:
    """Return the answer to a question; it has a sentence in place of a value if there is none."""
    question = QUESTIONS.get(inquiry.what)
    if question is None:
        return Reply(inquiry.request_id, f'The server knows no question "{inquiry.what}".')
    try:
        return Reply(inquiry.request_id, payload=msgspec.json.encode(await question(site, inquiry.arguments)))
    except Refused as refused:
        return Reply(inquiry.request_id, _sentence(refused))
    except (web.HTTPException, msgspec.ValidationError, KeyError, TypeError, ValueError) as error:
        return Reply(inquiry.request_id, f'The question "{inquiry.what}" cannot be answered: {error}.')
    except Exception:
        logger.exception("A question of a node pack's could not be answered: %s", inquiry.what)
        return Reply(inquiry.request_id, "The server failed where it should not; its log tells more.")


async def _queue(site: Site, arguments: Arguments) -> Any:
    return await get_queue(site)


async def _remaining(site: Site, arguments: Arguments) -> int:
    return len(site.desk.queue)


async def _number(site: Site, arguments: Arguments) -> int:
    return site.desk.next_order


async def _history(site: Site, arguments: Arguments) -> Any:
    if arguments["prompt_id"] is not None:
        return await get_history_of(site, arguments["prompt_id"])
    return await get_history(site, HistoryQuery(arguments["max_items"], arguments["offset"]))


async def _clients(site: Site, arguments: Arguments) -> Any:
    return {client_id: site.hub.features_of(client_id) for client_id in site.hub.audience(None)}


async def _take_out(site: Site, arguments: Arguments) -> None:
    await post_queue(site, msgspec.convert(dict(arguments), QueueBody))


async def _forget(site: Site, arguments: Arguments) -> None:
    await post_history(site, msgspec.convert(dict(arguments), QueueBody))


async def _free(site: Site, arguments: Arguments) -> None:
    await free(site, msgspec.convert(dict(arguments), FreeBody))


async def _interrupt(site: Site, arguments: Arguments) -> bool:
    running = site.desk.queue.running
    is_it = running is not None and running.id == arguments["prompt_id"]
    if is_it:
        site.desk.cancel([arguments["prompt_id"]])
    return is_it


async def _submit(site: Site, arguments: Arguments) -> str:
    """Queue a prompt that a pack puts there, for the outputs that it names."""
    extra, number = dict(arguments["extra_data"]), arguments["number"]
    client_id = extra.get("client_id")
    job = Submission(
        b"",
        (),
        extra,
        job_id=arguments["prompt_id"],
        number=None if number is None else float(number),
        client_id=client_id if isinstance(client_id, str) else None,
    )
    taken = await take_in(site, Asked(msgspec.json.encode(arguments["prompt"]), arguments["outputs"] or None, job))
    return taken.job.id


def _sentence(refused: Refused) -> str:
    error = refused.body["error"]
    problems = [
        f"{node.get('class_type')} #{node_id}: {each['message']} ({each['details']})"
        for node_id, node in refused.body.get("node_errors", {}).items()
        for each in node.get("errors", ())
    ]
    return " ".join([f"The prompt is not queued: {error['message']}", error.get("details") or "", *problems]).strip()


QUESTIONS: Mapping[str, Callable[[Site, Arguments], Awaitable[Any]]] = {
    "queue": _queue,
    "remaining": _remaining,
    "number": _number,
    "history": _history,
    "clients": _clients,
    "take_out": _take_out,
    "forget": _forget,
    "free": _free,
    "interrupt": _interrupt,
    "submit": _submit,
}
