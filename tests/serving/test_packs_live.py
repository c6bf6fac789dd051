"""Packs in a real server with a real worker: they come, change and go while it runs, and none takes it along."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from tests.serving.live_server import START_S, LiveServer, live_server

NODE = """
from graph.spec import node

@node(category="test")
def {name}({input}: int = 1) -> int:
    return {input} * {factor}
"""
CLASS = """
import folder_paths

class Drizzle:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "fall"

    def fall(self, value):
        return (value * 11,)

NODE_CLASS_MAPPINGS = {"Drizzle": Drizzle}
"""
GARBLE = """
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice
from typing import Annotated

@node(category="test", output=True)
def Garble(way: Annotated[str, Choice(("\\udcfe", "show", "fail"))], *, run: Run) -> None:
    run.show("text\\udcff", ["name\\udcff.png"])
    if way == "fail":
        raise ValueError("name\\udcff.png")
"""
GATE = "import os, time\nwhile not os.path.exists({gate!r}):\n    time.sleep(0.01)\n"


def rain(factor: object = 2, input: str = "value") -> str:
    return NODE.format(name="Rain", input=input, factor=factor)


class Place:
    """A server's folder and the server."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.packs = base / "custom_nodes"
        self.server: LiveServer

    def write(self, name: str, text: str) -> None:
        """Write a file of a pack, as editors do: it is whole at once."""
        path = self.packs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)

    def report(self, name: str) -> dict[str, Any]:
        """Return what became of a pack."""
        return {report["name"]: report for report in self.server.get("/api/v1/packs")["packs"]}.get(name, {})

    def wait_for(self, name: str, state: str | None) -> dict[str, Any]:
        """Wait until a pack stands somewhere; None: until it is gone."""

        def is_right(answer: dict[str, Any]) -> bool:
            return {report["name"]: report["state"] for report in answer["packs"]}.get(name) == state

        self.server.wait_for("/api/v1/packs", is_right)
        return self.report(name)

    def shown(self, prompt: dict[str, Any]) -> str:
        """Run a prompt; return the text that its node `show` shows."""
        entry = self.server.wait_until_over(self.server.queue(prompt))
        assert entry["status"]["status_str"] == "success", entry
        return str(entry["outputs"]["show"]["text"][0])

    def events(self) -> Queue[dict[str, Any]]:
        """Return what clients are told from now on."""
        heard: Queue[dict[str, Any]] = Queue()
        stream = urllib.request.urlopen(f"{self.server.url}/api/v1/events", timeout=START_S)

        def read() -> None:
            for line in stream:
                if line.startswith(b"data: "):
                    heard.put(json.loads(line[6:]))

        threading.Thread(target=read, daemon=True).start()  # it ends with the server
        return heard

    @staticmethod
    def wait_for_event(heard: Queue[dict[str, Any]], kind: str) -> Any:
        """Return the data of the next event of a kind."""
        while True:
            event = heard.get(timeout=START_S)
            if event["type"] == kind:
                return event["data"]


def showing(kind: str, **inputs: Any) -> dict[str, Any]:
    return {
        "one": {"class_type": kind, "inputs": inputs},
        "show": {"class_type": "PreviewAny", "inputs": {"source": ["one", 0]}},
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server whose packs behave in every way that they should not."""
    place = Place(tmp_path_factory.mktemp("base"))
    place.write("rain/__init__.py", rain())
    place.write("rain/pyproject.toml", '[tool.weft]\nversion = "1.0"\nweb = "js"')
    place.write("rain/js/rain.js", "export const rain = 1")
    place.write("ComfyUI-Drizzle/__init__.py", CLASS)
    place.write("bad/__init__.py", "\nimport not_there_at_all")
    place.write("exits.py", "import sys\nsys.exit(0)")
    place.write("floods.py", "print('x' * 100 + '\\n' * 50_000)\n" + NODE.format(name="Flood", input="a", factor=1))
    place.write("greedy.py", "import torch\ntorch.set_default_dtype(torch.float16)\n"
                + NODE.format(name="Greedy", input="a", factor=1))  # fmt: skip
    place.write("twice.py", rain(9))
    place.write("slow.py", GATE.format(gate=str(place.base / "gate")) + NODE.format(name="Slow", input="a", factor=1))
    with live_server(place.base) as server:
        place.server = server
        server.wait_until_ready()
        yield place


def test_each_pack_is_reported_and_the_rest_works(place: Place) -> None:
    states = {report["name"]: report["state"] for report in place.server.get("/api/v1/packs")["packs"]}
    expected = {"bad": "failed", "exits": "failed", "floods": "loaded", "greedy": "loaded", "rain": "loaded"}
    assert {name: states[name] for name in expected} == expected
    assert states["twice"] == "failed"
    assert place.report("rain") | {"seconds": 0} == {
        "name": "rain",
        "path": str(place.packs / "rain"),
        "version": "1.0",
        "kind": "weft",
        "state": "loaded",
        "seconds": 0,
        "nodes": ["Rain"],
        "problems": [],
        "notes": [],
    }
    (problem,) = place.report("bad")["problems"]
    assert (problem["file"], problem["line"]) == (str(place.packs / "bad" / "__init__.py"), 2)
    assert "pip install not_there_at_all" in problem["remedy"]
    assert "Traceback" in problem["traceback"]
    assert "lines while it was loaded" in place.report("floods")["notes"][0]
    assert "torch.float16; that was put back" in place.report("greedy")["notes"][0]
    assert "belongs to the pack rain" in place.report("twice")["problems"][0]["message"]
    assert place.shown(showing("Rain", value=4)) == "8"


def test_the_terminal_names_what_is_wrong(place: Place) -> None:
    place.server.wait_for("/health", lambda _: any("bad" in line and ":2" in line for line in place.server.said))
    said = "\n".join(place.server.said)
    assert "Node packs: " in said
    assert "pip install not_there_at_all" in said
    assert len(place.server.said) < 500, "a flood is bounded"


def test_names_of_files_that_are_no_text_stop_neither_the_queue_nor_the_palette(place: Place) -> None:
    place.write("garble.py", GARBLE)
    place.wait_for("garble", "loaded")
    assert place.server.get("/object_info")["Garble"]["input"]["required"]["way"][0] == ["?", "show", "fail"]
    ends = {}
    for way in ("show", "fail"):
        job_id = place.server.queue({"1": {"class_type": "Garble", "inputs": {"way": way}}})
        ends[way] = place.server.wait_until_over(job_id)
    assert ends["show"]["outputs"] == {"1": {"text?": ["name?.png"]}}
    assert dict(ends["fail"]["status"]["messages"])["execution_error"]["exception_message"] == "ValueError: name?.png"


def test_one_that_takes_long_is_waited_for_by_nobody(place: Place) -> None:
    assert place.report("slow")["state"] == "loading"
    heard = place.events()
    (place.base / "gate").touch()
    assert place.wait_for_event(heard, "node_types_changed")["added"] == ["Slow"]
    assert place.wait_for("slow", "loaded")["nodes"] == ["Slow"]
    assert place.shown(showing("Slow", a=3)) == "3"


def test_scripts_of_packs_are_served(place: Place) -> None:
    assert "/extensions/rain/rain.js" in place.server.get("/extensions")
    with urllib.request.urlopen(f"{place.server.url}/extensions/rain/rain.js") as answer:
        assert answer.read() == b"export const rain = 1"


def test_a_saved_file_is_loaded_at_once_and_open_editors_hear_of_it(place: Place) -> None:
    place.write("hail.py", rain(2).replace("Rain", "Hail"))
    place.wait_for("hail", "loaded")
    assert place.shown(showing("Hail", value=5)) == "10"
    heard = place.events()
    place.write("hail.py", rain(3, "drops").replace("Rain", "Hail"))
    told = place.wait_for_event(heard, "node_types_changed")
    assert told == {"added": [], "changed": ["Hail"], "removed": []}
    inputs = place.server.get("/object_info/Hail")["Hail"]["input"]["required"]
    assert list(inputs) == ["drops"]
    assert place.shown(showing("Hail", drops=5)) == "15"
    refusal = place.server.post("/prompt", {"prompt": showing("Hail", drops="many")})
    assert refusal["node_errors"]["one"]["errors"]


def test_a_pack_for_comfyui_is_loaded_again_too(place: Place) -> None:
    assert place.report("ComfyUI-Drizzle")["kind"] == "comfyui"
    assert place.shown(showing("Drizzle", value=2)) == "22"
    heard = place.events()
    place.write("ComfyUI-Drizzle/__init__.py", CLASS.replace("* 11", "* 12"))
    assert "ComfyUI-Drizzle" in place.wait_for_event(heard, "packs_changed")["changed"]
    assert place.shown(showing("Drizzle", value=2)) == "24"


def test_results_of_code_from_before_are_not_used(place: Place) -> None:
    place.write("fog.py", rain("(1 + 1)").replace("Rain", "Fog"))
    place.wait_for("fog", "loaded")
    assert [place.shown(showing("Fog", value=5)) for _ in range(2)] == ["10", "10"]
    heard = place.events()
    place.write("fog.py", rain("(1 + 3)").replace("Rain", "Fog"))
    assert "fog" in place.wait_for_event(heard, "packs_changed")["changed"]
    assert place.shown(showing("Fog", value=5)) == "20"


def test_a_broken_edit_leaves_the_last_good_version(place: Place) -> None:
    place.write("dew.py", rain(2).replace("Rain", "Dew"))
    place.wait_for("dew", "loaded")
    place.write("dew.py", rain("(").replace("Rain", "Dew"))
    report = place.wait_for("dew", "partly")
    assert report["nodes"] == ["Dew"]
    assert "The edit is not used" in report["problems"][0]["message"]
    assert report["problems"][0]["line"]
    assert place.shown(showing("Dew", value=2)) == "4"
    place.write("dew.py", rain(5).replace("Rain", "Dew"))
    place.wait_for("dew", "loaded")
    assert place.shown(showing("Dew", value=2)) == "10"


def test_an_edit_waits_for_the_job_that_runs(place: Place) -> None:
    place.write("mist.py", rain(2).replace("Rain", "Mist"))
    place.wait_for("mist", "loaded")
    job_id = place.server.queue({"1": {"class_type": "Count", "inputs": {"seconds": 1000}}})
    place.server.wait_for("/queue", lambda queue: queue["queue_running"])
    place.write("mist.py", rain(2, "drops").replace("Rain", "Mist"))
    end = time.monotonic() + 3  # longer than a change takes to be noticed
    while time.monotonic() < end:
        assert list(place.server.get("/object_info/Mist")["Mist"]["input"]["required"]) == ["value"]
    place.server.post("/interrupt", {})
    place.server.wait_until_over(job_id)
    place.server.wait_for("/object_info/Mist", lambda found: "drops" in found["Mist"]["input"]["required"])


def test_packs_that_are_removed_go(place: Place) -> None:
    place.write("frost/__init__.py", rain().replace("Rain", "Frost"))
    place.wait_for("frost", "loaded")
    for path in (place.packs / "frost").rglob("*"):
        if path.is_file():
            path.unlink()
    (place.packs / "frost").rename(place.base / "frost")
    place.wait_for("frost", None)
    assert place.server.get("/object_info/Frost") == {}


def test_one_that_ends_the_worker_is_left_out_until_it_changes(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write("crash.py", "import os\nos.kill(os.getpid(), 11)")
    place.write("rain.py", rain())
    with live_server(tmp_path) as server:
        place.server = server
        server.wait_until_ready()
        report = place.wait_for("crash", "disabled")
        assert "SIGSEGV" in report["problems"][0]["message"]
        assert place.shown(showing("Rain", value=1)) == "2"
        pid = server.worker().pid
        place.write("crash.py", rain().replace("Rain", "Mended"))
        place.wait_for("crash", "loaded")
        assert place.shown(showing("Mended", value=1)) == "2"
        assert server.worker().pid == pid
