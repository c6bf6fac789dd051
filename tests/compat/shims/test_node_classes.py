"""Built-in operators are the classes that packs call and subclass."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from PIL import Image

from compat.class_table import rows
from compat.interruption import InterruptProcessingException
from compat.node_names import NodeNames
from compat.shims.finder import node_names
from graph.events import Event, Progress
from runtime.engine import builtin_registry
from runtime.machine import LocalMachine
from tests.compat.shims.conftest import Desk


@pytest.fixture
def nodes(machine: LocalMachine) -> Any:
    """The module as packs see it."""
    return importlib.import_module("nodes")


def test_every_row_of_the_table_is_an_operator(nodes: Any) -> None:
    registry = builtin_registry()
    assert [row.operator for row in rows() if registry.find(row.operator) is None] == []


def test_all_operators_are_in_the_mappings_under_all_their_names(nodes: Any) -> None:
    registry = builtin_registry()
    assert set(nodes.NODE_CLASS_MAPPINGS) == set(registry.names())
    assert set(nodes.NODE_DISPLAY_NAME_MAPPINGS) == set(registry.names())
    assert nodes.NODE_CLASS_MAPPINGS["KSampler"] is nodes.KSampler


def test_every_class_says_what_its_operator_is(nodes: Any) -> None:
    for name, cls in nodes.NODE_CLASS_MAPPINGS.items():
        spec = builtin_registry().by_name[name]
        inputs = cls.INPUT_TYPES()
        names = [each for group in ("required", "optional") for each in inputs.get(group, {})]
        told = [socket for socket in spec.inputs if not (socket.takes_any_name and "hidden" in socket.options)]
        assert set(names) == {socket.name for socket in told}
        assert len(cls.RETURN_TYPES) == len(cls.RETURN_NAMES) == len(spec.outputs)
        assert callable(getattr(cls, cls.FUNCTION))


def test_methods_have_the_parameters_of_comfyui(nodes: Any) -> None:
    def parameters(method: Any) -> list[str]:
        return list(inspect.signature(method).parameters)

    assert parameters(nodes.VAEDecode().decode) == ["vae", "samples"]
    assert parameters(nodes.KSamplerAdvanced().sample)[-1] == "denoise"
    assert parameters(nodes.ConditioningSetMask().append)[2] == "set_cond_area"
    assert parameters(nodes.SaveImage().save_images) == ["images", "filename_prefix", "prompt", "extra_pnginfo"]


def test_inputs_with_dots_are_given_by_name(nodes: Any, checkpoint: str) -> None:
    merge = nodes.NODE_CLASS_MAPPINGS["ModelMergeSD1"]()
    assert list(inspect.signature(merge.merge).parameters) == ["model1", "model2", "kwargs"]
    model, _, _ = nodes.CheckpointLoaderSimple().load_checkpoint(checkpoint)
    (merged,) = merge.merge(model, model2=model, **{"input_blocks.0.": 0.5, "out.": 0.25})
    assert {name.split(".")[0] for name in merged.model.handle.overlay.tensors()} == {
        "conv_in",
        "conv_norm_out",
        "conv_out",
    }


def test_choices_come_as_dictionaries_as_v3_nodes_get_them(nodes: Any, machine: LocalMachine) -> None:
    save, make = nodes.NODE_CLASS_MAPPINGS["SaveVideo"], nodes.NODE_CLASS_MAPPINGS["CreateVideo"]
    (video,) = make.execute(torch.rand(3, 32, 32, 3), 8.0)
    encoding = {"encoding": "re-encode", "crf": 30.0, "color_space": "auto"}
    shown = save.execute(video, "a", {"format": "mkv", "codec": {"codec": "h264", "encoding": encoding}}).ui
    assert [each["filename"] for each in shown["images"]] == ["a_00001_.mkv"]
    shown = save.execute(video, "c", "auto", {"codec": "h264"}).ui
    assert [each["filename"] for each in shown["images"]] == ["c_00001_.mp4"]
    audio = {"waveform": torch.zeros(1, 1, 8000), "sample_rate": 8000}
    saved = nodes.NODE_CLASS_MAPPINGS["SaveAudioAdvanced"].execute(audio, "b", {"format": "mp3", "quality": "128k"}).ui
    assert [each["filename"] for each in saved["audio"]] == ["b_00001.mp3"]


def test_widgets_list_the_files_that_there_are_now(nodes: Any, machine: LocalMachine) -> None:
    folder = machine.folders.base / "models" / "checkpoints"
    folder.mkdir(parents=True)
    assert nodes.CheckpointLoaderSimple.INPUT_TYPES()["required"]["ckpt_name"][0] == []
    (folder / "a.safetensors").touch()
    assert nodes.CheckpointLoaderSimple.INPUT_TYPES()["required"]["ckpt_name"][0] == ["a.safetensors"]


def test_a_picture_is_made_by_calling_the_classes(nodes: Any, checkpoint: str) -> None:
    model, clip, vae = nodes.CheckpointLoaderSimple().load_checkpoint(ckpt_name=checkpoint)
    (cond,) = nodes.CLIPTextEncode().encode(clip, "a red house")
    (latent,) = nodes.EmptyLatentImage().generate(64, 64)
    (sampled,) = nodes.KSampler().sample(model, 1, 2, 4.0, "euler", "normal", cond, cond, latent, denoise=1.0)
    (again,) = nodes.common_ksampler(model, 1, 2, 4.0, "euler", "normal", cond, cond, latent)
    (image,) = nodes.VAEDecode().decode(vae, sampled)
    assert torch.equal(image, nodes.VAEDecode().decode(samples=again, vae=vae)[0])
    assert image.shape == (1, 64, 64, 3)


def test_what_a_pack_appends_stands_behind_what_operators_put_there(nodes: Any, checkpoint: str) -> None:
    _, clip, _ = nodes.CheckpointLoaderSimple().load_checkpoint(checkpoint)
    (cond,) = nodes.CLIPTextEncode().encode(clip, "")
    helpers, seen = importlib.import_module("node_helpers"), object()
    for number in (1, 2):
        (cond,) = nodes.unCLIPConditioning().apply_adm(cond, seen, float(number), 0.5)
        cond = helpers.conditioning_set_values(cond, {"unclip_conditioning": [{"strength": -number}]}, append=True)
    pictures = cond[0][1]["unclip_conditioning"]
    assert [each["strength"] for each in pictures] == [1.0, -1, 2.0, -2]
    assert pictures[0]["clip_vision_output"] is seen


def test_a_sampler_that_a_pack_calls_tells_the_progress_of_the_packs_node(
    nodes: Any, checkpoint: str, run_in_node: Callable[..., list[Event]]
) -> None:
    model, clip, _ = nodes.CheckpointLoaderSimple().load_checkpoint(checkpoint)
    (cond,) = nodes.CLIPTextEncode().encode(clip, "")
    (latent,) = nodes.EmptyLatentImage().generate(64, 64, 1)
    arguments = (model, 1, 3, 1.0, "euler", "normal", cond, cond, latent)
    events = run_in_node(lambda: nodes.KSampler().sample(*arguments))
    assert [event.value for event in events if isinstance(event, Progress)] == [1, 2, 3]


def test_a_sampler_that_a_pack_calls_ends_with_the_run(
    nodes: Any, checkpoint: str, run_in_node: Callable[..., list[Event]]
) -> None:
    model, clip, _ = nodes.CheckpointLoaderSimple().load_checkpoint(checkpoint)
    (cond,) = nodes.CLIPTextEncode().encode(clip, "")
    (latent,) = nodes.EmptyLatentImage().generate(64, 64, 1)
    ended: list[type[BaseException]] = []

    def work() -> None:
        nodes.interrupt_processing()
        try:
            nodes.common_ksampler(model, 1, 3, 1.0, "euler", "normal", cond, cond, latent)
        except BaseException as error:
            ended.append(type(error))
        nodes.interrupt_processing(False)

    events = run_in_node(work)
    assert ended == [InterruptProcessingException]
    assert [event.value for event in events if isinstance(event, Progress)] == [1]


def test_an_unchanged_lora_loader_hands_its_models_through(nodes: Any) -> None:
    loader = nodes.LoraLoaderModelOnly()
    assert isinstance(loader, nodes.LoraLoader)
    assert loader.loaded_lora is None
    assert loader.load_lora("model", "clip", "none", 0, 0) == ("model", "clip")
    assert loader.load_lora_model_only("model", "none", 0) == ("model",)


def test_a_subclass_of_save_image_says_where_files_go(nodes: Any, tmp_path: Path) -> None:
    class Elsewhere(nodes.SaveImage):  # type: ignore[misc]  # a class made while the program runs
        def __init__(self) -> None:
            super().__init__()
            self.output_dir = str(tmp_path / "elsewhere")
            self.type = "temp"
            self.prefix_append = "_x"

    saved = Elsewhere().save_images(torch.zeros(2, 8, 8, 3), "a/b", {"1": {}}, {"workflow": {"nodes": []}})
    assert saved["ui"]["images"] == [
        {"filename": f"b_x_0000{number}_.png", "subfolder": "a", "type": "temp"} for number in (1, 2)
    ]
    with Image.open(tmp_path / "elsewhere" / "a" / "b_x_00001_.png") as picture:
        texts = picture.info
    assert json.loads(texts["prompt"]) == {"1": {}}
    assert json.loads(texts["workflow"]) == {"nodes": []}


def test_preview_image_is_a_save_image_for_temporary_files(nodes: Any, tmp_path: Path) -> None:
    preview = nodes.PreviewImage()
    assert isinstance(preview, nodes.SaveImage)
    shown = preview.save_images(torch.zeros(1, 8, 8, 3))["ui"]["images"][0]
    assert shown["type"] == "temp"
    assert (tmp_path / "temp" / shown["filename"]).is_file()
    assert set(preview.INPUT_TYPES()["hidden"]) == {"prompt", "extra_pnginfo"}


def test_a_picture_is_loaded_with_its_mask(nodes: Any, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    Image.new("RGBA", (6, 4), (255, 0, 0, 0)).save(tmp_path / "input" / "a.png")
    image, mask = nodes.LoadImage().load_image("a.png")
    assert image.shape == (1, 4, 6, 3)
    assert bool((mask == 1).all())
    assert nodes.LoadImageMask().load_image_mask("a.png", "red")[0].shape == (1, 4, 6)


def test_classes_of_extras_are_called_without_an_instance_and_by_their_old_names(nodes: Any) -> None:
    masks = importlib.import_module("comfy_extras.nodes_mask")
    ones = torch.ones(1, 4, 4)
    output = masks.InvertMask.execute(ones)
    assert output[0].sum() == 0
    assert output.result == output.args == (output[0],)
    assert masks.InvertMask().invert(mask=ones)[0].sum() == 0
    assert nodes.NODE_CLASS_MAPPINGS["InvertMask"] is masks.InvertMask is masks.NODE_CLASS_MAPPINGS["InvertMask"]
    logic = importlib.import_module("comfy_extras.nodes_logic")
    assert logic.AndNode.execute({"value0": True, "value1": False})[0] is False
    assert asyncio.run(logic.SwitchNode.execute(True, "yes", "no"))[0] == "yes"


def test_a_missing_argument_is_a_type_error(nodes: Any) -> None:
    with pytest.raises(TypeError, match="image"):
        nodes.ImageInvert().invert()


def test_classes_of_packs_join_and_do_not_replace_those_of_weft(nodes: Any) -> None:
    nodes.NODE_CLASS_MAPPINGS["Mine"] = int
    names = node_names(NodeNames)
    names.join({"Other": str, "KSampler": str}, {"Other": "Another"})
    assert names.strangers() == {"Mine": int, "Other": str}
    assert nodes.NODE_CLASS_MAPPINGS["KSampler"] is nodes.KSampler
    assert nodes.NODE_DISPLAY_NAME_MAPPINGS["Other"] == "Another"


def test_operators_with_names_of_packs_give_way(nodes: Any) -> None:
    before = nodes.NODE_CLASS_MAPPINGS["IPAdapter"]
    names = node_names(NodeNames)
    names.join({"IPAdapter": str})
    assert nodes.NODE_CLASS_MAPPINGS["IPAdapter"] is str is not before
    assert names.strangers() == {}


def test_a_pack_may_load_another(nodes: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "good.py").write_text("class A: pass\nNODE_CLASS_MAPPINGS = {'A': A}")
    (tmp_path / "bad.py").write_text("1 / 0")
    assert asyncio.run(nodes.load_custom_node(str(tmp_path / "good.py")))
    assert not asyncio.run(nodes.load_custom_node(str(tmp_path / "bad.py")))
    assert "A" in nodes.NODE_CLASS_MAPPINGS
    assert {"good": str(tmp_path)} == nodes.LOADED_MODULE_DIRS
    assert "bad.py cannot be loaded" in caplog.text
    for name in ("good", "bad"):
        sys.modules.pop(f"custom_nodes.{name}", None)


def test_the_module_has_what_packs_reach_through_it(nodes: Any, desk: Desk) -> None:
    assert nodes.MAX_RESOLUTION == 16384
    assert nodes.EXTENSION_WEB_DIRS == {}
    assert isinstance(nodes.comfy, ModuleType)
    assert nodes.folder_paths is sys.modules["folder_paths"]
    nodes.before_node_execution()
