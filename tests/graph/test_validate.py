"""Validation tells every problem at once, in reading order, in sentences; normalising gives one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.errors import Problem
from graph.normalise import converted
from graph.registry import Registry
from graph.spec import node
from graph.types import SocketType
from graph.validate import validate
from graph.widgets import Choice, File, Range, Text
from graph.workflow import Link, Node, Workflow

Image = Annotated[Any, SocketType("IMAGE")]
Model = Annotated[Any, SocketType("MODEL")]
Latent = Annotated[Any, SocketType("LATENT")]
T = TypeVar("T")


@node(aliases=("CheckpointLoaderSimple",))
def LoadCheckpoint(ckpt_name: Annotated[str, File("checkpoints")]) -> tuple[Model, Latent]:
    raise NotImplementedError


@node()
def KSampler(
    *,
    model: Model,
    steps: Annotated[int, Range(1, 10_000)] = 20,
    cfg: Annotated[float, Range(0, 100)] = 8.0,
    sampler_name: Annotated[str, Choice(("euler", "heun"))] = "euler",
    latent_image: Latent,
    mask: Image | None = None,
) -> Latent:
    raise NotImplementedError


@node()
def Decode(samples: Latent) -> Image:
    raise NotImplementedError


@node()
def Switch(on_true: T, on_false: T, which: bool = True) -> T:
    raise NotImplementedError


@node()
def Batch(*images: Image) -> Image:
    raise NotImplementedError


@node(output=True)
def Save(images: Image, prefix: Annotated[str, Text()] = "Weft") -> None:
    raise NotImplementedError


REGISTRY = Registry.of(LoadCheckpoint, KSampler, Decode, Switch, Batch, Save)
GOOD = Workflow.of(
    Node("4", "LoadCheckpoint", {"ckpt_name": "weft-demo.safetensors"}),
    Node("7", "KSampler", {"model": Link("4", 0), "latent_image": Link("4", 1), "steps": 5}),
    Node("8", "Decode", {"samples": Link("7", 0)}),
    Node("9", "Save", {"images": Link("8", 0)}),
)


def files(kind: str) -> list[str]:
    return ["weft-demo.safetensors"] if kind == "checkpoints" else []


def problems_with(**sampler_inputs: Any) -> tuple[Problem, ...]:
    workflow = GOOD
    for name, value in sampler_inputs.items():
        workflow = workflow.with_input("7", name, value)
    return validate(workflow, REGISTRY, names=files)


def without(workflow: Workflow, node_id: str, name: str) -> Workflow:
    nodes: Mapping[str, Node] = workflow.nodes
    inputs = {key: value for key, value in nodes[node_id].inputs.items() if key != name}
    return Workflow({**nodes, node_id: Node(node_id, nodes[node_id].type, inputs)})


def test_a_good_workflow_has_no_problems() -> None:
    assert validate(GOOD, REGISTRY, names=files) == ()


@pytest.mark.parametrize(
    ("inputs", "kind", "message"),
    [
        ({"steps": 0}, "value_smaller_than_min", "KSampler #7, steps: 0 is not in 1..10000."),
        ({"steps": 20_000}, "value_bigger_than_max", "KSampler #7, steps: 20000 is not in 1..10000."),
        ({"steps": "many"}, "invalid_input_type", 'KSampler #7, steps: "many" is not a whole number.'),
        (
            {"sampler_name": "eulr"},
            "value_not_in_list",
            'KSampler #7, sampler_name: "eulr" is not in the list; did you mean "euler"?',
        ),
        (
            {"model": Link("4", 1)},
            "return_type_mismatch",
            "KSampler #7, model: wants MODEL, but LoadCheckpoint #4 gives LATENT; its output 0 (MODEL) would fit.",
        ),
        (
            {"model": Link("4", 2)},
            "bad_linked_input",
            "KSampler #7, model: the link comes from output 2 of LoadCheckpoint #4, which has these outputs: "
            "0 MODEL, 1 LATENT.",
        ),
        (
            {"model": Link("99", 0)},
            "bad_linked_input",
            "KSampler #7, model: the link comes from node #99, which is not in the workflow; link it again.",
        ),
        (
            {"model": "x"},
            "invalid_input_type",
            'KSampler #7, model: the MODEL comes from a link, but "x" is given; link an output of type MODEL to it.',
        ),
        (
            {"model": ["4", 0, 1]},
            "bad_linked_input",
            "KSampler #7, model: the MODEL comes from a link, but ['4', 0, 1] is given; "
            "link an output of type MODEL to it.",
        ),
    ],
)
def test_a_wrong_input_is_one_problem_with_a_sentence(inputs: dict[str, Any], kind: str, message: str) -> None:
    (problem,) = problems_with(**inputs)
    assert (problem.kind, problem.message) == (kind, message)
    assert (problem.node_id, problem.input) == ("7", next(iter(inputs)))


def test_all_problems_come_at_once_in_reading_order() -> None:
    workflow = GOOD.with_input("9", "images", Link("7", 0)).with_input("4", "ckpt_name", "x").with_input("7", "cfg", -1)
    workflow = workflow.with_input("7", "steps", 0)
    found = [(problem.node_id, problem.input) for problem in validate(workflow, REGISTRY, names=files)]
    assert found == [("4", "ckpt_name"), ("7", "steps"), ("7", "cfg"), ("9", "images")]


def test_a_missing_input_says_what_to_link() -> None:
    (problem,) = validate(without(GOOD, "7", "model"), REGISTRY)
    assert problem.kind == "required_input_missing"
    assert problem.message == "KSampler #7, model: the MODEL is missing; link an output of type MODEL to it."


@pytest.mark.parametrize("name", ["steps", "latent_image"])
def test_a_misspelt_input_is_reported_and_not_passed_over(name: str) -> None:
    wrong = name.replace("t", "")
    workflow = without(GOOD, "7", name).with_input("7", wrong, 3)
    (problem,) = validate(workflow, REGISTRY)
    assert problem.message == f'KSampler #7, {name}: there is no input "{wrong}"; did you mean "{name}"?'


def test_inputs_that_mean_nothing_to_a_node_are_passed_over() -> None:
    assert problems_with(upload="image") == ()


def test_a_missing_file_names_folder_and_nearest() -> None:
    (problem,) = validate(GOOD.with_input("4", "ckpt_name", "weft-demo.safetensor"), REGISTRY, names=files)
    assert problem.message == (
        'LoadCheckpoint #4, ckpt_name: "weft-demo.safetensor" is not in the folder "checkpoints"; '
        'did you mean "weft-demo.safetensors"?'
    )


def test_an_unknown_type_is_reported_anywhere_with_the_nearest_name() -> None:
    workflow = Workflow({**GOOD.nodes, "1": Node("1", "KSampeler"), "2": Node("2", "Xyz", title="Mine")})
    problems = validate(workflow, REGISTRY, names=files)
    assert [problem.kind for problem in problems] == ["missing_node_type"] * 2
    assert problems[0].message == 'KSampeler #1: there is no node type "KSampeler"; did you mean "KSampler"?'
    assert problems[1].message == '"Mine" (Xyz) #2: there is no node type "Xyz". Is a node pack missing?'


def test_only_what_an_output_needs_is_checked() -> None:
    loose = Workflow({**GOOD.nodes, "1": Node("1", "KSampler", {"steps": 0})})
    assert validate(loose, REGISTRY, names=files) == ()
    assert {problem.node_id for problem in validate(loose, REGISTRY, outputs=["1"])} == {"1"}
    assert validate(loose.with_input("7", "steps", 0), REGISTRY, outputs=["4"], names=files) == ()


def test_a_workflow_without_outputs_is_refused() -> None:
    (problem,) = validate(Workflow.of(GOOD.nodes["4"]), REGISTRY)
    assert problem.kind == "prompt_no_outputs"
    assert validate(Workflow({}), REGISTRY)[0].kind == "prompt_no_outputs"
    (problem,) = validate(GOOD, REGISTRY, outputs=["77"])
    assert problem.message == "Output #77: the workflow has no such node."


def test_a_circle_is_shown_with_its_way() -> None:
    workflow = GOOD.with_input("7", "latent_image", Link("5", 0))
    workflow = Workflow(
        {**workflow.nodes, "5": Node("5", "Switch", {"on_true": Link("7", 0), "on_false": Link("7", 0)})}
    )
    (problem,) = validate(workflow, REGISTRY, names=files)
    assert problem.kind == "dependency_cycle"
    assert problem.message == (
        "KSampler #7: the links go round in a circle: KSampler #7 → Switch #5 → KSampler #7; remove one of them."
    )


def test_a_long_circle_is_told_in_short() -> None:
    chain = [Node(str(n), "Decode", {"samples": Link(str((n + 1) % 500), 0)}) for n in range(500)]
    problems = validate(Workflow.of(*chain, Node("end", "Save", {"images": Link("0", 0)})), REGISTRY)
    (circle,) = [problem for problem in problems if problem.kind == "dependency_cycle"]
    assert "(489 more)" in circle.message
    assert len(circle.details["cycle_nodes"]) == 500


def test_a_node_that_reads_itself_is_a_circle() -> None:
    (problem,) = validate(GOOD.with_input("8", "samples", Link("8", 0)), REGISTRY, names=files)[1:]
    assert problem.kind == "dependency_cycle"


def switched(on_true: Link, on_false: Link) -> Workflow:
    switch = Node("5", "Switch", {"on_true": on_true, "on_false": on_false})
    again = Node("6", "Switch", {"on_true": Link("5", 0), "on_false": Link("5", 0)})
    return Workflow({"6": again, "5": switch, **GOOD.nodes}).with_input("7", "model", Link("6", 0))


@given(st.permutations(["4", "5", "6", "7", "8", "9"]))
@example(["4", "5", "6", "7", "8", "9"])  # each behind all that it needs, as most documents have it
@example(["5", "4", "6", "7", "8", "9"])  # one is needed, and comes before what it needs
@example(["9", "8", "7", "6", "5", "4"])
def test_a_type_variable_carries_the_type_through_nodes_in_any_order(order: list[str]) -> None:
    def written(workflow: Workflow) -> Workflow:
        return Workflow.of(*(workflow.nodes[name] for name in order))

    assert validate(written(switched(Link("4", 0), Link("4", 0))), REGISTRY, names=files) == ()
    (problem,) = validate(written(switched(Link("4", 1), Link("4", 1))), REGISTRY, names=files)
    assert problem.message == "KSampler #7, model: wants MODEL, but Switch #6 gives LATENT."


def test_both_sides_of_a_type_variable_must_agree() -> None:
    (problem,) = validate(switched(Link("4", 0), Link("4", 1)), REGISTRY, names=files)
    assert problem.message == (
        "Switch #5, on_false: wants MODEL like on_true, but LoadCheckpoint #4 gives LATENT; "
        "its output 0 (MODEL) would fit."
    )


def test_growing_inputs_are_checked_each() -> None:
    batch = Node("5", "Batch", {"images.image0": Link("8", 0), "images1": Link("7", 0)})
    workflow = Workflow({**GOOD.nodes, "5": batch}).with_input("9", "images", Link("5", 0))
    (problem,) = validate(workflow, REGISTRY, names=files)
    assert problem.message == "Batch #5, images1: wants IMAGE, but KSampler #7 gives LATENT."


def test_a_deep_workflow_needs_no_recursion() -> None:
    chain = [
        Node(str(n), "Switch", {"on_true": Link(str(n - 1), 0), "on_false": Link(str(n - 1), 0)})
        for n in range(1, 3000)
    ]
    start = Node("0", "Batch", {})
    end = Node("end", "Save", {"images": Link("2999", 0)})
    assert validate(Workflow.of(end, *reversed(chain), start), REGISTRY) == ()


def test_files_are_listed_once_for_each_kind() -> None:
    asked: list[str] = []

    def counting(kind: str) -> list[str]:
        asked.append(kind)
        return files(kind)

    more = {f"l{n}": Node(f"l{n}", "LoadCheckpoint", {"ckpt_name": "weft-demo.safetensors"}) for n in range(5)}
    validate(Workflow({**GOOD.nodes, **more}), REGISTRY, outputs=["9", *more], names=counting)
    assert asked == ["checkpoints"]


literals = st.none() | st.booleans() | st.integers(-5, 50) | st.floats(allow_nan=False) | st.text(max_size=5)


@given(st.sampled_from(["steps", "cfg", "sampler_name", "mask"]), literals)
def test_converting_twice_changes_nothing(name: str, literal: Any) -> None:
    spec = REGISTRY.find("KSampler")
    socket = spec.input(name) if spec else None
    assert socket is not None
    try:
        once = converted(socket, literal)
    except ValueError:
        return
    assert converted(socket, once) == once
    assert type(converted(socket, once)) is type(once)


def test_wrapped_values_are_unwrapped() -> None:
    spec = REGISTRY.find("Switch")
    socket = spec.input("on_true") if spec else None
    assert socket is not None
    assert converted(socket, {"__value__": [1, 2]}) == [1, 2]


def _wants_order(low: int = 0, high: int = 9, broken: bool = False) -> str | None:
    if broken:
        raise KeyError("a fault of the pack")
    return None if low < high else f"{low} is not less than {high}"


@node(output=True, validate=_wants_order)
def Between(low: int, high: int = 5, broken: bool = False) -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("inputs", "sentences"),
    [
        ({"low": 4}, []),
        ({"low": "4", "high": 3}, ["Between #1: 4 is not less than 3."]),
        ({"low": 7}, ["Between #1: 7 is not less than 5."]),
        ({"low": Link("2", 0), "high": -1}, ["Between #1: 0 is not less than -1."]),
        ({"low": "x", "high": -1}, ['Between #1, low: "x" is not a whole number.']),
        ({"low": 1, "broken": True}, ["Between #1: its own validation failed: KeyError: 'a fault of the pack'."]),
    ],
)
def test_a_validator_is_asked_about_literals_once_the_inputs_fit(inputs: dict[str, Any], sentences: list[str]) -> None:
    workflow = Workflow.of(Node("1", "Between", inputs), Node("2", "Whole"))
    found = validate(workflow, Registry.of(Between, Whole))
    assert [str(problem) for problem in found] == sentences


@node()
def Whole() -> int:
    raise NotImplementedError
