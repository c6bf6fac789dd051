"""The packs of these tests do through the server's HTTP API and its messages what they did in ComfyUI 0.33."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from tests.compat import test_cases as first
from tests.compat.cases import CASES, FACTS, PACKS, RECORDED, Case
from tests.compat.record import runs
from tests.compat.v3 import cases as third
from tests.compat.v3 import test_cases as v3
from tests.compat.v3.record import settled
from tests.serving.live_server import LiveServer, live_server

HISTORY = ("outputs", "meta")
OTHERWISE = v3.KINDER | v3.STRICTER.keys() | v3.TOLD_ELSEWHERE


class Place(NamedTuple):
    """A server, and the folder of its packs."""

    server: LiveServer
    packs: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    base: Path = tmp_path_factory.mktemp("base")
    for name in (*RECORDED, *third.PACKS):
        shutil.copytree(PACKS / name, base / "custom_nodes" / name, ignore=shutil.ignore_patterns("__pycache__"))
    with live_server(base) as server:
        server.wait_until_ready()
        yield Place(server, base / "custom_nodes")


def facts_of(folder: Path, name: str) -> Mapping[str, Any]:
    return json.loads((folder / f"{name}.json").read_text())


def test_object_info_is_what_comfyui_answers(place: Place) -> None:
    told = place.server.get("/object_info")
    facts = {**facts_of(FACTS, "object_info"), **facts_of(third.FACTS, "object_info")}
    for name in facts.keys() - first.LEFT_OUT:
        assert told[name] == facts[name], name
    assert told.keys().isdisjoint(first.LEFT_OUT)


def run_all(place: Place, cases: Iterable[Case]) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        async with aiohttp.ClientSession(place.server.url) as session:
            return {case.name: await runs(session, case, pause_s=0) for case in cases}

    return asyncio.run(ask())


def differences(
    told: Mapping[str, Any], facts: Mapping[str, Any], case: Case, comparable: Callable[[Any, Case], dict[str, Any]]
) -> list[Any]:
    """Return what was told and what was to be told, where these are not the same."""
    pairs = zip(told[case.name], facts[case.name], strict=True)
    compared = [(comparable(found, case), comparable(fact, case)) for found, fact in pairs]
    return [(case.name, *pair) for pair in compared if pair[0] != pair[1]]


def with_history(told: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Compare the history too; what nodes in an expansion show stands there under the node that expanded."""
    names = () if case.name in first.SHOWN_OUTSIDE_TOO else HISTORY
    return first.comparable(told, case) | {name: told.get(name) for name in names}


def test_classes_go_as_in_comfyui(place: Place) -> None:
    told, facts = run_all(place, CASES), facts_of(FACTS, "runs")
    same = [case for case in CASES if case.name not in first.KINDER]
    assert [each for case in same for each in differences(told, facts, case, with_history)] == []


def test_schemas_go_as_in_comfyui(place: Place) -> None:
    told, facts = settled(run_all(place, third.CASES)), facts_of(third.FACTS, "runs")
    same = [case for case in third.CASES if case.name not in OTHERWISE]
    assert [each for case in same for each in differences(told, facts, case, v3.comparable)] == []


def test_a_file_that_comes_later_is_offered_and_taken(place: Place) -> None:
    prompt = {
        "1": {"class_type": "T Uploads", "inputs": {"file": "late.txt", "video": "one.txt"}},
        "2": {"class_type": "T ShowAll", "inputs": {"value": ["1", 0]}},
    }
    refused = place.server.post("/prompt", {"prompt": prompt})
    assert [error["type"] for error in refused["node_errors"]["1"]["errors"]] == ["value_not_in_list"]
    (place.packs / "described" / "late.txt").touch()
    entry = place.server.wait_until_over(place.server.queue(prompt))
    assert entry["outputs"] == {"2": {"text": ["['late.txt one.txt']"]}}
    for path in ("/object_info", "/object_info/T%20Uploads"):
        described = place.server.get(path)["T Uploads"]["input"]["required"]
        assert described["file"][0] == ["late.txt", "one.txt", "two.txt"]


def test_a_pack_with_broken_classes_says_so(place: Place) -> None:
    (report,) = [each for each in place.server.get("/api/v1/packs")["packs"] if each["name"] == "broken"]
    assert (report["state"], report["nodes"], len(report["problems"])) == ("partly", ["T Right"], 5)
