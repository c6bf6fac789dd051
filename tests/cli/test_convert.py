"""Converting workflows between ComfyUI's API format and its editor's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cli.app import app
from tests.embedded import png_info, webp_exif

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
PROMPT = {"1": {"class_type": "LoadCheckpoint", "inputs": {"ckpt_name": "a.safetensors"}, "_meta": {"title": "Mine"}}}
EDITOR = {
    "nodes": [{"id": 1, "type": "EmptyLatentImage", "widgets_values": [64, 32, 1], "color": "#232"}],
    "links": [],
    "extra": {"ds": {"scale": 0.5}},
    "only others know this": [1, None],
}


def weft(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def converted(file: Path, to: str) -> Any:
    result = weft("convert", file, "--to", to)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def saved(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def picture(path: Path, **documents: Any) -> Path:
    texts = {name: json.dumps(document) for name, document in documents.items()}
    image = Image.new("RGB", (8, 8))
    image.save(path, pnginfo=png_info(texts)) if path.suffix == ".png" else image.save(path, exif=webp_exif(texts))
    return path


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_means_the_same_after_the_way_to_the_editor_and_back(file: Path, tmp_path: Path) -> None:
    sent = converted(file, "api")
    drawn = converted(saved(tmp_path / "api.json", sent), "editor")
    assert converted(saved(tmp_path / "editor.json", drawn), "api") == sent


def test_an_editor_document_stays_as_it_is_with_what_only_other_programs_know(tmp_path: Path) -> None:
    assert converted(saved(tmp_path / "editor.json", EDITOR), "editor") == EDITOR


def test_what_the_editor_sends_holds_both_forms(tmp_path: Path) -> None:
    body = {"prompt": PROMPT, "extra_data": {"extra_pnginfo": {"workflow": EDITOR}}}
    file = saved(tmp_path / "body.json", body)
    assert converted(file, "editor") == EDITOR
    assert converted(file, "api") == PROMPT


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.jpg"])
def test_a_picture_gives_each_form_as_it_was_embedded(name: str, tmp_path: Path) -> None:
    file = picture(tmp_path / name, prompt=PROMPT, workflow=EDITOR)
    assert converted(file, "editor") == EDITOR
    assert converted(file, "api") == PROMPT


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.jpg"])
def test_a_picture_with_one_form_gives_the_other_too(name: str, tmp_path: Path) -> None:
    drawn = converted(picture(tmp_path / name, prompt=PROMPT), "editor")
    assert [node["title"] for node in drawn["nodes"]] == ["Mine"]
    sent = converted(picture(tmp_path / name, workflow=EDITOR), "api")
    assert sent["1"]["inputs"] == {"width": 64, "height": 32, "batch_size": 1}


def test_numbers_that_are_no_json_become_null(tmp_path: Path) -> None:
    text = '{"1": {"class_type": "A", "inputs": {"x": NaN}, "is_changed": [NaN]}}'
    assert converted(saved(tmp_path / "a.json", text), "api")["1"]["is_changed"] == [None]


def test_texts_keep_their_letters(tmp_path: Path) -> None:
    for text in ("grüne Häuser 緑の家", "half \ud83d"):
        document = {"1": {"class_type": "CLIPTextEncode", "inputs": {"text": text}}}
        assert converted(saved(tmp_path / "a.json", document), "api")["1"]["inputs"]["text"] == text


VIRTUAL = {
    "nodes": [
        {"id": 1, "type": "PrimitiveNode", "outputs": [{"name": "INT", "type": "INT"}], "widgets_values": [9, "fixed"]},
        {"id": 2, "type": "EmptyLatentImage", "outputs": [{"name": "LATENT", "type": "LATENT"}],
         "inputs": [{"name": "width", "type": "INT", "link": 1, "widget": {"name": "width"}}],
         "widgets_values": [512, 64, 1]},
        {"id": 3, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 2}],
         "outputs": [{"name": "", "type": "LATENT"}]},
        {"id": 4, "type": "LatentFlip", "mode": 4, "inputs": [{"name": "samples", "type": "LATENT", "link": 3}],
         "outputs": [{"name": "LATENT", "type": "LATENT"}], "widgets_values": ["x-axis: vertically"]},
        {"id": 5, "type": "VAELoader", "mode": 2, "outputs": [{"name": "VAE", "type": "VAE"}], "widgets_values": ["v"]},
        {"id": 6, "type": "VAEDecode", "inputs": [{"name": "samples", "type": "LATENT", "link": 4},
                                                  {"name": "vae", "type": "VAE", "link": 5}]},
        {"id": 7, "type": "Note", "widgets_values": ["read me"]},
    ],
    "links": [[1, 1, 0, 2, 0, "INT"], [2, 2, 0, 3, 0, "*"], [3, 3, 0, 4, 0, "LATENT"], [4, 4, 0, 6, 0, "LATENT"],
              [5, 5, 0, 6, 1, "VAE"]],
}  # fmt: skip


def test_what_only_the_editor_knows_is_resolved(tmp_path: Path) -> None:
    sent = converted(saved(tmp_path / "virtual.json", VIRTUAL), "api")
    assert {node_id: (node["class_type"], node["inputs"]) for node_id, node in sent.items()} == {
        "2": ("EmptyLatentImage", {"width": 9, "height": 64, "batch_size": 1}),
        "6": ("VAEDecode", {"samples": ["2", 0]}),
    }


def unknown(values: Any, *widgets: str) -> dict[str, Any]:
    slots = [{"name": name, "type": "*", "link": None, "widget": {"name": name}} for name in widgets]
    image = {"name": "image", "type": "IMAGE", "link": 1}
    load = {"id": 1, "type": "LoadThing", "outputs": [{"name": "IMAGE", "type": "IMAGE"}]}
    blend = {"id": 2, "type": "BlendThing", "inputs": [image, *slots], "widgets_values": values}
    return {"nodes": [load, blend], "links": [[1, 1, 0, 2, 0, "IMAGE"]]}


@pytest.mark.parametrize(
    ("document", "values"),
    [
        (unknown({"seed": 7, "mode": "soft"}), {"seed": 7, "mode": "soft"}),
        (unknown([7, "soft"], "seed", "mode"), {"seed": 7, "mode": "soft"}),
        (unknown([7, "randomize", "soft"], "seed", "mode"), {"seed": 7, "mode": "soft"}),
    ],
)
def test_an_unknown_node_type_keeps_links_and_values_with_names(document: Any, values: Any, tmp_path: Path) -> None:
    result = weft("convert", saved(tmp_path / "a.json", document), "--to", "api")
    assert result.stderr == ""
    assert json.loads(result.stdout)["2"]["inputs"] == {**values, "image": ["1", 0]}


def test_values_of_an_unknown_node_type_without_names_are_told(tmp_path: Path) -> None:
    result = weft("convert", saved(tmp_path / "a.json", unknown([7, "soft", 3], "seed")), "--to", "api")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["2"]["inputs"] == {"image": ["1", 0]}
    assert result.stderr.startswith("BlendThing #2: this node type is not known here")
    assert "7, 'soft', 3" in result.stderr


def test_an_unknown_node_type_is_drawn_and_told(tmp_path: Path) -> None:
    sent = {
        "1": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "2": {"class_type": "BlendThing", "inputs": {"latent": ["1", 0], "amount": 0.5}},
    }
    result = weft("convert", saved(tmp_path / "a.json", sent), "--to", "editor")
    assert result.exit_code == 0
    assert "BlendThing #2" in result.stderr
    assert "EmptyLatentImage" not in result.stderr
    back = converted(saved(tmp_path / "b.json", json.loads(result.stdout)), "api")
    assert {node_id: node["inputs"] for node_id, node in back.items()} == {
        node_id: node["inputs"] for node_id, node in sent.items()
    }


def test_the_value_of_an_upload_button_is_no_input(tmp_path: Path) -> None:
    for name in ("upload", "choose file to upload"):
        sent = {"1": {"class_type": "LoadImage", "inputs": {"image": "a.png", name: "image"}}}
        result = weft("convert", saved(tmp_path / "a.json", sent), "--to", "editor")
        assert result.stderr == ""
        assert json.loads(result.stdout)["nodes"][0]["widgets_values"] == ["a.png", "image"]


def test_group_nodes_of_older_editors_are_refused_with_a_remedy(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.json", {"nodes": [{"id": 37, "type": "workflow>Sampler"}], "links": []})
    result = weft("convert", file, "--to", "api")
    assert result.exit_code == 2
    assert "#37 is the group node workflow>Sampler" in result.stderr
    assert weft("convert", file, "--to", "editor").exit_code == 0


def test_saved_values_that_fit_no_widget_are_told(tmp_path: Path) -> None:
    document = {"nodes": [{"id": 1, "type": "EmptyLatentImage", "widgets_values": [64, 32, 1, 99]}], "links": []}
    result = weft("convert", saved(tmp_path / "a.json", document), "--to", "api")
    assert "EmptyLatentImage #1: 1 of its 4 saved values" in result.stderr


def test_a_workflow_in_which_nothing_runs_is_told(tmp_path: Path) -> None:
    document = {"nodes": [{"id": 1, "type": "Note", "widgets_values": ["hello"]}], "links": []}
    result = weft("convert", saved(tmp_path / "a.json", document), "--to", "api")
    assert json.loads(result.stdout) == {}
    assert "No node of this workflow runs" in result.stderr


@pytest.mark.parametrize("to", ["api", "editor"])
@pytest.mark.parametrize("content", ["", "[]", "{}", '{"a": 1}', "no json", '{"nodes": [', "[" * 100_000])
def test_what_is_no_workflow_is_refused_with_a_sentence(content: str, to: str, tmp_path: Path) -> None:
    result = weft("convert", saved(tmp_path / "a.json", content), "--to", to)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.strip().endswith(".")
    assert "Traceback" not in result.stderr


def test_folders_missing_files_and_pictures_without_workflow_are_refused(tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "missing.json", picture(tmp_path / "plain.png"), picture(tmp_path / "plain.jpg")):
        result = weft("convert", file, "--to", "api")
        assert result.exit_code == 2
        assert file.name in result.stderr


def test_a_link_to_a_missing_node_cannot_be_drawn(tmp_path: Path) -> None:
    sent = {"1": {"class_type": "VAEDecode", "inputs": {"samples": ["9", 0]}}}
    result = weft("convert", saved(tmp_path / "a.json", sent), "--to", "editor")
    assert result.exit_code == 2
    assert "there is no node #9" in result.stderr


def test_the_output_file_is_written_whole_and_replaces_an_older_one(tmp_path: Path) -> None:
    source, target = saved(tmp_path / "a.json", EDITOR), saved(tmp_path / "b.json", "old")
    target.chmod(0o640)
    result = weft("convert", source, "--to", "editor", "--output", target)
    assert (result.exit_code, result.stdout.strip()) == (0, str(target))
    assert json.loads(target.read_text(encoding="utf-8")) == EDITOR
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_an_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.json", EDITOR)
    for target in (tmp_path, tmp_path / "missing" / "b.json", source / "b.json"):
        result = weft("convert", source, "--to", "editor", "--output", target)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"--output {target}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_picture_is_never_replaced_by_json(tmp_path: Path) -> None:
    file = picture(tmp_path / "a.png", prompt=PROMPT)
    before = file.read_bytes()
    assert weft("convert", file, "--to", "api", "--output", file).exit_code == 2
    assert file.read_bytes() == before
