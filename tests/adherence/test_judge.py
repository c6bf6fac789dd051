"""The judge of pictures: right on drawn scenes, blurred or not, and not to be talked into what is not there."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from diffusion.scenes import COLOURS, GROUNDS, SKIES, Scene, Thing, draw, phrase, random_scene
from diffusion.scenes.scene import GROUND_THINGS, SKY_THINGS
from tests.adherence.judge import Judge
from tests.adherence.score import score

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def blurred(picture: Picture, radius: float) -> Picture:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def noisy(picture: Picture) -> Picture:
    noise = np.random.default_rng(0).normal(0, 12, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("damage", [lambda picture: picture, lambda picture: blurred(picture, 1.0), noisy])
def test_drawn_scenes_are_read_as_they_were_drawn(judge: Judge, damage: object) -> None:
    assert callable(damage)
    for number in range(15):
        scene = random_scene(random.Random(f"judged {number}"))
        found = judge.read(damage(draw(scene)))
        assert (found.sky, found.ground) == (scene.sky, scene.ground)
        assert sorted((thing.kind, thing.colour or "") for thing in found.things) == sorted(
            (thing.kind, thing.colour or "") for thing in scene.things
        )


def test_things_are_found_where_they_are(judge: Judge) -> None:
    scene = Scene("day", "grass", 0.62, (Thing("house", 0.28, 0.75, "red"), Thing("star", 0.7, 0.15)))
    for thing in judge.read(draw(scene)).things:
        expected = next(drawn for drawn in scene.things if drawn.kind == thing.kind)
        assert (thing.x, thing.y) == pytest.approx((expected.x, expected.y), abs=0.03)


def test_a_sky_and_a_ground_alone_hold_nothing(judge: Judge) -> None:
    for sky in SKIES:
        for ground in GROUNDS:
            assert judge.read(draw(Scene(sky, ground, 0.6, ()))).things == ()


@pytest.mark.parametrize("kind", GROUND_THINGS)
def test_the_shape_alone_tells_the_kind(judge: Judge, kind: str) -> None:
    for other in GROUND_THINGS:
        scene = Scene("day", "grass", 0.62, (Thing(other, 0.5, 0.62 if other == "mountain" else 0.75, "purple"),))
        assert [thing.kind == kind for thing in judge.read(draw(scene)).things] == [other == kind]


def test_a_square_of_a_known_colour_is_no_thing(judge: Judge) -> None:
    picture = draw(Scene("day", "grass", 0.62, ())).copy()
    picture[20:110, 10:118] = COLOURS["purple"]
    assert judge.read(picture).things == ()


def test_noise_holds_nothing(judge: Judge) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    assert judge.read(picture).things == ()


def test_every_wrong_attribute_is_counted_as_wrong_and_no_other(judge: Judge) -> None:
    things = (Thing("house", 0.25, 0.75, "red"), Thing("tree", 0.75, 0.75, "green"))
    scene = Scene("day", "grass", 0.62, things)
    named = next(
        said
        for said in (phrase(scene, random.Random(number)) for number in range(999))
        if said.order and said.sky and said.ground and all(mention.colour for mention in said.mentions)
    )
    house, tree = things
    wrong = {
        "sky": replace(scene, sky="night"),
        "ground": replace(scene, ground="sand"),
        "house colour": replace(scene, things=(replace(house, colour="blue"), tree)),
        "tree colour": replace(scene, things=(house, replace(tree, colour="red"))),
    }
    right = score(named, judge.read(draw(scene)))
    assert all(right.right.values())
    assert right.places == {"order": True}
    for attribute, other in wrong.items():
        verdict = score(named, judge.read(draw(other)))
        assert [name for name, is_right in verdict.right.items() if not is_right] == [attribute]
    swapped = replace(scene, things=(replace(house, x=0.75), replace(tree, x=0.25)))
    assert score(named, judge.read(draw(swapped))).places == {"order": False}
    without = score(named, judge.read(draw(replace(scene, things=(house,)))))
    assert [name for name, is_right in without.right.items() if not is_right] == ["tree", "tree colour"]


def test_a_place_that_is_named_is_compared(judge: Judge) -> None:
    scene = Scene("day", "grass", 0.62, (Thing("moon", 0.25, 0.15),))
    assert set(SKY_THINGS) > {"moon"}
    named = next(
        said for said in (phrase(scene, random.Random(number)) for number in range(99)) if said.mentions[0].place
    )
    assert score(named, judge.read(draw(scene))).places == {"moon place": True}
    moved = replace(scene, things=(Thing("moon", 0.75, 0.15),))
    assert score(named, judge.read(draw(moved))).places == {"moon place": False}
    assert score(named, judge.read(draw(replace(scene, things=(*scene.things, Thing("sun", 0.75, 0.15)))))).extras == 1
