"""The commands, on the built-in model and the shipped workflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cli.app import app
from diffusion.checkpoints.families.sd1 import UNET
from tests.tiny_checkpoint import TinyNetworks, write_state

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflows" / "text_to_image.json"


def weft(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        assert picture.size == (128, 128)
        return picture.convert("RGB").tobytes()


def test_the_shipped_workflow_writes_a_picture_that_runs_again(tmp_path: Path) -> None:
    first = weft("run", WORKFLOW, "--set", "KSampler.steps=2", "--quiet", "--output-directory", tmp_path)
    assert first.exit_code == 0, first.output
    picture = Path(first.stdout.strip())
    second = weft("run", picture, "--json", "--output-directory", tmp_path)
    again = Path(json.loads(second.stdout)["files"][0])
    assert again != picture
    assert pixels(again) == pixels(picture)


def test_a_run_to_a_node_ends_there_and_tells_what_it_gave(tmp_path: Path) -> None:
    settings = ("--set", "KSampler.steps=0", "--output-directory", tmp_path)  # a fault behind the node
    result = weft("run", WORKFLOW, "--to", "Empty latent", *settings)
    assert result.exit_code == 0, result.output
    assert '"Empty latent" (EmptyLatentImage) #4, LATENT: Latent' in result.output
    assert not list(tmp_path.iterdir())
    assert json.loads(weft("run", WORKFLOW, "--to", "4", "--json", *settings).stdout)["ran"] == ["4"]
    assert weft("run", WORKFLOW, "--to", "Emty latent", *settings).exit_code == 2


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    result = weft("run", WORKFLOW, "--set", "KSampler.steps=0", "--set", "KSampler.sampler_name=eulr")
    assert result.exit_code == 2
    assert "0 is not in 1..10000" in result.output
    assert "eulr" in result.output


@pytest.mark.parametrize(
    "setting",
    ["KSamplr.steps=3", "KSampler.stepz=3", "KSampler", "KSampler.steps=" + "9" * 5000, "KSampler.cfg=" + "[" * 5000],
)
def test_a_setting_that_fits_nothing_is_refused(setting: str) -> None:
    result = weft("run", WORKFLOW, "--set", setting)
    assert result.exit_code == 2
    assert setting in result.output or "did you mean" in result.output or "is not a" in result.output


def test_a_misspelt_node_type_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "misspelt.json"
    path.write_text('{"1": {"class_type": "KSamplr", "inputs": {}}}')
    result = weft("validate", path)
    assert result.exit_code == 2
    assert "KSampler" in result.output


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.json", b"", "a.json: This is not JSON"),
        ("a.json", b"[1]", "a.json: A workflow document is an object; this one is a list."),
        ("a.json", b'{"1": {"inputs": {}}, "2": {"class_type": 3}}', 'a.json: Node "1", class_type is missing'),
        ("a.json", '{"1": "\u00fc"}'.encode("utf-16"), "save it as UTF-8"),
        ("a.png", b"no picture", "a.png: this is neither a picture"),
    ],
)
@pytest.mark.parametrize("command", ["run", "validate"])
def test_what_is_no_workflow_is_told_with_the_name_of_the_file(
    command: str, name: str, content: bytes, part: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    result = weft(command, tmp_path / name)
    assert result.exit_code == 2
    assert part in result.stderr


def test_a_missing_file_and_a_folder_are_told_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "house.json").write_text("{}")
    missing, folder = weft("run", tmp_path / "hause.json"), weft("validate", tmp_path)
    assert (missing.exit_code, folder.exit_code) == (2, 2)
    assert 'hause.json: there is no such file; did you mean "house.json"?' in missing.stderr
    assert "this is a folder; name a workflow" in folder.stderr


@pytest.mark.parametrize("option", ["--base-directory", "--output-directory"])
def test_a_folder_that_is_a_file_is_refused_before_the_run(option: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = weft("run", WORKFLOW, option, tmp_path / "file", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["status"] == "invalid"
    assert f"{option} {tmp_path / 'file'}: " in result.stderr


def test_a_missing_model_says_where_it_belongs(tmp_path: Path) -> None:
    result = weft("run", WORKFLOW, "--base-directory", tmp_path)
    assert result.exit_code == 2
    assert f"The folder is {tmp_path / 'models' / 'checkpoints'} or " in result.stderr
    assert "put the file there" in result.stderr


def test_a_damaged_model_names_the_node_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "weft-demo.safetensors").write_bytes(b"")
    result = weft("run", WORKFLOW, "--base-directory", tmp_path, "--json", "--traceback")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["status"], document["node"]) == ("failed", "1")
    assert "weft-demo.safetensors: the file has 0 bytes" in document["problems"][0]
    assert "CheckpointError" in result.stderr
    assert not (tmp_path / "output").exists()


def test_a_checkpoint_without_text_encoders_fails_where_they_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "models" / "checkpoints" / "weft-demo.safetensors"
    path.parent.mkdir(parents=True)
    state = TinyNetworks().original_state()
    write_state(path, {key: tensor for key, tensor in state.items() if key.startswith(UNET)})
    result = weft("run", WORKFLOW, "--base-directory", tmp_path)
    assert result.exit_code == 1
    assert '"Prompt" (CLIPTextEncode) #2: failed' in result.output
    assert "no text encoders are in this checkpoint" in result.output
    assert "where it should not" not in result.output


def test_an_input_without_effect_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "extra.json"
    save = {"class_type": "PreviewImage", "inputs": {"images": ["1", 0], "colour": 1}}
    path.write_text(json.dumps({"1": {"class_type": "EmptyImage", "inputs": {}}, "2": save}))
    result = weft("validate", path)
    assert result.exit_code == 0, result.output
    assert 'Note: PreviewImage #2 has no input "colour", so it has no effect' in result.stderr


def test_nodes_are_listed_and_shown() -> None:
    assert "KSampler" in weft("nodes", "list").output
    assert "latent_image: LATENT" in weft("nodes", "show", "KSampler").output
    assert "MISSING" not in weft("nodes", "show", "ComfyMathExpression").output
    assert weft("nodes", "show", "KSamplr").exit_code == 1


def test_a_flag_for_precision_reaches_the_network(tmp_path: Path) -> None:
    def render(*flags: str) -> bytes:
        result = weft("run", WORKFLOW, "--set", "KSampler.steps=1", "--quiet", "--output-directory", tmp_path, *flags)
        assert result.exit_code == 0, result.output
        return pixels(Path(result.stdout.strip()))

    plain, small = render(), render("--fp8_e4m3fn-unet")
    assert plain != small
    assert render("--fp16-unet", "--fp32-vae", "--cpu-vae") == plain  # the file has float16, processors compute float32


def test_flags_for_precision_that_contradict_each_other_are_refused() -> None:
    result = weft("run", WORKFLOW, "--fp16-unet", "--bf16-unet")
    assert result.exit_code == 2
    assert "--fp16-unet and --bf16-unet contradict each other; leave one out." in result.output
