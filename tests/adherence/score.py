"""How much of what a prompt names a picture shows.

scores = score(phrase(scene, rng), Judge().read(picture))
sum(scores.right.values()) / len(scores.right)
"""

from __future__ import annotations

from dataclasses import dataclass

from diffusion.scenes import Mention, Phrase
from tests.adherence.judge import Found, FoundThing


@dataclass(frozen=True)
class Scores:
    """right: of every named attribute ("sky", "ground", "house", "house colour"), whether it is right.

    places: the same of places ("house place", "order"), which are said more rarely. extras: things that nothing named.
    """

    right: dict[str, bool]
    places: dict[str, bool]
    extras: int


def score(named: Phrase, found: Found) -> Scores:
    """Compare what a prompt named with what its picture shows."""
    right: dict[str, bool] = {}
    if named.sky:
        right["sky"] = found.sky == named.sky
    if named.ground:
        right["ground"] = found.ground == named.ground
    for mention in named.mentions:
        right[mention.kind] = bool(_of_kind(found, mention.kind))
        if mention.colour:
            right[f"{mention.kind} colour"] = bool(_matches(found, mention))
    kinds = [mention.kind for mention in named.mentions]
    extras = len(found.things) - sum(bool(_of_kind(found, kind)) for kind in kinds)
    return Scores(right, _places(named, found), extras)


def _places(named: Phrase, found: Found) -> dict[str, bool]:
    right = {
        f"{mention.kind} place": any(_place(thing) == mention.place for thing in _of_kind(found, mention.kind))
        for mention in named.mentions
        if mention.place
    }
    if named.order:
        left, right_one = (_of_kind(found, mention.kind) for mention in named.order)
        right["order"] = any(a.x < b.x for a in left for b in right_one)
    return right


def _place(thing: FoundThing) -> str:
    if thing.x < 0.4:
        return "left"
    return "right" if thing.x > 0.6 else "middle"


def _of_kind(found: Found, kind: str) -> list[FoundThing]:
    return [thing for thing in found.things if thing.kind == kind]


def _matches(found: Found, mention: Mention) -> list[FoundThing]:
    return [thing for thing in _of_kind(found, mention.kind) if thing.colour == mention.colour]
