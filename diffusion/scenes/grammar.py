"""The grammar: scenes drawn at random, and the many ways to say one in words.

A prompt need not name everything: `phrase` also tells what it named, which is what adherence is measured by.

    scene = random_scene(random.Random(7))
    phrase(scene, random.Random(7)).text  # "a red house left of a tall green tree on grass under a night sky with a moon"
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from diffusion.scenes.scene import COLOURS, GROUND_THINGS, GROUNDS, SIZES, SKIES, SKY_THINGS, Scene, Thing

GROUND_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "grass": ("on grass", "on the grass", "on green grass"),
        "snow": ("on snow", "in the snow", "on white snow"),
        "sand": ("on sand", "on the sand", "on yellow sand"),
        "sea": ("on the sea", "by the sea", "on a blue sea"),
    }
)
SKY_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "day": ("under a day sky", "by day", "under a blue day sky"),
        "sunset": ("under a sunset sky", "at sunset", "under a pink sunset sky"),
        "night": ("under a night sky", "at night", "under a dark night sky"),
    }
)
PLACE_WORDS: Mapping[str, str] = MappingProxyType(
    {"left": "on the left", "middle": "in the middle", "right": "on the right"}
)
NAMED_COLOUR = 0.85
NAMED_SKY = 0.9
NAMED_GROUND = 0.85
NAMED_PLACE = 0.5  # of a thing that is alone on the ground or in the sky
NAMED_ORDER = 0.5  # of two things side by side


@dataclass(frozen=True)
class Mention:
    """A thing as a prompt names it: its kind, and its colour and its place (left, middle, right) if they were said."""

    kind: str
    colour: str | None
    place: str | None = None


@dataclass(frozen=True)
class Phrase:
    """A prompt and what it named; None is what it left open. `order`: the two kinds named as left and right."""

    text: str
    sky: str | None
    ground: str | None
    mentions: tuple[Mention, ...]
    order: tuple[Mention, Mention] | None = None


def random_scene(rng: random.Random, things: int | None = None) -> Scene:
    """Draw a scene with `things` things (1 to 3; None: at random), every kind once at most."""
    count = things or rng.choices((1, 2, 3), weights=(3, 5, 3))[0]
    sky_count = min(sum(rng.random() < 0.4 for _ in range(count)), 2)
    if count - sky_count > 2:
        sky_count = count - 2
    horizon = rng.uniform(0.58, 0.66)
    sky_kinds = rng.sample(SKY_THINGS, sky_count)
    ground_kinds = rng.sample(GROUND_THINGS, count - sky_count)
    placed = [_sky_thing(rng, kind, x) for kind, x in zip(sky_kinds, _columns(rng, sky_count), strict=True)]
    placed += [
        _ground_thing(rng, kind, x, horizon)
        for kind, x in zip(ground_kinds, _columns(rng, len(ground_kinds)), strict=True)
    ]
    return Scene(rng.choice(tuple(SKIES)), rng.choice(tuple(GROUNDS)), horizon, tuple(placed))


def _columns(rng: random.Random, count: int) -> list[float]:
    slots = [rng.choice((0.25, 0.5, 0.75))] if count == 1 else rng.sample((0.25, 0.75), count)
    return [slot + rng.uniform(-0.03, 0.03) for slot in slots]


def _sky_thing(rng: random.Random, kind: str, x: float) -> Thing:
    return Thing(kind, x, rng.uniform(0.13, 0.16), size=rng.choice(("normal", "normal", "big")))


def _ground_thing(rng: random.Random, kind: str, x: float, horizon: float) -> Thing:
    y = horizon if kind == "mountain" else horizon + rng.uniform(0.1, 0.18)
    size = "normal" if kind == "mountain" else rng.choices(tuple(SIZES), weights=(1, 3, 1))[0]
    return Thing(kind, x, y, colour=rng.choice(tuple(COLOURS)), size=size)


def describe(scene: Scene, rng: random.Random) -> str:
    """Say `scene` in one of the grammar's ways."""
    return phrase(scene, rng).text


def phrase(scene: Scene, rng: random.Random) -> Phrase:
    """Say `scene` in one of the grammar's ways, and tell what was named."""
    coloured = {thing.kind: thing.colour is not None and rng.random() < NAMED_COLOUR for thing in scene.things}
    sky = scene.sky if rng.random() < NAMED_SKY else None
    ground = scene.ground if rng.random() < NAMED_GROUND else None
    low = [thing for thing in scene.things if not thing.in_sky]
    high = [thing for thing in scene.things if thing.in_sky]
    ground_group, sky_group = _group(low, coloured, rng), _group(high, coloured, rng)
    text = _sentence(ground_group.text, sky_group.text, ground, sky, rng)
    mentions = {mention.kind: mention for mention in (*ground_group.mentions, *sky_group.mentions)}
    return Phrase(
        text,
        sky,
        ground,
        tuple(mentions[thing.kind] for thing in scene.things),
        ground_group.order or sky_group.order,
    )


def _noun(thing: Thing, is_coloured: bool, rng: random.Random) -> str:
    words = [thing.colour, thing.kind] if is_coloured and thing.colour else [thing.kind]
    if thing.size != "normal" and rng.random() < 0.8:
        words.insert(0, "tall" if thing.kind == "tree" and thing.size == "big" else thing.size)
    article = "an" if words[0][0] in "aeiou" else "a"
    return " ".join((article, *words))


class _Group(NamedTuple):
    """The things of the ground, or of the sky, in words."""

    text: str = ""
    mentions: tuple[Mention, ...] = ()
    order: tuple[Mention, Mention] | None = None


def _group(things: list[Thing], coloured: Mapping[str, bool], rng: random.Random) -> _Group:
    """Name the things of one band; with two of them perhaps their order, with one perhaps its place."""
    named = [
        (_noun(thing, coloured[thing.kind], rng), Mention(thing.kind, thing.colour if coloured[thing.kind] else None))
        for thing in sorted(things, key=lambda thing: thing.x)
    ]
    if not named:
        return _Group()
    if len(named) == 1:
        ((noun, mention),) = named
        if rng.random() >= NAMED_PLACE:
            return _Group(noun, (mention,))
        place = _place(things[0])
        return _Group(f"{noun} {PLACE_WORDS[place]}", (replace(mention, place=place),))
    (left, left_mention), (right, right_mention) = named
    mentions = (left_mention, right_mention)
    if rng.random() < NAMED_ORDER:
        return _Group(rng.choice((f"{left} left of {right}", f"{right} right of {left}")), mentions, mentions)
    return _Group(" and ".join(rng.sample([left, right], 2)), mentions)


def _place(thing: Thing) -> str:
    if thing.x < 0.4:
        return "left"
    return "right" if thing.x > 0.6 else "middle"


def _sentence(low: str, high: str, ground: str | None, sky: str | None, rng: random.Random) -> str:
    style = rng.random()
    if style < 0.15:
        named = [low, high, ground or "", f"{sky} sky" if sky else ""]
        parts = [part for part in named if part]
        rng.shuffle(parts)
        return ", ".join(parts)
    where = rng.choice(GROUND_WORDS[ground]) if ground else ""
    when = rng.choice(SKY_WORDS[sky]) if sky else ""
    if not low:
        return _joined(high, ("over" + where[2:]) if where else "", when)
    if not high:
        return _joined(low, where, when)
    if style < 0.4:
        return _joined(f"{high} over {low}", where, when)
    return _joined(low, where, when, f"with {high}")


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
