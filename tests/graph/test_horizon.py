"""When blocks are used again, seen from a plan that goes on and from the one after it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from graph.horizon import Horizon, Outlook, Use
from graph.memory import NEVER, Block

BLOCKS = {name: Block(name, 1) for name in "abc"}
USES = st.lists(
    st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(lambda names: Use("", tuple(map(BLOCKS.get, names)))),  # type: ignore[arg-type]
    max_size=6,
)


def distance(uses: Sequence[Use], index: int, name: str) -> float:
    """Count the steps to the next use."""
    for place in range(index + 1, len(uses)):
        if any(block.name == name for block in uses[place].blocks):
            return place - index
    return NEVER


@given(USES, USES, st.integers(-1, 6))
def test_the_next_use_is_found_beyond_the_plan(uses: list[Use], further: list[Use], index: int) -> None:
    next_use = Horizon(uses).then(further).after(index)
    for name in BLOCKS:
        assert next_use(name) == distance([*uses, *further], index, name)


@given(USES, USES, st.lists(st.sampled_from("abc"), max_size=4))
def test_an_outlook_sees_the_rest_of_the_plan_and_then_the_next(
    uses: list[Use], further: list[Use], made: list[str]
) -> None:
    outlook = Outlook()
    outlook.look_ahead(lambda: further)
    outlook.expect(uses)
    index = -1
    for name in made:
        outlook.advance({name})
        places = [place for place in range(max(index, 0), len(uses)) if BLOCKS[name] in uses[place].blocks]
        index = places[0] if places else index
        next_use = outlook.next_use()
        for other in BLOCKS:
            assert next_use(other) == distance([*uses, *further], index, other)


def test_what_comes_next_may_change_while_the_plan_goes_on() -> None:
    further: list[Sequence[Use]] = [()]
    outlook = Outlook()
    outlook.look_ahead(lambda: further[-1])
    outlook.expect([Use("1", (BLOCKS["a"],))])
    outlook.advance({"a"})
    assert outlook.next_use()("b") == NEVER
    further.append([Use("2", (BLOCKS["b"],))])
    assert outlook.next_use()("b") == 1
    further.append(())
    assert outlook.next_use()("b") == NEVER
