"""What waits for a client: order, bounds, and pictures that make older ones worthless."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serving.outbox import Letter, Limits, Outbox

WIDE = Limits()


def taken(outbox: Outbox) -> list[bytes]:
    """Empty an outbox."""
    found = []
    while letter := outbox.take():
        found.append(letter.data)
    return found


def test_letters_leave_in_the_order_in_which_they_came() -> None:
    outbox = Outbox(WIDE)
    assert [outbox.put(Letter(data)) for data in (b"1", b"2", b"3")] == [True] * 3
    assert taken(outbox) == [b"1", b"2", b"3"]


def test_a_newer_picture_takes_its_own_place_and_drops_the_older_one() -> None:
    outbox = Outbox(WIDE)
    for data, replaces in ((b"old 7", "7"), (b"old 8", "8"), (b"text", None), (b"new 7", "7")):
        outbox.put(Letter(data, replaces=replaces))
    assert taken(outbox) == [b"old 8", b"text", b"new 7"]


def test_pictures_make_room_for_messages() -> None:
    outbox = Outbox(Limits(messages=3))
    for number in range(3):
        outbox.put(Letter(b"picture", replaces=str(number)))
    assert outbox.put(Letter(b"message"))
    assert taken(outbox) == [b"message"]


def test_a_picture_without_room_is_dropped_and_a_message_is_refused() -> None:
    outbox = Outbox(Limits(messages=1))
    outbox.put(Letter(b"message"))
    assert outbox.put(Letter(b"picture", replaces="7"))
    assert not outbox.put(Letter(b"another"))
    assert taken(outbox) == [b"message"]


def test_a_message_larger_than_the_limit_is_taken_when_little_waits() -> None:
    outbox = Outbox(Limits(nbytes=10))
    assert outbox.put(Letter(b"x" * 1000))
    assert not outbox.put(Letter(b"y"))


LETTERS = st.builds(Letter, st.binary(max_size=9), st.booleans(), st.sampled_from([None, None, "7", "8"]))


@given(st.lists(st.one_of(LETTERS, st.none()), max_size=60))
def test_messages_are_never_lost_nor_reordered_and_memory_is_bounded(steps: list[Letter | None]) -> None:
    outbox, given_out, taken_in = Outbox(Limits(nbytes=30, messages=7)), [], []
    for letter in steps:
        if letter is None:
            given_out += [found] if (found := outbox.take()) else []
        elif outbox.put(letter):
            taken_in.append(letter)
        assert len(outbox) <= 7
        assert outbox.nbytes <= 30 + 9
    while found := outbox.take():
        given_out.append(found)
    assert outbox.nbytes == 0
    control = [letter for letter in taken_in if letter.replaces is None]
    assert [letter for letter in given_out if letter.replaces is None] == control
    rest = iter(taken_in)
    assert all(any(letter is each for each in rest) for letter in given_out)  # a subsequence
