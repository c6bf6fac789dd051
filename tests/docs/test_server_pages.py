"""docs/client.md and docs/api.md are true: their examples run against a server, and the routes they name are there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.formats import read_workflow, to_api
from runtime.engine import builtin_registry
from serving.openapi import describe
from serving.routing import collect_routes
from tests.docs.examples import ROOT, run_text
from tests.serving.live_server import LiveServer, live_server

CLIENT, API = ROOT / "docs" / "client.md", ROOT / "docs" / "api.md"
DEFAULT = "http://127.0.0.1:8188"
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`")
SECONDARY = re.compile(r"/api/v1/files|/assets|/extensions|/i18n|/internal|/experiment|/v2|/users|/logs|/node_|/system")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with the built-in model."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "models").symlink_to(ROOT / "models")
    with live_server(folder) as found:
        found.wait_until_ready()
        yield found


def test_examples_of_the_client_run(server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads((ROOT / "workflows" / "text_to_image.json").read_text())
    api = to_api(read_workflow(document, builtin_registry().find))
    (tmp_path / "workflow_api.json").write_text(json.dumps(api))
    monkeypatch.chdir(tmp_path)
    run_text(CLIENT.read_text(encoding="utf-8").replace(DEFAULT, server.url), CLIENT)
    assert (tmp_path / "picture.png").stat().st_size > 1000


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_commands_of_the_api_page_are_answered_in_json(server: LiveServer) -> None:
    text = API.read_text(encoding="utf-8").replace(DEFAULT, server.url)
    answers = [answer for block in SHELL.findall(text) for answer in _run(block)]
    assert len(answers) == 7
    assert "node_errors" in answers[0]
    assert answers[1]["error"]["type"]
    assert answers[5]["jobs"][0]["priority"] == 5
    assert not answers[6]["paused"]


def test_routes_of_the_api_page_are_those_of_the_server() -> None:
    named = {(method.lower(), path) for method, path in ROUTE.findall(API.read_text(encoding="utf-8"))}
    paths = describe(collect_routes(), "1")["paths"]
    there = {(method, path) for path, item in paths.items() for method in item if method != "servers"}
    assert named <= there
    assert {each for each in there - named if each[1].startswith("/api/v1/") and not SECONDARY.match(each[1])} == set()


def _run(block: str) -> Iterator[dict[str, object]]:
    """Run the commands of a block one after the other; yield their answers."""
    for command in re.split(r"\n(?=curl )", block.strip()):
        found = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True, timeout=60)
        yield json.loads(found.stdout)
