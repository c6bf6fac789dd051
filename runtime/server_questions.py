"""Questions of node packs to the server: which jobs there are, who is connected. Asked from any thread but the inbox's.

questions = ServerQuestions(link.send)
questions.ask("queue", {})     # waits for the answer
questions.settle(Reply(1, …))  # called by the inbox
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from itertools import count
from typing import Any

from graph.protocol import Inquiry, Reply

ANSWER_S = 10.0  # the server answers at once; a longer silence means that it ends


class ServerQuestionError(RuntimeError):
    """The server does not answer, or says why it cannot."""


class ServerQuestions:
    """What was asked and is not answered yet."""

    def __init__(self, send: Callable[[Inquiry], None], answer_s: float = ANSWER_S) -> None:
        self._send = send
        self._answer_s = answer_s
        self._numbers = count(1)
        self._asked: dict[int, Future[Reply]] = {}
        self._lock = threading.Lock()

    def ask(self, what: str, arguments: Mapping[str, Any]) -> Any:
        """Return the answer."""
        answer: Future[Reply] = Future()
        with self._lock:
            number = next(self._numbers)
            self._asked[number] = answer
        try:
            self._send(Inquiry(number, what, dict(arguments)))
            reply = answer.result(self._answer_s)
        except TimeoutError as error:
            sentence = f'The server did not answer the question "{what}" within {self._answer_s:g} s.'
            raise ServerQuestionError(sentence) from error
        finally:
            with self._lock:
                del self._asked[number]
        if reply.error is not None:
            raise ServerQuestionError(reply.error)
        return json.loads(reply.payload) if reply.payload else None

    def settle(self, reply: Reply) -> None:
        """Give an answer to whoever waits for it."""
        with self._lock:
            answer = self._asked.get(reply.request_id)
        if answer is not None and not answer.done():
            answer.set_result(reply)
