"""Prompts for the packs tests/compat/packs/v3_*: each is run in Weft, and was run in ComfyUI (see record.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.compat.cases import Case, Prompt

FACTS = Path(__file__).parent / "facts"
PACKS = (
    "v3_inputs",
    "v3_types",
    "v3_growing",
    "v3_choices",
    "v3_lazy",
    "v3_checks",
    "v3_outputs",
    "v3_lists",
    "v3_shown",
    "v3_flags",
    "v3_together",
    "v3_video",
)


def n(kind: str, **inputs: Any) -> dict[str, Any]:
    """Return a node of a prompt; two underscores in an input's name stand for a dot."""
    return {"class_type": f"V3 {kind}", "inputs": {name.replace("__", "."): value for name, value in inputs.items()}}


def shown(*nodes: dict[str, Any], outputs: int = 1) -> Prompt:
    """Number the nodes from 1, and show what the last gives."""
    numbered = {str(number): node for number, node in enumerate(nodes, start=1)}
    last = str(len(nodes))
    return numbered | {f"9{output}": n("ShowText", value=[last, output]) for output in range(outputs)}


def once(name: str, *prompts: Prompt, **extra: Any) -> Case:
    """Return a case of prompts that run one after the other."""
    return Case(name, prompts, extra)


PLAIN = {"flag": False, "whole": 3, "real": 0.25, "text": "t", "choice": "a", "member": "red", "number": 2}
SEVERAL = {"several": {"__value__": ["p", "r"]}}


def plain(**changed: Any) -> Prompt:
    return shown(n("Plain", **{**PLAIN, **SEVERAL, **changed}))


INPUTS = (
    once("inputs given", plain(), plain(), plain(whole=5)),
    once("inputs all given", plain(free=4, linked="x")),
    once("inputs as texts", plain(whole="4", real="0.5", text=7)),
    once("inputs out of range", plain(whole=0, real=2.0)),
    once("inputs not in the list", plain(choice="z", member="green", number=9)),
    once("inputs several wrong", plain(several={"__value__": ["p", "z"]})),
    once("inputs not numbers", plain(whole="many")),
    once("inputs linked", shown(n("Makes", count=3), n("Plain", **{**PLAIN, **SEVERAL, "whole": ["1", 1]}))),
    once("inputs of another type linked", shown(n("Plain", **PLAIN, **SEVERAL), n("Adds", a=["1", 0], b=1))),
    once("inputs told", shown(n("Told", colour="#000000", box={"x": 1}, curve={"points": [[0, 0]]}), outputs=3)),
    once(
        "inputs of a union", shown(n("Number", number=0.25)), shown(n("Makes", count=2), n("Number", number=["1", 1]))
    ),
)
GROWING = (
    once("grow", shown(n("Grow", items__item0=1, items__item1="b", n=3))),
    once(
        "grow more", shown(n("Makes", count=2), n("Grow", items__item0=["1", 1], items__item1=2, items__item3=4, n=3))
    ),
    once("grow too few", shown(n("Grow", items__item0=1, n=3))),
    once("grow beyond", shown(n("Grow", items__item0=1, items__item1=2, items__item9=3, n=3))),
    once("grow numbers", shown(n("GrowNumbers")), shown(n("GrowNumbers", items__item1="4"))),
    once("grow numbers wrong", shown(n("GrowNumbers", items__item1="many"))),
    once("grow of another type", shown(n("Plain", **PLAIN, **SEVERAL), n("GrowNumbers", items__item0=["1", 0]))),
    once("grow free", shown(n("GrowFree"))),
    once("grow named", shown(n("GrowNamed", items__left="a", items__top="b")), shown(n("GrowNamed", items__top="b"))),
)
CHOICES = (
    once("choose size", shown(n("Choose", before=1, mode="size", mode__width=4))),
    once("choose size whole", shown(n("Choose", before=1, mode="size", mode__width=4, mode__height="5"))),
    once("choose size too small", shown(n("Choose", before=1, mode="size", mode__width=0))),
    once("choose size missing", shown(n("Choose", before=1, mode="size"))),
    once("choose with others' inputs", shown(n("Choose", before=1, mode="none", mode__width=4))),
    once("choose near", shown(n("Choose", before=1, mode="deep", mode__how="near", mode__word="x"))),
    once("choose far", shown(n("Choose", before=1, mode="deep", mode__how="far", mode__how__reach=1, mode__word="y"))),
    once(
        "choose far wrong",
        shown(n("Choose", before=1, mode="deep", mode__how="far", mode__how__reach=9, mode__word="z")),
    ),
    once(
        "choose many",
        shown(n("Choose", before=1, mode="many")),
        shown(n("Choose", before=1, mode="many", mode__parts__part1=3)),
    ),
    once("choose linked", shown(n("Makes", count=3), n("Choose", before=["1", 1], mode="size", mode__width=["1", 1]))),
    once(
        "choose free",
        shown(n("ChooseFree")),
        shown(n("ChooseFree", mode="on", mode__amount=3)),
        shown(n("ChooseFree", mode="off")),
    ),
    once("choose nothing", shown(n("Choose", before=1))),
    once("choose what there is not", shown(n("Choose", before=1, mode="zzz"))),
    once("match", shown(n("Match", first=True, a=1, b="x"), outputs=3)),
    once(
        "match of two types",
        shown(n("Makes", count=1), n("Number", number=1), n("Match", first=False, a=["1", 1], b=["2", 0])),
    ),
    once("match behind", shown(n("Makes", count=4), n("Match", first=True, a=["1", 1]), n("Adds", a=["2", 0], b=1))),
)
RAISES = n("Returns", form="raise")
LAZY = (
    once(
        "lazy one side", shown(n("Makes", count=3), RAISES, n("Lazy", which=True, on_true=["1", 1], on_false=["2", 0]))
    ),
    once(
        "lazy other side",
        shown(n("Makes", count=3), RAISES, n("Lazy", which=False, on_true=["2", 0], on_false=["1", 1])),
    ),
    once("lazy literal", shown(n("Lazy", which=True, on_true=4))),
    once(
        "lazy growing",
        shown(n("Makes", count=3), RAISES, n("LazyGrowing", index=1, items__item0=["2", 0], items__item1=["1", 1])),
    ),
    once("lazy async", shown(n("Makes", count=3), n("Adds", a=1, b=2), n("LazyAsync", a=["1", 1], b=["2", 0]))),
    once("lazy list", shown(n("Makes", count=2), n("Lazy", which=True, on_true=["1", 0]))),
)
CHECKS = (
    once("checks", shown(n("Checked", low=5, high=5, word="a"))),
    once("checks beyond the range", shown(n("Checked", low=50, high=5, word="zzz"))),
    once("checks what it does not name", shown(n("Checked", low=5, high=50, word="a"))),
    once(
        "checks refused",
        shown(n("Checked", low=500, high=5, word="a")),
        shown(n("Checked", low=5, high=5, word="never")),
    ),
    once("checks linked", shown(n("Makes", count=3), n("Checked", low=["1", 1], high=5, word="a"))),
    once("checks all", shown(n("CheckedAll", mode="size", mode__width=99, n=4))),
    once("checks all refused", shown(n("CheckedAll", mode="size", mode__width=9, n=60))),
    once("checks types", shown(n("Makes", count=3), n("CheckedTypes", value=["1", 1]))),
    once("checks types refused", shown(n("Makes", count=3), n("Number", number=1), n("CheckedTypes", value=["2", 0]))),
    once("checks raise", shown(n("CheckRaises", n=1))),
    once("fingerprint", *[shown(n("Fingerprint", text=text)) for text in ("abc", "abc", "abcd")]),
    once("fingerprint linked", *[shown(n("Makes", count=3), n("Fingerprint", text="a", other=["1", 1]))] * 2),
    once("fingerprint always", *[shown(n("Always", text="abc"))] * 2),
)
FORMS = (
    *("output", "ui", "tuple", "dict", "more", "list", "text", "expand", "raise", "set", "name"),
    *("blocker", "block", "block values", "blocker alone", "silent", "nothing", "short"),
)
OUTPUTS = (
    *[once(f"returns {form}", shown(n("Returns", form=form), outputs=2)) for form in FORMS],
    once("expands", shown(n("Expands", count=3, value="x")), shown(n("Expands", count=3, value="x"))),
    once("expands a link", shown(n("Makes", count=2), n("Expands", count=1, value=["1", 1]))),
    Case("hidden", (shown(n("Hidden", n=1)),), {"extra_pnginfo": {"workflow": {"nodes": []}}}),
    once("all inputs", shown(n("Makes", count=2), n("AllInputs", n=1, other="x", linked=["1", 1], deep={"a": [1]}))),
    once("later", shown(n("Later", n=3))),
    once("nothing", {"1": n("Nothing", value=3)}),
    once(
        "not the same",
        {
            "1": n("Same", n=1),
            "2": n("Same", n=1),
            "3": n("ShowText", value=["1", 0]),
            "4": n("ShowText", value=["2", 0]),
        },
    ),
)
LISTS = (
    once("lists mapped", shown(n("Makes", count=3), n("Adds", a=["1", 0], b=10))),
    once("lists whole", shown(n("Makes", count=3), n("Whole", numbers=["1", 0], scale=4))),
    once(
        "lists whole opened",
        shown(n("Makes", count=2), n("Whole", numbers=1, scale=4, parts__part0=["1", 0], mode="on", mode__n=3)),
    ),
    once("lists whole of literals", shown(n("Whole", numbers=1, scale=2))),
    once("lists grown", shown(n("Makes", count=2), n("Grow", items__item0=["1", 0], items__item1=2, n=3))),
)
SHOWN = tuple(
    once(f"shown {what}", {"1": n("Shows", what=what)})
    for what in (
        "image",
        "mask",
        "audio",
        "text",
        "video",
        "scene",
        "saved",
        "apng",
        "webp",
        "flac",
        "mp3",
        "opus",
        "plain",
    )
)


def video(frames: int = 20, sound: bool = False, **look: Any) -> Prompt:
    looked = {"video": ["1", 0], "format": "auto", "codec": "auto", "start": 0.0, "length": 0.0, **look}
    return shown(n("MakeVideo", frames=frames, sound=sound), n("LookAtVideo", **looked))


VIDEO = (
    once("video", video()),
    once("video with sound", video(sound=True)),
    once("video matroska", video(sound=True, format="mkv")),
    once("video webm", video(sound=True, format="webm")),
    once("video trimmed", video(sound=True, start=0.5, length=1.0)),
    once("video from the end", video(start=-0.5)),
    once("video wrong", video(format="webm", codec="h264")),
)
TOGETHER = (
    once("derived", shown(n("Base", n=2)), shown(n("Derived", n=2))),
    once("reads", shown(n("Reads", name="V3 Base"))),
)
CASES_OF = {
    "v3_inputs": INPUTS,
    "v3_growing": GROWING,
    "v3_choices": CHOICES,
    "v3_lazy": LAZY,
    "v3_checks": CHECKS,
    "v3_outputs": OUTPUTS,
    "v3_lists": LISTS,
    "v3_shown": SHOWN,
    "v3_video": VIDEO,
    "v3_together": TOGETHER,
}
CASES = tuple(case for cases in CASES_OF.values() for case in cases)
# Where it is ComfyUI itself that speaks of what is wrong; the words are its own and not recorded.
OWN_WORDS = frozenset({"returns expand", "returns list", "returns text", "returns set", "video wrong"})
