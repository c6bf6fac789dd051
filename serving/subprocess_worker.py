"""SubprocessWorker: a worker process of this machine, started again whenever it dies.

    worker = SubprocessWorker([sys.executable, "main.py", "worker"], log)
    await worker.start(listener)  # listener hears Specs, Ready and so on, and Died
    await worker.ask("stats")
    await worker.stop()

A worker that dies is started again at once. One that dies before it has done anything is started ever more slowly.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from graph.protocol import Answer, Ask, JobEnded, Message, Ready, Reply, ToWorker
from serving.worker_log import WorkerLog
from serving.worker_process import WorkerProcess, start_process
from serving.workers import Died, Listener, WorkerError, WorkerState

logger = logging.getLogger(__name__)

ANSWER_S = 30.0  # a longer silence means that a node holds the interpreter
PAUSES_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # before the first, second … start after a death without work in between
STEADY_S = 60.0  # one that was ready for so long has worked, if it had no jobs either
SHOWN_LINES = 8  # of what the worker wrote last, in the reason of its death


class SubprocessWorker:
    """Implements serving.workers.Worker. `echo` gets each line that the worker writes; `reason` says why it died last.

    more_words: what is added to the command, asked at each start.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: WorkerLog,
        *,
        echo: Callable[[str], None] = lambda line: None,
        more_words: Callable[[], Sequence[str]] = lambda: (),
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self.reason = ""
        self._command = command
        self._log = log
        self._echo = echo
        self._more_words = more_words
        self._pauses_s = pauses_s
        self._state = WorkerState.STOPPED
        self._listener: Listener = lambda message: None
        self._process: WorkerProcess | None = None
        self._starting: asyncio.Task[None] | None = None
        self._deaths = 0  # since the last one that had worked
        self._ready_at_s: float | None = None
        self._last_lines: list[str] = []
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}

    @property
    def state(self) -> WorkerState:
        """Where it stands."""
        return self._state

    @property
    def pid(self) -> int | None:
        """The number of the process that runs now."""
        return None if self._process is None else self._process.pid

    async def start(self, listener: Listener) -> None:
        """Begin to start the process and return at once."""
        self._listener = listener
        self._state = WorkerState.STARTING
        self._starting = asyncio.create_task(self._start_after(0.0))

    def send(self, message: ToWorker) -> None:
        """Send a message; it is lost if the worker is not ready, but for a reply: packs ask while they are imported too."""
        if self._process is not None and (self._state is WorkerState.READY or isinstance(message, Reply)):
            self._process.send(message)

    async def ask(self, what: str, arguments: dict[str, Any] | None = None, payload: bytes = b"") -> Any:
        """Return the answer to a question; WorkerError with a sentence if there is none."""
        if self._state is not WorkerState.READY:
            raise WorkerError(f"The worker is {self._state.value}; it answers when it is ready.{_after(self.reason)}")
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self.send(Ask(number, what, arguments or {}, payload))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError as error:
            sentence = f'The worker did not answer the question "{what}" within {ANSWER_S:g} s; a node keeps it busy.'
            raise WorkerError(sentence) from error
        finally:
            del self._asked[number]

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        self._state = WorkerState.STOPPED
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._process is not None:
            await self._process.stop()
        self._refuse("The server stops.")

    async def _start_after(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        self._last_lines = []
        try:
            self._process = await start_process(
                [*self._command, *self._more_words()],
                on_message=self._hear,
                on_line=self._hear_line,
                on_end=self._hear_end,
            )
        except OSError as error:
            self._hear_end(f"The worker could not be started: {error}.")

    def _hear(self, message: Message) -> None:
        match message:
            case Answer():
                self._settle(message)
                return
            case Ready():
                self._state, self._ready_at_s = WorkerState.READY, asyncio.get_running_loop().time()
            case JobEnded():
                self._deaths = 0
        self._listener(message)  # type: ignore[arg-type]

    def _settle(self, answer: Answer) -> None:
        asked = self._asked.get(answer.request_id)
        if asked is None or asked.done():
            return
        if answer.error is None:
            asked.set_result(answer.value)
        else:
            asked.set_exception(WorkerError(answer.error))

    def _hear_line(self, line: str) -> None:
        self._last_lines = [*self._last_lines, line][-SHOWN_LINES:]
        self._log.append(line)
        with suppress(OSError, ValueError):  # nobody reads our own standard error any more
            self._echo(line)

    def _hear_end(self, sentence: str) -> None:
        self._process = None
        if self._state is WorkerState.STOPPED:
            return
        if self._ready_at_s is not None and asyncio.get_running_loop().time() - self._ready_at_s > STEADY_S:
            self._deaths = 0
        self._ready_at_s = None
        self.reason = sentence + (f" It last wrote:\n{chr(10).join(self._last_lines)}" if self._last_lines else "")
        self._state = WorkerState.RESTARTING
        self._refuse(self.reason)
        pause_s = self._pauses_s[min(self._deaths, len(self._pauses_s) - 1)]
        self._deaths += 1
        logger.warning("%s A new one starts%s.", self.reason, f" in {pause_s:g} s" if pause_s else "")
        self._starting = asyncio.create_task(self._start_after(pause_s))
        try:
            self._listener(Died(self.reason))
        except Exception:
            logger.exception("The death of the worker could not be dealt with")

    def _refuse(self, reason: str) -> None:
        """Tell all who wait for an answer that none will come."""
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(WorkerError(reason))


def _after(reason: str) -> str:
    return f" {reason}" if reason else ""
