"""Prompts for the packs in tests/compat/packs: each is run in Weft, and was run in ComfyUI (see record.py).

A case is prompts that run one after the other, so that the second meets what the first left in the cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

PACKS = Path(__file__).parent / "packs"
FACTS = Path(__file__).parent / "facts"
RECORDED = (
    "shown",
    "widgets",
    "described",
    "lists",
    "changes",
    "validates",
    "lazy",
    "expands",
    "blocks",
    "hidden",
    "dynamic",
    "asynchronous",
    "fails",
    "broken",
)
Prompt = Mapping[str, Mapping[str, Any]]


class Case(NamedTuple):
    """Prompts that run one after the other."""

    name: str
    prompts: tuple[Prompt, ...]
    extra: Mapping[str, Any] = {}


def n(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": f"T {kind}", "inputs": inputs}


def shown(*nodes: dict[str, Any], outputs: int = 1) -> Prompt:
    """Number the nodes from 1, and show what the last gives."""
    numbered = {str(number): node for number, node in enumerate(nodes, start=1)}
    last = str(len(nodes))
    return numbered | {f"9{output}": n("ShowAll", value=[last, output]) for output in range(outputs)}


EVERYTHING = {
    "whole": 3,
    "seed": 5,
    "real": 0.25,
    "text": "words",
    "flag": False,
    "old_choice": "green",
    "new_choice": "x",
}
ALL = dict(EVERYTHING, from_link=4, own_kind={"points": [[0, 1]]}, several={"__value__": ["p", "r"]}, hidden_one=2)


def everything(**changed: Any) -> Prompt:
    return shown(n("Everything", **{**EVERYTHING, **changed}))


def without(name: str) -> Prompt:
    return shown(n("Everything", **{key: value for key, value in EVERYTHING.items() if key != name}))


def once(name: str, *prompts: Prompt, **extra: Any) -> Case:
    return Case(name, prompts, extra)


def base(kind: str, **changed: Any) -> Prompt:
    return shown(n(kind, **{"a": 1, "word": "x", **changed}))


def linked(kind: str, source: dict[str, Any], **changed: Any) -> Prompt:
    return shown(source, n(kind, **{"a": 1, "word": "x", "link": ["1", 0], **changed}))


WIDGETS = (
    once("widgets given", everything()),
    once("widgets all given", shown(n("Everything", **ALL))),
    once("widgets as texts", everything(whole="3", real="0.5", text=7, flag=1)),
    once("widgets too small and too large", everything(whole=0, real=1.5)),
    once("widgets not in the list", everything(old_choice="blue", new_choice="z")),
    once("widgets not numbers", everything(whole="many", real="some")),
    once("widgets missing", without("whole"), without("new_choice")),
    once("widgets several wrong", everything(several={"__value__": ["p", "s"]})),
    once("widgets unknown input", everything(strange=1)),
    once("widgets plain", shown(n("Plain", a=1, b="x")), shown(n("Plain", a=1, b="x")), shown(n("Plain", a=2, b="x"))),
    once("widgets of another type linked", shown(n("GiveText", text="x"), n("Plain", a=["1", 0], b="x"))),
    once("widgets number as text linked", shown(n("Give", value=3), n("Plain", a=1, b=["1", 0]))),
)
LISTS = (
    once("lists mapped", shown(n("Make", count=3, first=1), n("Add", a=["1", 0], b=10))),
    once(
        "lists shorter repeats",
        shown(n("Make", count=3, first=1), n("Make", count=2, first=10), n("Add", a=["1", 0], b=["2", 0])),
    ),
    once("lists whole", shown(n("Make", count=3, first=1), n("Whole", a=["1", 0], b=4))),
    once("lists whole of literals", shown(n("Whole", a=1, b=2))),
    once("lists from each call", shown(n("Make", count=3, first=1), n("Halves", a=["1", 0]))),
    once("lists beside a single output", shown(n("Make", count=2, first=1), outputs=2)),
    once("lists shown by each call", shown(n("Make", count=2, first=1), n("Short", a=["1", 0]), outputs=2)),
    once("lists short", shown(n("Short", a=3), outputs=2)),
)
CHANGES = (
    once("changes none", *[shown(n("Counting", word="a"))] * 2),
    once(
        "changes literal",
        shown(n("Counting", word="a")),
        shown(n("Counting", word="b")),
        shown(n("Counting", word="b")),
    ),
    once("changes always", *[shown(n("Always", word="a"))] * 2),
    once("changes by word", *[shown(n("ByWord", word=word)) for word in ("ab", "ab", "xb")]),
    once(
        "changes by word linked", *[shown(n("Give", value=v), n("ByWord", word="a", link=["1", 0])) for v in (1, 1, 2)]
    ),
    once("changes waiting", *[shown(n("Waiting", word="a"))] * 2),
    once("changes waiting always", *[shown(n("Waiting", word="always"))] * 2),
    once("changes failing", *[shown(n("Failing", word="a"))] * 2),
    once(
        "changes another id",
        shown(n("Counting", word="a")),
        {"7": n("Counting", word="a"), "90": n("ShowAll", value=["7", 0])},
    ),
    once(
        "changes twins",
        {"1": n("Twins"), "2": n("Twins"), "3": n("ShowAll", value=["1", 0]), "4": n("Show", value=["2", 0])}
        | {key: n("Twins", word="a") for key in ("1", "2")},
    ),
)
VALIDATES = (
    once("validates nothing", base("Base"), base("Base", a=9), base("Base", word="z")),
    once("validates named", base("Named"), base("Named", a=9), base("Named", a=7), base("Named", word="z")),
    once("validates all", base("ValidatesAll", a=9), base("ValidatesAll", a=7), base("ValidatesAll", word="z")),
    once("validates all linked", linked("ValidatesAll", n("Give", value=2), a=7)),
    once("validates false", base("No"), base("No", word="y"), base("No", word="z")),
    once("validates later", base("ValidatesLater"), base("ValidatesLater", a=2)),
    once("validates types", linked("Types", n("GiveText", text="a")), linked("Types", n("Give", value=2))),
    once("validates types of the usual kind", linked("Base", n("GiveText", text="a"))),
    once(
        "validates one output of two", base("Named", a=7) | {"5": n("Give", value=1), "6": n("ShowAll", value=["5", 0])}
    ),
)
LAZY = (
    once("lazy one side", shown(n("Give", value=1), n("Loud"), n("Switch", on=True, yes=["1", 0], no=["2", 0]))),
    once("lazy other side", shown(n("Loud"), n("Give", value=1), n("Switch", on=False, yes=["1", 0], no=["2", 0]))),
    once(
        "lazy one by one",
        shown(n("Give", value=4), n("Give", value=7), n("Loud"), n("OneByOne", a=["1", 0], b=["2", 0], c=["3", 0])),
    ),
    once("lazy literals", shown(n("OneByOne", a=1, b=2, c=30))),
    once("lazy never asked", shown(n("Loud"), n("NeverAsks", a=["1", 0]))),
    once("lazy list", shown(n("Make", count=2, first=1), n("Loud"), n("Switch", on=True, yes=["1", 0], no=["2", 0]))),
    once("lazy whole", shown(n("Make", count=2, first=1), n("WholeLazy", a=["1", 0]))),
    once("lazy unknown", shown(n("Give", value=1), n("AsksUnknown", a=["1", 0]))),
)
EXPANDS = (
    once(
        "expands twice",
        shown(n("Twice", a=3), outputs=2),
        shown(n("Twice", a=3), outputs=2),
        shown(n("Twice", a=4), outputs=2),
    ),
    once("expands down", shown(n("CountDown", left=4, sum=0))),
    once("expands in a list", shown(n("Make", count=2, first=1), n("Twice", a=["1", 0]), outputs=2)),
    once("expands to a raw link", shown(n("Give", value=4), n("Raw", a=["1", 0]), outputs=2)),
    once("expands and shows", shown(n("ExpandsAndShows", a=3))),
)
BLOCKS = (
    *[
        once(f"blocks {how}", shown(n("Gate", a=2, how=how), outputs=2))
        for how in ("open", "silent", "loud", "both", "result")
    ],
    once("blocks in a list", shown(n("Make", count=4, first=0), n("Odd", a=["1", 0]))),
    once(
        "blocks in a list mapped", shown(n("Make", count=4, first=0), n("Odd", a=["1", 0]), n("Add", a=["2", 0], b=1))
    ),
    once(
        "blocks what is behind",
        shown(n("Gate", a=2, how="loud"), n("Add", a=["1", 0], b=1), n("Add", a=["2", 0], b=1)),
    ),
)
HIDDEN = (
    Case("hidden", (shown(n("Hidden", a=1)),), {"extra_pnginfo": {"workflow": {"nodes": []}}}),
    once("hidden given", shown(n("Hidden", a=1, own="mine"))),
    once("hidden inside", shown(n("HiddenInside"))),
    once("hidden other id", shown(n("Hidden", a=1)), {"7": n("Hidden", a=1), "90": n("ShowAll", value=["7", 0])}),
)
DYNAMIC = (
    once("dynamic names", shown(n("Give", value=1), n("Flexible", known=2, any_1=["1", 0], word="x"))),
    once("dynamic links only", shown(n("Give", value=1), n("Grown", a=2, image_1=["1", 0], word="x"))),
    once(
        "dynamic outputs",
        {"1": n("Many", count=4), "2": n("ShowAll", value=["1", 3]), "3": n("Plain", a=["1", 2], b="x")}
        | {"4": n("ShowAll", value=["3", 0])},
    ),
    once("dynamic output that is not there", {"1": n("Many", count=2), "2": n("ShowAll", value=["1", 3])}),
)
ASYNC = (
    once("async", shown(n("Later", a=1), n("Later", a=["1", 0]))),
    once("async shown", {"1": n("LaterShown", a=1)}, {"1": n("LaterShown", a=1)}),
    once("async mapped", shown(n("Make", count=3, first=1), n("Later", a=["1", 0]))),
    once("async broken", shown(n("LaterBroken", a=1))),
)
FAILS = (
    once("fails", shown(n("Raises", a=3))),
    once("fails by returning nothing", shown(n("Nothing", a=3))),
    once("fails stopped", shown(n("Stops", a=3))),
    once("fails not, without a result", shown(n("Empty", a=3))),
)
CASES_OF = {
    "widgets": WIDGETS,
    "lists": LISTS,
    "changes": CHANGES,
    "validates": VALIDATES,
    "lazy": LAZY,
    "expands": EXPANDS,
    "blocks": BLOCKS,
    "hidden": HIDDEN,
    "dynamic": DYNAMIC,
    "asynchronous": ASYNC,
    "fails": FAILS,
}
CASES = tuple(case for cases in CASES_OF.values() for case in cases)
