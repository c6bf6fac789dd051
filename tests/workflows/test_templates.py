"""Each template is read, valid and runs: on random networks quickly, on the built-in model with few steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from graph.formats import parse, read_workflow, to_api
from graph.validate import validate
from graph.workflow import Workflow
from runtime.engine import Studio, open_studio
from runtime.settings import Settings
from tests.tiny_checkpoint import write_tiny_lora

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "workflows").glob("*.json"))
MODEL = ROOT / "models" / "checkpoints" / "weft-demo.safetensors"
LORA = ROOT / "models" / "loras" / "weft-night.safetensors"
PICTURES = {
    "for_loop": 4,
    "forward_noising": 8,
    "image_to_image": 1,
    "inpaint": 1,
    "lora": 2,
    "prompt_weights": 3,
    "reverse_denoising": 8,
    "text_to_image": 1,
    "two_pass": 2,
}
EDITOR_ONLY = {"Note", "MarkdownNote"}
OpenStudio = Callable[[Path], Studio]

each_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)


@pytest.fixture
def open_with(tmp_path: Path) -> OpenStudio:
    """Return a function that opens a studio on a copy of the example pictures and one checkpoint."""

    def open_on(checkpoint: Path) -> Studio:
        folder = tmp_path / "models" / "checkpoints"
        folder.mkdir(parents=True)
        (folder / MODEL.name).symlink_to(checkpoint)
        loras = tmp_path / "models" / "loras"
        loras.mkdir()
        if checkpoint == MODEL:
            (loras / LORA.name).symlink_to(LORA)
        else:
            write_tiny_lora(loras / LORA.name)
        shutil.copytree(ROOT / "input", tmp_path / "input")
        return open_studio(Settings(base=tmp_path, device="cpu"))

    return open_on


def few_steps(workflow: Workflow, steps: int) -> Workflow:
    """Let every KSampler take so many steps; KSamplerAdvanced nodes share a schedule and are left alone."""
    for node in workflow.nodes.values():
        if node.type == "KSampler":
            workflow = workflow.with_input(node.id, "steps", steps)
    return workflow


def read(template: Path, studio: Studio) -> Workflow:
    return read_workflow(parse(template.read_text()), studio.registry.find)


def run(workflow: Workflow, studio: Studio) -> list[np.ndarray]:
    """Run a workflow; return the pictures that it saved, in the order in which it shows them."""
    result = studio.engine.run(workflow, prompt=to_api(workflow))
    shown = [item for shows in result.ui.values() for item in shows["images"]]
    return [np.asarray(Image.open(studio.folders.output / item["subfolder"] / item["filename"])) for item in shown]


def test_all_templates_are_there() -> None:
    assert [path.stem for path in TEMPLATES] == sorted(PICTURES)


@each_template
def test_a_template_is_valid(template: Path, open_with: OpenStudio, tiny_checkpoint: Path) -> None:
    studio = open_with(tiny_checkpoint)
    assert validate(read(template, studio), studio.registry, names=studio.names) == ()


@each_template
def test_a_template_runs_and_saves_its_pictures(template: Path, open_with: OpenStudio, tiny_checkpoint: Path) -> None:
    studio = open_with(tiny_checkpoint)
    pictures = run(few_steps(read(template, studio), 2), studio)
    assert len(pictures) == PICTURES[template.stem]
    assert {picture.shape for picture in pictures} <= {(128, 128, 3), (192, 192, 3)}


@each_template
def test_a_saved_picture_carries_its_workflow(template: Path, open_with: OpenStudio, tiny_checkpoint: Path) -> None:
    studio = open_with(tiny_checkpoint)
    workflow = few_steps(read(template, studio), 1)
    run(workflow, studio)
    for path in studio.folders.output.iterdir():
        with Image.open(path) as picture:
            again = read_workflow(parse(picture.text["prompt"]), studio.registry.find)  # type: ignore[attr-defined]
        assert again == workflow


@each_template
def test_links_agree_at_both_ends(template: Path) -> None:
    document = parse(template.read_text())
    nodes = {node["id"]: node for node in document["nodes"]}
    for link, source, output, target, place, kind in document["links"]:
        assert link in nodes[source]["outputs"][output]["links"]
        assert nodes[target]["inputs"][place]["link"] == link
        ends = {kind, nodes[source]["outputs"][output]["type"], nodes[target]["inputs"][place]["type"]}
        assert len(ends - {"*"}) <= 1
    assert document["last_node_id"] == max(nodes)
    assert document["last_link_id"] == max(link[0] for link in document["links"])


@each_template
def test_nodes_do_not_overlap_and_one_note_explains(template: Path) -> None:
    nodes: list[dict[str, Any]] = parse(template.read_text())["nodes"]
    boxes = [(*node["pos"], *node["size"]) for node in nodes]
    for index, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, other_width, other_height in boxes[index + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height + 30 <= other_y or other_y + other_height + 30 <= y  # 30: the title
    assert sum(node["type"] in EDITOR_ONLY for node in nodes) == 1


@each_template
def test_comfyui_knows_the_nodes(template: Path) -> None:
    facts = json.loads((ROOT / "tests" / "nodes" / "data" / "comfyui_nodes.json").read_text())
    types = {node["type"] for node in parse(template.read_text())["nodes"]} - EDITOR_ONLY
    assert types - set(facts) <= {"ForwardNoise", "ForLoopStart", "ForLoopEnd"}


def test_the_built_in_model_paints_what_the_prompt_says(open_with: OpenStudio) -> None:
    assert MODEL.is_file(), f"{MODEL} is missing; train it with diffusion/train.py, or restore it from the repository."
    studio = open_with(MODEL)
    (night,) = run(few_steps(read(ROOT / "workflows" / "text_to_image.json", studio), 12), studio)
    sky = night[:20].mean(axis=(0, 1))
    assert sky.max() < 130, "the prompt asks for a night sky"


def test_the_lora_turns_the_day_of_the_prompt_into_night(open_with: OpenStudio) -> None:
    assert LORA.is_file(), f"{LORA} is missing; make it with weft train-lora night, or restore it from the repository."
    studio = open_with(MODEL)
    without, with_lora = run(few_steps(read(ROOT / "workflows" / "lora.json", studio), 12), studio)
    assert without[:8].mean() > 180, "the prompt asks for a day sky"
    assert with_lora[:8].mean() < 100, "the LoRA makes it night"


def test_the_built_in_model_keeps_what_the_inpainting_mask_leaves_out(open_with: OpenStudio) -> None:
    assert MODEL.is_file(), f"{MODEL} is missing; train it with diffusion/train.py, or restore it from the repository."
    studio = open_with(MODEL)
    (painted,) = run(few_steps(read(ROOT / "workflows" / "inpaint.json", studio), 4), studio)
    original = np.asarray(Image.open(ROOT / "input" / "weft-house.png").convert("RGB")).astype(int)
    assert abs(painted[:, :70].astype(int) - original[:, :70]).max() <= 1
    assert abs(painted[44:112, 72:122].astype(int) - original[44:112, 72:122]).max() > 1
