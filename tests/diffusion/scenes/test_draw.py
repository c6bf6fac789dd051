"""The painter: colours are where the scene says, and every difference of two scenes can be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diffusion.scenes import COLOURS, GROUNDS, SKIES, Scene, Thing, draw
from diffusion.scenes.draw import BACK_TO_FRONT, PAINTERS

HOUSE = Thing("house", 0.25, 0.75, colour="red")
SCENE = Scene("day", "grass", 0.6, (HOUSE,))


@pytest.mark.parametrize("sky", SKIES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_sky_is_above_the_ground(sky: str, ground: str) -> None:
    picture = draw(Scene(sky, ground, 0.6, ()))
    assert tuple(picture[0, 0]) == SKIES[sky]
    assert tuple(picture[-1, -1]) == GROUNDS[ground]
    assert (picture[:76] == SKIES[sky]).all()
    assert (picture[78:] == GROUNDS[ground]).all()


@pytest.mark.parametrize("colour", COLOURS)
def test_a_thing_is_painted_in_its_colour_where_it_stands(colour: str) -> None:
    picture = draw(replace(SCENE, things=(replace(HOUSE, colour=colour),)))
    rows, columns = np.nonzero((picture == COLOURS[colour]).all(axis=-1))
    assert len(rows) > 200
    assert columns.mean() / 128 == pytest.approx(0.25, abs=0.02)
    assert rows.max() / 128 == pytest.approx(0.75, abs=0.02)


def test_every_kind_has_a_painter_and_a_place_between_back_and_front() -> None:
    assert set(BACK_TO_FRONT) == set(PAINTERS)


@pytest.mark.parametrize("kind", PAINTERS)
def test_sizes_differ(kind: str) -> None:
    covered = []
    for size in ("small", "normal", "big"):
        thing = Thing(kind, 0.5, 0.5, colour="purple", size=size)
        picture = draw(Scene("day", "grass", 0.99, (thing,)))
        covered.append(int((picture[:100] != SKIES["day"]).any(axis=-1).sum()))
    assert covered[0] < covered[1] < covered[2]


def test_things_in_front_hide_those_behind_in_whatever_order_they_are_named() -> None:
    mountain = Thing("mountain", 0.25, 0.6, colour="blue")
    one, other = (draw(replace(SCENE, things=things)) for things in ((HOUSE, mountain), (mountain, HOUSE)))
    assert (one == other).all()
    assert tuple(one[80, 24]) == COLOURS["red"]
