"""Block by block, a merged model has of each of two models what its shares say, whatever its family."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffusion.checkpoints.families import sd1, sd2, sdxl
from diffusion.checkpoints.load import load_diffusion_model
from diffusion.checkpoints.networks.aura_mmdit import aura_part
from diffusion.checkpoints.networks.flux import flux_part
from diffusion.checkpoints.networks.mmdit import mmdit_part
from diffusion.checkpoints.networks.unet import unet_part
from diffusion.checkpoints.original import original_sources
from diffusion.checkpoints.views import as_view
from diffusion.errors import DiffusionError
from diffusion.merging import merge_blocks
from diffusion.models import Model
from graph.cache import MemoryCache
from graph.execute import Engine
from graph.registry import Registry, specs_in
from graph.run import Run
from graph.spec import NodeSpec, node
from graph.validate import validate
from graph.workflow import Link, Node, Workflow
from nodes import block_merging
from nodes.sockets import Model as ModelSocket
from tests.tiny_aura_flow import AURA
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import FLUX, state_of
from tests.tiny_qwen_image import tiny_transformer, transformer_state
from tests.tiny_sd3 import SD3, SD35_LARGE
from tests.tiny_unets import SD1, SD2, SDXL

STATES: Mapping[str, Callable[[], Mapping[str, Tensor]]] = {  # by the operator
    "ModelMergeSD1": lambda: state_of(unet_part(SD1, sd1.KIND, "")),
    "ModelMergeSD2": lambda: state_of(unet_part(SD2, sd2.KIND, "")),
    "ModelMergeSDXL": lambda: state_of(unet_part(SDXL, sdxl.KIND, "")),
    "ModelMergeSD3_2B": lambda: state_of(mmdit_part(SD3, "")),
    "ModelMergeSD35_Large": lambda: state_of(mmdit_part(SD35_LARGE, "")),
    "ModelMergeAuraflow": lambda: state_of(aura_part(AURA, "")),
    "ModelMergeFlux1": lambda: state_of(flux_part(FLUX, "")),
    "ModelMergeQwenImage": lambda: transformer_state(tiny_transformer(), ""),
}
SPECS = {spec.name: spec for spec in specs_in(block_merging)}


def blocks_of(spec: NodeSpec) -> list[str]:
    return [socket.name for socket in spec.inputs if socket.widget is not None]


def other(model: Model) -> Model:
    """Return a model of which every weight is one more."""
    twin = copy.deepcopy(model.backbone)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1.0)
    return replace(model, backbone=twin, digest="other")


def test_every_operator_is_tested() -> None:
    assert STATES.keys() == SPECS.keys()


@pytest.mark.parametrize("name", STATES)
def test_each_block_has_its_share(tmp_path: Path, name: str) -> None:
    model = load_diffusion_model(write_state(tmp_path / "model.safetensors", STATES[name]()))
    spec = SPECS[name]
    shares = {block: (place % 7) / 8 for place, block in enumerate(blocks_of(spec))}
    call = spec.call({"model1": model, "model2": other(model), **shares})
    mixed = spec.function(*call.args, **call.kwargs).overlay.tensors()
    sources = original_sources(model.family, model.backbone)
    assert sources is not None
    for own, before in model.backbone.named_parameters():
        block = max((each for each in shares if as_view(sources[own]).key.startswith(each)), key=len, default=None)
        share = shares[blocks_of(spec)[0] if block is None else block]
        torch.testing.assert_close(mixed[own].data, before.data + (1 - share))


def test_a_workflow_names_the_blocks(tiny_model: Model) -> None:
    @node()
    def Models(run: Run) -> tuple[ModelSocket, ModelSocket]:
        return tiny_model, other(tiny_model)

    registry = Registry.of(Models, SPECS["ModelMergeSD1"])
    shares = {"input_blocks.0.": 0.25, "middle_block.0.": 2}
    merge = Node("2", "ModelMergeSD1", {"model1": Link("1", 0), "model2": Link("1", 1), **shares})
    workflow = Workflow.of(Node("1", "Models"), merge)
    assert [str(problem) for problem in validate(workflow, registry, ["2"])] == [
        "ModelMergeSD1 #2, middle_block.0.: 2.0 is not in 0.0..1.0."
    ]
    engine = Engine(registry, MemoryCache(2**30), nbytes=lambda value: 8)
    (merged,) = engine.run(workflow.with_input("2", "middle_block.0.", 1), outputs=("2",)).outputs["2"]
    changed = merged.overlay.tensors()
    assert set(changed) == {"conv_in.weight", "conv_in.bias"}
    torch.testing.assert_close(
        changed["conv_in.bias"].data, tiny_model.backbone.get_parameter("conv_in.bias").data + 0.75
    )


def test_blocks_of_a_family_without_known_names_are_refused(tiny_model: Model) -> None:
    unknown = replace(tiny_model, family="toy")
    with pytest.raises(DiffusionError, match="family toy cannot be merged block by block"):
        merge_blocks(unknown, unknown, {"input": 0.5})
