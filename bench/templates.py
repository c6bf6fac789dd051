"""How far the official template workflows come: which have every node type here, validate, and run without weights.

    python bench/templates.py           # prints the table; exit code 1 if a figure is below its limit
    python bench/templates.py --missing # also which node types would open most templates

Local templates are those of the PyPI package comfyui-workflow-templates-json that its index does not mark as going through
services of others (`openSource` false). A template validates if nothing is wrong with it but that files are not there.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from graph.choices import File  # noqa: E402
from graph.errors import GraphError, Problem  # noqa: E402
from graph.formats import read_workflow  # noqa: E402
from graph.formats.flatten import VIRTUAL  # noqa: E402
from graph.registry import Registry  # noqa: E402
from graph.validate import validate  # noqa: E402
from graph.workflow import Workflow  # noqa: E402
from runtime.engine import INPUT_KIND, Studio, builtin_registry, open_studio  # noqa: E402
from runtime.settings import Settings  # noqa: E402

PACKAGE = "comfyui_workflow_templates_json"
WANTED_TYPES, WANTED_RUNS = 84, 5  # of 259 local ones (0.1.123)
SHOWN_TYPES = 25
SIDE = 256  # pixels of the pictures that stand in for those of templates


@dataclass(frozen=True)
class Template:
    """A template with its node types, and what became of it."""

    name: str
    document: Mapping[str, Any]
    missing: frozenset[str]
    problems: tuple[Problem, ...] | None = None  # None: it was not read
    fault: str = ""  # why it cannot be read, or did not run
    ran: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether it has every node type and nothing is wrong with it."""
        return not self.missing and self.problems == ()


def main() -> int:
    """Look at all templates, print the table, judge."""
    registry = builtin_registry()
    templates = [examined(name, document, registry) for name, document in local_templates()]
    if not templates:
        Console().print(f"The package {PACKAGE.replace('_', '-')} is not installed.")
        return 1
    templates = [*run_those_without_weights(templates, registry)]
    show(templates)
    if "--missing" in sys.argv:
        show_missing(templates)
    complete, ran = sum(not each.missing for each in templates), sum(each.ran for each in templates)
    return 0 if complete >= WANTED_TYPES and ran >= WANTED_RUNS else 1


def local_templates() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield names and documents of the templates that need no service of others."""
    package = find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        return
    folder = Path(package.submodule_search_locations[0], "templates")
    categories = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    for template in (each for category in categories for each in category["templates"]):
        path = folder / f"{template['name']}.json"
        if template.get("openSource") is not False and path.is_file():
            yield template["name"], json.loads(path.read_text(encoding="utf-8"))


def examined(name: str, document: Mapping[str, Any], registry: Registry) -> Template:
    """Return what is missing of a template, or wrong with it."""
    missing = frozenset(kind for kind in types_of(document) if kind not in registry)
    if missing:
        return Template(name, document, missing)
    try:
        return Template(name, document, missing, tuple(validate(read_workflow(document, registry.find), registry)))
    except GraphError as error:
        return Template(name, document, missing, fault=str(error))


def types_of(document: Mapping[str, Any]) -> set[str]:
    """Return the node types of a document and its subgraphs, muted ones too."""
    subgraphs = document.get("definitions", {}).get("subgraphs", [])
    own = {subgraph["id"] for subgraph in subgraphs} | VIRTUAL
    return {node["type"] for level in (document, *subgraphs) for node in level["nodes"]} - own


def run_those_without_weights(templates: list[Template], registry: Registry) -> Iterator[Template]:
    """Run what names no file but pictures, with pictures of noise in place of theirs."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "input").mkdir()
        with open_studio(Settings(base, device="cpu"), registry=registry) as studio:
            for template in templates:
                yield run_one(template, studio) if template.is_valid else template


def run_one(template: Template, studio: Studio) -> Template:
    """Run a template if it needs no weights."""
    workflow = read_workflow(template.document, studio.registry.find)
    named = list(files_of(workflow, studio.registry))
    if any(kind != INPUT_KIND for kind, _ in named):
        return template
    for _, name in named:
        write_noise(studio.folders.input / name)
    try:
        studio.engine.run(workflow, prompt={})
    except Exception as error:  # of any node
        return Template(template.name, template.document, template.missing, template.problems, fault=str(error))
    return Template(template.name, template.document, template.missing, template.problems, ran=True)


def files_of(workflow: Workflow, registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield the kinds and names of files that nodes name."""
    for node in workflow.nodes.values():
        spec = registry.find(node.type)
        for name, value in node.inputs.items():
            socket = spec.input(name) if spec is not None else None
            if socket is not None and isinstance(socket.widget, File) and isinstance(value, str):
                yield socket.widget.kind, value


def write_noise(path: Path) -> None:
    """Write a picture with transparency."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 4), dtype=np.uint8)
    Image.fromarray(pixels[..., : 4 if path.suffix.lower() in (".png", ".webp") else 3]).save(path)


def show(templates: list[Template]) -> None:
    """Print the figures beside their limits."""
    table = Table("of the local templates", "number", "limit", title=f"{len(templates)} local official templates")
    complete = [each for each in templates if not each.missing]
    table.add_row("have every node type here", str(len(complete)), f"at least {WANTED_TYPES}")
    table.add_row("validate but for files", str(sum(each.is_valid for each in complete)), "")
    table.add_row("run, of those without weights", str(sum(each.ran for each in templates)), f"at least {WANTED_RUNS}")
    console = Console()
    console.print(table)
    for each in (each for each in complete if each.problems != () or each.fault):
        console.print(f"{each.name}: {each.fault or '; '.join(map(str, each.problems or ()))}", markup=False)


def show_missing(templates: list[Template]) -> None:
    """Print which node types are missing in most templates, and which alone keep templates out."""
    wanting = [each for each in templates if each.missing]
    often = Counter(kind for each in wanting for kind in each.missing)
    alone = Counter(next(iter(each.missing)) for each in wanting if len(each.missing) == 1)
    table = Table(
        "missing node type", "templates that want it", "that want no other", title="What would open templates"
    )
    for kind in sorted(often, key=lambda kind: (-alone[kind], -often[kind], kind))[:SHOWN_TYPES]:
        table.add_row(kind, str(often[kind]), str(alone[kind]))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
