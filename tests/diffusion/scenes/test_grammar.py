"""The grammar: what a phrase says it named is in its text and in its scene, and every word is used."""

from __future__ import annotations

import random

import pytest

from diffusion.scenes import COLOURS, GROUNDS, SKIES, Scene, phrase, random_scene
from diffusion.scenes.scene import GROUND_THINGS, SKY_THINGS

CASES = range(300)


def case(number: int) -> tuple[Scene, random.Random]:
    rng = random.Random(number)
    return random_scene(rng), rng


@pytest.mark.parametrize("number", CASES)
def test_what_is_named_is_in_the_text_and_true(number: int) -> None:
    scene, rng = case(number)
    said = phrase(scene, rng)
    things = {thing.kind: thing for thing in scene.things}
    assert said.sky in (None, scene.sky)
    assert said.ground in (None, scene.ground)
    assert [mention.kind for mention in said.mentions] == [thing.kind for thing in scene.things]
    for mention in said.mentions:
        noun = f"{mention.colour} {mention.kind}" if mention.colour else mention.kind
        assert noun in said.text
        assert mention.colour in (None, things[mention.kind].colour)
        if mention.place:
            assert {"left": "on the left", "right": "on the right", "middle": "in the middle"}[
                mention.place
            ] in said.text
            assert (things[mention.kind].x < 0.4, things[mention.kind].x > 0.6) == (
                mention.place == "left",
                mention.place == "right",
            )
    if said.order:
        left, right = (things[mention.kind] for mention in said.order)
        assert left.x < right.x
        assert " left of " in said.text or " right of " in said.text


@pytest.mark.parametrize("number", CASES)
def test_scenes_hold_one_to_three_things_each_kind_once(number: int) -> None:
    scene, _ = case(number)
    kinds = [thing.kind for thing in scene.things]
    assert 1 <= len(kinds) <= 3
    assert len(set(kinds)) == len(kinds)
    assert all((thing.colour is None) == thing.in_sky for thing in scene.things)


def test_a_scene_has_as_many_things_as_asked() -> None:
    assert [len(random_scene(random.Random(1), things=count).things) for count in (1, 2, 3)] == [1, 2, 3]


def test_the_same_seed_says_and_draws_the_same() -> None:
    first, second = (case(5) for _ in range(2))
    assert first[0] == second[0]
    assert phrase(*first) == phrase(*second)


def test_everything_of_the_vocabulary_turns_up() -> None:
    texts = " ".join(phrase(*case(number)).text for number in CASES)
    for word in (*GROUND_THINGS, *SKY_THINGS, *COLOURS, *GROUNDS, *SKIES, "tall", "big", "small"):
        assert word in texts
