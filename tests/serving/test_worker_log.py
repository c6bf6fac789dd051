"""What the worker writes: lines however they are cut, and a log of bounded size."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from serving.text_lines import LONGEST, LineSplitter
from serving.worker_log import LONGEST_LINE, MOST_CHARACTERS, MOST_LINES, WorkerLog, also_in

NOW = datetime(2026, 11, 25, 21, 5, 3, 250_000, tzinfo=UTC)


def test_entries_have_their_time_and_text() -> None:
    log = WorkerLog(lambda: NOW)
    log.append("Loading")
    assert log.entries() == [{"t": "2026-11-25T21:05:03.250+00:00", "m": "Loading"}]


def test_old_lines_go_when_there_are_too_many_or_too_long_ones() -> None:
    log = WorkerLog()
    for number in range(MOST_LINES + 5):
        log.append(str(number))
    assert [entry["m"] for entry in log.entries()] == [str(number) for number in range(5, MOST_LINES + 5)]
    for _ in range(MOST_LINES):
        log.append("x" * LONGEST_LINE * 2)
    lengths = [len(entry["m"]) for entry in log.entries()]
    assert max(lengths) == LONGEST_LINE
    assert sum(lengths) <= MOST_CHARACTERS


def test_listeners_hear_each_line_until_they_end_it() -> None:
    log = WorkerLog()
    heard: list[str] = []
    end = log.listen(lambda entry: heard.append(entry["m"]))
    log.append("one")
    end()
    end()
    log.append("two")
    assert heard == ["one"]


@given(st.text(alphabet="aé\U0001f600 \n\r"), st.lists(st.integers(1, 5)))
def test_lines_are_the_same_however_the_bytes_are_cut(text: str, cuts: list[int]) -> None:
    whole, cut = LineSplitter(), LineSplitter()
    data = text.encode()
    expected = [*whole.feed(data), *whole.rest()]
    found: list[str] = []
    place = 0
    for size in [*cuts, len(data)]:
        found += cut.feed(data[place : place + size])
        place += size
    assert [*found, *cut.rest()] == expected == [line for line in text.replace("\r", "\n").split("\n") if line.strip()]


def test_a_line_without_an_end_does_not_grow_for_ever() -> None:
    splitter = LineSplitter()
    lines = [line for _ in range(100) for line in splitter.feed(b"x" * 1000)]
    assert sum(map(len, lines)) > 100_000 - LONGEST - 1000
    assert max(map(len, lines)) <= LONGEST + 1000


def test_what_python_logs_in_any_thread_is_there_while_it_is_wanted() -> None:
    log, logger = WorkerLog(), logging.getLogger("tests.of.logs")

    async def write() -> None:
        with also_in(log):
            logger.warning("one\ntwo")
            await asyncio.to_thread(logger.error, "three of %s", "a thread")
        logger.warning("four")
        await asyncio.sleep(0)

    asyncio.run(write())
    lines = ["WARNING tests.of.logs: one", "two", "ERROR tests.of.logs: three of a thread"]
    assert [entry["m"] for entry in log.entries()] == lines
