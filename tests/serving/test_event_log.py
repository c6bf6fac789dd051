"""The log of messages: numbers without holes, bounds, and what is gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serving.event_log import EventLog, Sent


def filled(count: int, **limits: int) -> EventLog:
    """Return a log with so many messages of three bytes."""
    log = EventLog(**limits)
    for number in range(count):
        log.append(Sent("event", b"%03d" % number))
    return log


def test_messages_after_a_number_are_found_again() -> None:
    log = filled(5, first=100)
    assert [(number, sent.text) for number, sent in log.after(102)] == [(103, b"003"), (104, b"004")]
    assert (log.oldest, log.newest) == (100, 104)


def test_an_empty_log_misses_nothing_of_its_own_beginning() -> None:
    log = EventLog(100)
    assert (log.oldest, log.newest, log.after(99)) == (100, 99, [])
    assert not log.misses(99)


def test_numbers_of_a_log_before_a_restart_and_of_the_future_are_missed() -> None:
    log = filled(5, first=100, max_events=3)
    assert [log.misses(number) for number in (0, 99, 100, 101, 104, 105)] == [True, True, True, False, False, True]


def test_a_batch_ends_when_it_has_enough_bytes() -> None:
    assert len(filled(10).after(0, nbytes=7)) == 3


def test_listeners_hear_of_each_message_and_of_the_end() -> None:
    log, heard = EventLog(), []
    stop = log.listen(lambda: heard.append(log.newest))
    log.append(Sent("event", b""))
    log.close()
    stop()
    log.append(Sent("event", b""))
    assert heard == [1, 1]
    assert log.is_closed


@given(st.lists(st.integers(0, 20), max_size=50), st.integers(0, 60))
def test_the_log_is_bounded_and_what_is_kept_is_the_end(sizes: list[int], seen: int) -> None:
    log = EventLog(max_events=10, max_bytes=60)
    everything = [(log.append(Sent("event", b"x" * size)), size) for size in sizes]
    kept = [(number, len(sent.text)) for number, sent in log.after(0)]
    assert kept == everything[len(everything) - len(kept) :]
    assert len(kept) <= 10
    assert sum(size for _, size in kept) == log.nbytes <= 60
    later = [each for each in everything if each[0] > seen]
    assert log.misses(seen) or [(number, len(sent.text)) for number, sent in log.after(seen)] == later
