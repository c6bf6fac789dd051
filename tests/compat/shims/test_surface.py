"""The names of the host that most light packs use are all there (counted over 24 packs with 800 nodes, ComfyUI 0.33)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from graph.events import Event
from graph.protocol import Said
from runtime.machine import LocalMachine
from tests.compat.shims.conftest import Desk

NAMES = """
comfy.cli_args.args: disable_metadata listen port
comfy.comfy_types.node_typing: IO
comfy.model_management: InterruptProcessingException get_autocast_device get_torch_device get_torch_device_name is_device_mps
comfy.model_management: processing_interrupted soft_empty_cache throw_exception_if_processing_interrupted
comfy.model_management: unet_offload_device unload_all_models
comfy.utils: ProgressBar common_upscale get_tiled_scale_steps load_torch_file tiled_scale
comfy_execution.graph_utils: GraphBuilder ExecutionBlocker is_link
folder_paths: add_model_folder_path annotated_filepath base_path exists_annotated_filepath folder_names_and_paths
folder_paths: get_annotated_filepath get_directory_by_type get_filename_list get_folder_paths get_full_path get_input_directory
folder_paths: get_output_directory get_save_image_path get_temp_directory input_directory models_dir output_directory
folder_paths: supported_pt_extensions temp_directory
node_helpers: pillow
nodes: CheckpointLoaderSimple LoraLoader MAX_RESOLUTION NODE_CLASS_MAPPINGS PreviewImage SaveImage interrupt_processing
server.PromptServer.instance: client_id routes.get routes.patch routes.post send send_progress_text send_sync supports
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_the_names_that_packs_use_are_there(machine: LocalMachine, line: str) -> None:
    place, _, names = line.partition(": ")
    module, *rest = place.split(".PromptServer") if "PromptServer" in place else [place]
    if place.endswith(".args"):
        module, rest = "comfy.cli_args", ["args"]
    owner: Any = importlib.import_module(module)
    if rest:
        owner = owner.args if rest == ["args"] else owner.PromptServer.instance
    for name in names.split():
        found = owner
        for part in name.split("."):
            found = getattr(found, part)


def test_args_say_how_the_process_was_started(machine: LocalMachine) -> None:
    args = importlib.import_module("comfy.cli_args").args
    assert args.port == 8200
    assert args.listen == "127.0.0.1"
    assert args.cpu is True
    assert args.disable_metadata is False
    assert args.base_directory == str(machine.folders.base)
    assert args.lowvram is False
    assert args.reserve_vram is None


def test_messages_reach_all_browsers_or_one(machine: LocalMachine, desk: Desk) -> None:
    server = importlib.import_module("server").PromptServer.instance
    server.send_sync("pack.done", {"node": "7"})
    server.send_sync("pack.done", {"value": torch.float16}, "me")
    server.send_progress_text("half", "7", "me")
    assert desk.said == [
        Said("pack.done", {"node": "7"}),
        Said("pack.done", {"value": "torch.float16"}, "me"),
        Said("binary", None, "me", b"\0\0\0\3" + b"\0\0\0\1" + b"7" + b"half"),
    ]


def test_pictures_are_sent_as_files(machine: LocalMachine, desk: Desk) -> None:
    server = importlib.import_module("server")
    picture = ("PNG", Image.new("RGB", (64, 32)), 16)
    server.PromptServer.instance.send_sync(server.BinaryEventTypes.UNENCODED_PREVIEW_IMAGE, picture)
    server.PromptServer.instance.send_sync(4, (picture, {"node_id": "7"}))
    plain, described = (said.payload for said in desk.said)
    assert plain.startswith(b"\0\0\0\1\0\0\0\2\x89PNG")
    assert described.startswith(b"\0\0\0\4")
    assert b'{"node_id": "7", "image_type": "image/png"}\x89PNG' in described


def test_the_server_knows_who_asked_and_which_node_runs(
    machine: LocalMachine, run_in_node: Callable[..., list[Event]]
) -> None:
    server = importlib.import_module("server").PromptServer.instance
    found: list[Any] = []
    run_in_node(lambda: found.extend((server.client_id, server.last_node_id, server.last_prompt_id)))
    assert found == ["me", "7", "p"]
    assert server.client_id is None


def test_routes_are_written_down(machine: LocalMachine) -> None:
    routes = importlib.import_module("server").PromptServer.instance.routes

    @routes.get("/mine")
    async def answer(request: Any) -> None: ...

    assert [(route.method, route.path) for route in routes] == [("GET", "/mine")]


def test_files_of_tensors_are_read_and_written(machine: LocalMachine) -> None:
    utils = importlib.import_module("comfy.utils")
    base = machine.folders.base
    utils.save_torch_file({"a": torch.arange(3.0)}, str(base / "x.safetensors"), metadata={"k": "v"})
    tensors, metadata = utils.load_torch_file(str(base / "x.safetensors"), return_metadata=True)
    assert tensors["a"].tolist() == [0, 1, 2]
    assert metadata == {"k": "v"}
    assert b'"k":"v"' in utils.safetensors_header(str(base / "x.safetensors")).replace(b" ", b"")
    torch.save({"state_dict": {"b": torch.ones(1)}}, base / "x.ckpt")
    assert list(utils.load_torch_file(str(base / "x.ckpt"))) == ["b"]


def test_a_damaged_file_is_told_with_its_path(machine: LocalMachine) -> None:
    path = machine.folders.base / "x.safetensors"
    save_file({"a": torch.ones(100)}, path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"x\.safetensors is no whole safetensors file"):
        importlib.import_module("comfy.utils").load_torch_file(str(path))


def test_attributes_are_reached_by_dotted_names(machine: LocalMachine) -> None:
    utils = importlib.import_module("comfy.utils")
    module = torch.nn.Sequential(torch.nn.Linear(2, 2))
    before = utils.set_attr_param(module, "0.bias", torch.ones(2))
    assert isinstance(before, torch.nn.Parameter)
    assert utils.get_attr(module, "0.bias").tolist() == [1, 1]
    utils.copy_to_param(module, "0.bias", torch.zeros(2))
    assert utils.get_attr(module, "0.bias").tolist() == [0, 0]
    utils.set_attr(module, "0.extra", 5)
    assert utils.set_attr(module, "0.extra", utils.ATTR_UNSET) == 5
    assert not hasattr(module[0], "extra")


def test_a_picture_that_is_cut_short_is_read_as_far_as_it_goes(machine: LocalMachine) -> None:
    pillow = importlib.import_module("node_helpers").pillow
    path = machine.folders.base / "x.jpg"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:-400])

    def read(name: Any) -> Image.Image:
        with Image.open(name) as picture:
            return picture.convert("RGB")

    assert pillow(read, path).size == (64, 64)
    with pytest.raises(OSError, match="truncated"):
        read(path)


def test_previews_of_latents_are_pictures(machine: LocalMachine, run_in_node: Callable[..., list[Event]]) -> None:
    previews = importlib.import_module("latent_preview")
    previewer = previews.Latent2RGBPreviewer([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0, 0, 0]])
    assert previewer.decode_latent_to_preview(torch.zeros(1, 4, 6, 8)).size == (8, 6)
    assert previews.get_previewer(None, object()) is None


def test_node_inputs_are_looked_up_by_name(machine: LocalMachine) -> None:
    graph = importlib.import_module("comfy_execution.graph")
    sampler = importlib.import_module("nodes").KSampler
    assert graph.get_input_info(sampler, "seed")[:2] == ("INT", "required")
    assert graph.get_input_info(sampler, "none") == (None, None, None)


def test_a_prompt_knows_the_nodes_that_joined_it(machine: LocalMachine) -> None:
    graph = importlib.import_module("comfy_execution.graph")
    prompt = graph.DynamicPrompt({"1": {"class_type": "A"}})
    prompt.add_ephemeral_node("1.0.1", {"class_type": "B"}, "1", "1")
    assert prompt.get_node("1.0.1")["class_type"] == "B"
    assert prompt.get_real_node_id("1.0.1") == prompt.get_display_node_id("1.0.1") == "1"
    assert prompt.all_node_ids() == {"1", "1.0.1"}
    with pytest.raises(graph.NodeNotFoundError, match="#9"):
        prompt.get_node("9")


def test_a_lazy_mixin_asks_for_what_is_not_there(machine: LocalMachine) -> None:
    typing = importlib.import_module("comfy.comfy_types")
    assert typing.CheckLazyMixin().check_lazy_status(a=None, b=1) == ["a"]
    with pytest.raises(TypeError, match="INPUT_TYPES"):
        typing.ComfyNodeABC()
