"""Which node uses which network, read from a workflow before anything runs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from diffusion.checkpoints import load_checkpoint
from diffusion.checkpoints.load import load_clip, load_diffusion_model
from diffusion.lora import apply_lora, open_lora
from diffusion.quantize import Precisions
from diffusion.streaming import Keeper
from files.folders import Folders
from graph.ledger import Ledger
from graph.plan import make_survey
from graph.registry import Registry
from graph.workflow import Link, Node, Workflow
from runtime.demands import Catalogue, Lora, Origin, files_of, lora_count, uses_of
from runtime.engine import builtin_registry
from runtime.networks import Network
from runtime.precision import kept_as
from runtime.residency import DeviceMemory
from runtime.workspace import Workspaces
from tests.tiny_flux import write_flux


@pytest.fixture(scope="module")
def registry() -> Registry:
    return builtin_registry()


@pytest.fixture(scope="module")
def catalogue(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    base = tmp_path_factory.mktemp("base")
    folder = base / "models" / "checkpoints"
    folder.mkdir(parents=True)
    for name in ("a.safetensors", "b.safetensors"):
        (folder / name).write_bytes(tiny_checkpoint.read_bytes() + b"")
    return Catalogue(Folders.below(base), Precisions.all(torch.float32), Workspaces())


def workflow(**nodes: tuple[str, Mapping[str, Any]]) -> Workflow:
    return Workflow({name: Node(name, kind, inputs) for name, (kind, inputs) in nodes.items()})


def picture(checkpoint: str) -> Workflow:
    return workflow(
        load=("LoadCheckpoint", {"ckpt_name": checkpoint}),
        skip=("CLIPSetLastLayer", {"clip": Link("load", 1), "stop_at_clip_layer": -2}),
        text=("CLIPTextEncode", {"clip": Link("skip", 0), "text": "a cat"}),
        empty=("EmptyLatentImage", {}),
        sample=(
            "KSampler",
            {
                "model": Link("load", 0),
                "positive": Link("text", 0),
                "negative": Link("text", 0),
                "latent_image": Link("empty", 0),
                "steps": 7,
            },
        ),
        decode=("VAEDecode", {"samples": Link("sample", 0), "vae": Link("load", 2)}),
        save=("PreviewImage", {"images": Link("decode", 0)}),
    )


def test_nodes_use_what_they_are_linked_to_through_nodes_that_pass_it_on(
    registry: Registry, catalogue: Catalogue
) -> None:
    survey = make_survey(picture("a.safetensors"), registry)
    uses = uses_of(survey, catalogue.find)
    assert set(uses) == {"text", "sample", "decode"}
    assert {name: use.passes for name, use in uses.items()} == {"text": 1, "sample": 7, "decode": 1}
    networks = {name: {block.name.split("/")[0].split()[-1] for block in use.blocks} for name, use in uses.items()}
    assert networks == {"text": {"clip-l"}, "sample": {"model"}, "decode": {"vae"}}
    assert not any("/encoder." in block.name for block in uses["decode"].blocks)
    assert files_of(survey) == {("checkpoints", "a.safetensors")}


def test_sizes_from_the_header_are_those_of_the_loaded_network(registry: Registry, catalogue: Catalogue) -> None:
    memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", 10**9))
    path = catalogue.folders.find_model("checkpoints", "a.safetensors")
    loaded = load_checkpoint(path, dtype=torch.float32, keep=memory.keep)
    uses = uses_of(make_survey(picture("a.safetensors"), registry), catalogue.find)
    for node_id, keeper, operation in (
        ("text", loaded.clip.encoders[0].keeper, "encode text"),
        ("sample", loaded.model.keeper, "denoise"),
        ("decode", loaded.vae.keeper, "decode"),
    ):
        assert isinstance(keeper, Network)
        assert uses[node_id].blocks == keeper.plain.needed_by(operation)


def test_a_file_that_is_not_there_is_no_matter_of_memory(registry: Registry, catalogue: Catalogue) -> None:
    assert uses_of(make_survey(picture("c.safetensors"), registry), catalogue.find) == {}
    assert catalogue.file_bytes("checkpoints", "c.safetensors") == 0
    assert catalogue.find(Origin("checkpoints", ("a.safetensors",), "control"), "denoise") is None


def test_a_checkpoint_serves_as_a_file_of_its_vae(registry: Registry, catalogue: Catalogue) -> None:
    folder = catalogue.folders.base / "models" / "vae"
    folder.mkdir(exist_ok=True)
    (folder / "v.safetensors").write_bytes(catalogue.folders.find_model("checkpoints", "a.safetensors").read_bytes())
    found = catalogue.find(Origin("vae", ("v.safetensors",), "vae"), "decode")
    assert found is not None
    assert found.blocks


def test_networks_of_files_of_their_own_have_the_sizes_that_their_loaders_give(
    registry: Registry, tmp_path: Path
) -> None:
    """Two text encoders, a file each, and a diffusion network whose weights the loader keeps in 8 bits."""
    files, usual = write_flux(tmp_path / "models"), Precisions.all(torch.float32)
    nodes = workflow(
        model=("UNETLoader", {"unet_name": "flux.safetensors", "weight_dtype": "fp8_e4m3fn"}),
        clip=(
            "DualCLIPLoader",
            {"clip_name1": "t5xxl.safetensors", "clip_name2": "clip_l.safetensors", "type": "flux"},
        ),
        text=("CLIPTextEncode", {"clip": Link("clip", 0), "text": "a cat"}),
        empty=("EmptySD3LatentImage", {}),
        sample=(
            "KSampler",
            {
                "model": Link("model", 0),
                "positive": Link("text", 0),
                "negative": Link("text", 0),
                "latent_image": Link("empty", 0),
            },
        ),
    )
    uses = uses_of(
        make_survey(nodes, registry, ["sample"]), Catalogue(Folders.below(tmp_path), usual, Workspaces()).find
    )
    memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", 10**9))
    clip = load_clip([files.t5, files.clip], "flux", precision=usual.text, keep=memory.keep)
    model = load_diffusion_model(files.model, precision=kept_as(usual.unet, torch.float8_e4m3fn), keep=memory.keep)
    needed = {
        "text": [(encoder.keeper, "encode text") for encoder in clip.encoders],
        "sample": [(model.keeper, "denoise")],
    }
    for node_id, keepers in needed.items():
        blocks = [block for keeper, operation in keepers for block in network_of(keeper).plain.needed_by(operation)]
        assert sorted(uses[node_id].blocks) == sorted(blocks)


def test_what_computes_on_the_processor_beside_the_device_takes_nothing_of_its_memory(
    registry: Registry, tmp_path: Path, tiny_checkpoint: Path
) -> None:
    write_flux(tmp_path / "models")
    (tmp_path / "models/vae").mkdir(exist_ok=True)
    shutil.copyfile(tiny_checkpoint, tmp_path / "models/vae/v.safetensors")
    names = {"clip_name1": "t5xxl.safetensors", "clip_name2": "clip_l.safetensors", "type": "flux"}
    nodes = workflow(
        clip=("DualCLIPLoader", {**names, "device": "cpu"}),
        skip=("CLIPSetLastLayer", {"clip": Link("clip", 0), "stop_at_clip_layer": -2}),
        here=("CLIPTextEncode", {"clip": Link("skip", 0), "text": "a cat"}),
        other=("DualCLIPLoader", names),
        there=("CLIPTextEncode", {"clip": Link("other", 0), "text": "a cat"}),
        vae=("VAELoader", {"vae_name": "v.safetensors"}),
        empty=("EmptyLatentImage", {}),
        decode=("VAEDecode", {"samples": Link("empty", 0), "vae": Link("vae", 0)}),
    )
    survey = make_survey(nodes, registry, ["here", "there", "decode"])
    all_there = Catalogue(Folders.below(tmp_path), Precisions.all(torch.float32), Workspaces())
    assert uses_of(survey, all_there.find).keys() == {"here", "there", "decode"}
    beside = replace(all_there, has_processor=True)
    assert uses_of(survey, beside.find).keys() == {"there", "decode"}
    assert uses_of(survey, replace(beside, cpu_vae=True).find).keys() == {"there"}


def network_of(keeper: Keeper | None) -> Network:
    assert isinstance(keeper, Network)
    return keeper


def test_a_lora_on_the_way_is_in_the_blocks_that_will_be_used(registry: Registry, catalogue: Catalogue) -> None:
    """Two LoRAs on the model, one of them on the text encoder, with the names and sizes that loading will give."""
    folder = catalogue.folders.base / "models" / "loras"
    folder.mkdir(exist_ok=True)
    path = catalogue.folders.find_model("checkpoints", "a.safetensors")
    memory = DeviceMemory(torch.device("cpu"), Ledger("cpu", 10**9))
    loaded = load_checkpoint(path, dtype=torch.float32, keep=memory.keep)
    for file, rank in (("one.safetensors", 2), ("two.safetensors", 4)):
        save_file(lora_tensors(rank), folder / file)
    drawn = picture("a.safetensors")
    names = {"lora_name": "one.safetensors", "strength_model": 0.5, "strength_clip": 2}
    nodes = {
        **drawn.nodes,
        "first": Node("first", "LoraLoader", {"model": Link("load", 0), "clip": Link("load", 1), **names}),
        "second": Node("second", "LoraLoaderModelOnly", {"model": Link("first", 0), "lora_name": "two.safetensors"}),
    }
    changed = (
        Workflow(nodes).with_input("sample", "model", Link("second", 0)).with_input("skip", "clip", Link("first", 1))
    )
    survey = make_survey(changed, registry)
    uses = uses_of(survey, catalogue.find)
    one, two = (open_lora(folder / file) for file in ("one.safetensors", "two.safetensors"))
    both = apply_lora(one, loaded.model, loaded.clip, 0.5, 2.0)
    model = apply_lora(two, both.model, None).model
    assert lora_count(survey) == 2
    assert model is not None
    assert both.clip is not None
    for node_id, handle, operation in (("sample", model, "denoise"), ("text", both.clip.encoders[0], "encode text")):
        assert isinstance(handle.keeper, Network)
        layout = handle.keeper.layout_of(handle.overlay)
        assert uses[node_id].blocks == layout.needed_by(operation)
        assert set(uses[node_id].blocks) != set(handle.keeper.plain.needed_by(operation))


def lora_tensors(rank: int) -> dict[str, torch.Tensor]:
    """Return a LoRA on a layer of the U-Net and one of the text encoder."""
    layers = {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q": (32, 32),
        "lora_te_text_model_encoder_layers_0_mlp_fc1": (128, 64),
    }
    tensors = {}
    for layer, (rows, columns) in layers.items():
        tensors[f"{layer}.lora_up.weight"] = torch.full((rows, rank), 0.01)
        tensors[f"{layer}.lora_down.weight"] = torch.ones(rank, columns)
    return tensors


def test_a_lora_that_is_not_there_leaves_sizes_unknown(catalogue: Catalogue) -> None:
    origin = Origin("checkpoints", ("a.safetensors",), "model", (Lora("none.safetensors", 1.0),))
    assert catalogue.find(origin, "denoise") is None
