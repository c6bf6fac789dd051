"""Descriptions have the shape that ComfyUI's clients read."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

from graph.annotations import Options
from graph.describe import describe, describe_all
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.types import Lazy, SocketType
from graph.widgets import Choice, File, Range, Seed, Text

Image = Annotated[Any, SocketType("IMAGE")]
Model = Annotated[Any, SocketType("MODEL")]
Mask = Annotated[Any, SocketType("MASK")]
T = TypeVar("T")


@node(category="sampling", display_name="K", aliases=("OldSampler",), deprecated=True)
def Sampler(
    *,
    model: Model,
    seed: Annotated[int, Seed()] = 0,
    cfg: Annotated[float, Range(0.0, 100.0, step=0.1, round=0.01)] = 8.0,
    sampler_name: Annotated[str, Choice(("euler", "heun"))] = "euler",
    mask: Mask | None = None,
    positive: Annotated[str, Text(multiline=True, dynamic_prompts=True), Options(advanced=True)],
    run: Run,
) -> tuple[Image, list[Mask]]:
    """Sample.

    cfg: how strict.
    """
    raise NotImplementedError


@node()
def Load(ckpt_name: Annotated[str, File("checkpoints")], image: Annotated[str, File("input", upload=True)]) -> Model:
    raise NotImplementedError


@node()
async def Switch(switch: bool, on_true: Lazy[T], on_false: Lazy[T]) -> T:
    raise NotImplementedError


@node(output=True, experimental=True)
def Batch(*images: Image, **values: Any) -> list[Image]:
    raise NotImplementedError


def files(kind: str) -> list[str]:
    return [f"{kind}.file"]


def test_inputs_are_grouped_and_ordered_as_clients_expect() -> None:
    described = describe(Sampler.spec)
    assert described["input"]["required"] == {
        "model": ["MODEL", {}],
        "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
        "cfg": [
            "FLOAT",
            {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1, "round": 0.01, "tooltip": "how strict."},
        ],
        "sampler_name": [["euler", "heun"], {"default": "euler"}],
        "positive": ["STRING", {"multiline": True, "dynamicPrompts": True, "advanced": True}],
    }
    assert described["input"]["optional"] == {"mask": ["MASK", {}]}
    order = {"required": ["model", "seed", "cfg", "sampler_name", "positive"], "optional": ["mask"]}
    assert described["input_order"] == order


def test_outputs_and_marks_are_told() -> None:
    described = describe(Sampler.spec)
    assert described["output"] == described["output_name"] == ["IMAGE", "MASK"]
    assert described["output_is_list"] == [False, True]
    assert (described["name"], described["display_name"], described["category"]) == ("Sampler", "K", "sampling")
    assert (described["description"], described["python_module"]) == ("Sample.", __name__)
    assert described["deprecated"] is True
    assert "experimental" not in described
    assert describe(Batch.spec)["experimental"] is True
    assert describe(Batch.spec)["output_node"] is True


def test_files_are_listed_by_the_host() -> None:
    required = describe(Load.spec, files)["input"]["required"]
    assert required == {"ckpt_name": [["checkpoints.file"], {}], "image": [["input.file"], {"image_upload": True}]}
    assert describe(Load.spec)["input"]["required"]["ckpt_name"] == [[], {}]


def test_type_variables_and_growing_inputs_have_templates() -> None:
    switch = describe(Switch.spec)
    template = {"template": {"template_id": "T", "allowed_types": "*"}, "lazy": True}
    assert switch["input"]["required"]["on_true"] == ["COMFY_MATCHTYPE_V3", template]
    assert (switch["output"], switch["output_matchtypes"]) == (["COMFY_MATCHTYPE_V3"], ["T"])
    grown_type, options = describe(Batch.spec)["input"]["required"]["images"]
    assert grown_type == "COMFY_AUTOGROW_V3"
    assert options["template"]["input"] == {"required": {"image": ["IMAGE", {}]}}
    assert options["template"]["prefix"] == "image"


def test_aliases_have_entries_of_their_own_and_all_is_json() -> None:
    entries = describe_all(Registry.of(Sampler, Load, Switch, Batch), files)
    assert list(entries) == ["Batch", "Load", "OldSampler", "Sampler", "Switch"]
    assert entries["OldSampler"] == {**entries["Sampler"], "name": "OldSampler", "search_aliases": ["Sampler"]}
    assert json.loads(json.dumps(entries)) == entries


class Stars:
    """A widget that a pack brings, for a type of its own."""

    type = SocketType("STARS")

    def convert(self, value: Any) -> Any:
        return value

    def check(self, value: Any, names: Any = None) -> None:
        return None

    def describe(self) -> dict[str, Any]:
        return {"most": 5}


def test_the_widget_of_a_type_that_editors_do_not_know_is_named() -> None:
    @node()
    def Rate(
        stars: Annotated[list[int], Stars()],
        several: Annotated[int, Range(0, 5), Options(widget_type="DICE")] = 1,
        either: int | float = 1,
        plain: int = 1,
        image: Image | None = None,
    ) -> int:
        raise NotImplementedError

    required = describe(Rate.spec)["input"]["required"]
    assert required["stars"] == ["STARS", {"widgetType": "STARS", "most": 5}]
    assert required["several"] == ["INT", {"default": 1, "min": 0, "max": 5, "widgetType": "DICE"}]
    assert required["either"] == ["INT,FLOAT", {"default": 1, "widgetType": "FLOAT"}]
    assert required["plain"] == ["INT", {"default": 1}]
    assert describe(Rate.spec)["input"]["optional"] == {"image": ["IMAGE", {}]}
