"""The editor reads and writes documents as the engine does: vitest compares both on the official templates."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from graph.describe import describe_all
from graph.formats.editor_document import EditorGraph, read_document
from graph.formats.widget_values import named_values
from graph.registry import Registry
from runtime.engine import open_studio
from runtime.settings import Settings
from tests.embedded import png_info, webp_exif

WEB = Path(__file__).resolve().parents[2] / "web"
VITEST = WEB / "node_modules" / "vitest" / "vitest.mjs"

PACKAGE = find_spec("comfyui_workflow_templates_json")

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js"),
    pytest.mark.skipif(not VITEST.exists(), reason="run `npm ci` in web/ first"),
]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return open_studio(Settings(base=tmp_path_factory.mktemp("base"), device="cpu")).registry


def templates() -> Iterator[tuple[str, Any]]:
    """Yield names and documents of the official workflows."""
    for path in sorted(folder().glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document, dict) and "nodes" in document:
            yield path.name, document


def folder() -> Path:
    locations = PACKAGE.submodule_search_locations if PACKAGE is not None else None
    return Path(*(locations or ())[:1], "templates")


def values_of(graph: EditorGraph, level: str, registry: Registry) -> dict[str, dict[str, Any]]:
    """Return the values of the nodes of known types on one level, by `level/node`."""
    nodes = ((node, registry.find(node.type)) for node in graph.nodes.values())
    return {f"{level}/{node.id}": named_values(node, spec) for node, spec in nodes if spec is not None}


def document_values(document: Any, registry: Registry) -> dict[str, dict[str, Any]]:
    read = read_document(document)
    found = values_of(read.root, "", registry)
    for level, graph in read.definitions.items():
        found |= values_of(graph, level, registry)
    return found


@pytest.mark.skipif(PACKAGE is None, reason="pip install comfyui-workflow-templates-json")
def test_official_templates_are_read_as_the_engine_reads_them_and_saved_as_they_were(
    registry: Registry, tmp_path: Path
) -> None:
    documents = dict(templates())
    values = {name: document_values(document, registry) for name, document in documents.items()}
    expected = tmp_path / "values.json"
    expected.write_text(json.dumps({"object_info": describe_all(registry), "values": values}))
    run_vitest("tests/core/formats/templates.test.ts", WEFT_VALUES=str(expected), WEFT_TEMPLATES=str(folder()))
    assert sum(len(nodes) for nodes in values.values()) > 1000


DOCUMENTS = {
    "prompt": {"3": {"class_type": "Übersicht “日本”", "inputs": {"text": "{a|b}: c"}}},
    "workflow": {"nodes": [{"id": 1, "type": "A", "title": "🎨"}], "links": []},
}


def test_workflows_in_pictures_are_found_as_the_engine_writes_them(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 8))
    texts = {name: json.dumps(document) for name, document in DOCUMENTS.items()}
    letters = {name: json.dumps(document, ensure_ascii=False) for name, document in DOCUMENTS.items()}
    picture.save(tmp_path / "plain.png", pnginfo=png_info(texts))
    picture.save(tmp_path / "letters.png", pnginfo=png_info(letters))
    picture.save(tmp_path / "plain.webp", exif=webp_exif(texts))
    picture.save(tmp_path / "lossless.webp", exif=webp_exif(texts), lossless=True)
    picture.save(tmp_path / "plain.jpg", exif=webp_exif(texts))
    (tmp_path / "expected.json").write_text(json.dumps(DOCUMENTS))
    run_vitest("tests/core/files", WEFT_PICTURES=str(tmp_path))


def run_vitest(path: str, **variables: str) -> None:
    command = ["node", str(VITEST), "run", path, "--testTimeout", "300000"]
    ran = subprocess.run(command, cwd=WEB, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
