"""An annotated function says everything about its node; what it says wrongly is refused with a remedy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import pytest

from graph.annotations import Options
from graph.code_version import code_version
from graph.errors import SpecError
from graph.run import Run
from graph.spec import MISSING, Socket, node
from graph.types import ANY, BOOLEAN, COMBO, FLOAT, INT, STRING, Lazy, SocketType
from graph.widgets import Choice, File, Range, Seed, Text, Toggle

Image = Annotated[Any, SocketType("IMAGE")]
Mask = Annotated[Any, SocketType("MASK")]
Model = Annotated[Any, SocketType("MODEL")]
Latent = Annotated[Any, SocketType("LATENT")]
T = TypeVar("T")
ROOT = Path(__file__).parents[2]


class Method(Enum):
    NEAREST = "nearest-exact"
    AREA = 2


class Parts(NamedTuple):
    """Two outputs and their names."""

    picture: Image
    masks: list[Mask]


def inputs_of(function: Any) -> dict[str, Socket]:
    return {socket.name: socket for socket in function.spec.inputs}


def test_the_function_stays_as_it_is() -> None:
    def Double(value: int) -> int:
        return 2 * value

    assert node(category="math")(Double) is Double
    assert Double(4) == 8
    assert Double.spec.name == "Double"  # type: ignore[attr-defined]


def test_inputs_keep_the_order_of_the_parameters() -> None:
    @node()
    def KSampler(*, model: Model, seed: Annotated[int, Seed()] = 0, latent_image: Latent, run: Run) -> Latent:
        raise NotImplementedError

    assert [socket.name for socket in KSampler.spec.inputs] == ["model", "seed", "latent_image"]
    assert [socket.is_required for socket in KSampler.spec.inputs] == [True, False, True]
    assert KSampler.spec.takes_run


def test_plain_types_become_widgets() -> None:
    @node()
    def Plain(
        i: int, f: float = 1, b: bool = True, s: str = "x", c: Literal["a", "b"] = "b", m: Method = Method.AREA
    ) -> int:
        raise NotImplementedError

    inputs = inputs_of(Plain)
    assert [socket.type for socket in inputs.values()] == [INT, FLOAT, BOOLEAN, STRING, COMBO, COMBO]
    assert [socket.default for socket in inputs.values()] == [MISSING, 1.0, True, "x", "b", "AREA"]
    assert inputs["b"].widget == Toggle()
    assert inputs["c"].widget == Choice(("a", "b"))
    assert inputs["m"].widget == Choice(("nearest-exact", "AREA"))


def test_annotated_widgets_know_the_type_of_their_parameter() -> None:
    @node()
    def Widgets(
        cfg: Annotated[float, Range(0, 100)] = 8,
        steps: Annotated[int, Range(1, 10), Options(advanced=True)] = 5,
        text: Annotated[str, Text(multiline=True)] = "",
        ckpt_name: Annotated[str, File("checkpoints")] = "weft-demo.safetensors",
    ) -> float:
        raise NotImplementedError

    inputs = inputs_of(Widgets)
    assert [socket.type for socket in inputs.values()] == [FLOAT, INT, STRING, COMBO]
    assert type(inputs["cfg"].default) is float
    assert inputs["steps"].options == {"advanced": True}


def test_optional_unions_lists_and_lazy_inputs() -> None:
    @node()
    async def Mixed(
        either: Image | Mask,
        several: list[Image],
        promise: Lazy[Image],
        mask: Mask | None = None,
        count: Annotated[int, Range(0, 9)] | None = None,
        size: int | None = 64,
        anything: Any = 3,
        nothing: Any = None,
    ) -> Image:
        raise NotImplementedError

    inputs = inputs_of(Mixed)
    assert Mixed.spec.is_async
    assert inputs["either"].type.name == "IMAGE,MASK"
    assert inputs["several"].is_list
    assert inputs["promise"].is_lazy
    assert [name for name, socket in inputs.items() if socket.is_optional] == ["mask", "count", "size", "nothing"]
    assert (inputs["count"].default, inputs["size"].default, inputs["anything"].type) == (None, 64, ANY)
    assert inputs["count"].widget == Range(0, 9, number=int)


def test_growing_inputs_are_found_by_their_names() -> None:
    @node()
    def Grow(title: str, *images: Image, **values: Any) -> Image:
        raise NotImplementedError

    inputs = inputs_of(Grow)
    for name in ("images0", "images12", "images.image3"):
        assert Grow.spec.input(name) is inputs["images"]
    assert Grow.spec.input("title") is inputs["title"]
    assert Grow.spec.input("other") is inputs["values"]
    assert not inputs["images"].is_required


def test_growing_inputs_arrive_in_the_order_of_their_numbers() -> None:
    @node()
    def Join(first: str, *texts: str, end: str = "!") -> str:
        return first + "".join(texts) + end

    names = ["texts10", "texts2", "texts0"]
    call = Join.spec.call({"first": ">", "end": "?", **{name: name[-1] for name in names}})
    assert Join(*call.args, **call.kwargs) == ">020?"


def test_words_become_members_of_the_enum() -> None:
    @node()
    def Scale(method: Method, *, run: Run) -> str:
        return method.name

    for word in ("nearest-exact", "NEAREST"):
        assert Scale.spec.call({"method": word}, run="the run").kwargs == {"method": Method.NEAREST, "run": "the run"}


def test_a_type_variable_stands_on_both_sides() -> None:
    @node()
    def Switch(which: bool, on_true: T, on_false: T) -> T:
        raise NotImplementedError

    assert inputs_of(Switch)["on_true"].type == Switch.spec.outputs[0].type == SocketType("T", variable=True)


def test_outputs_have_the_names_of_their_types_or_their_own() -> None:
    @node()
    def One(x: int) -> Latent:
        raise NotImplementedError

    @node()
    def Three(x: int) -> tuple[Model, Image, list[Mask]]:
        raise NotImplementedError

    @node()
    def Named(x: int) -> Parts:
        raise NotImplementedError

    @node(output=True, output_names=("images",))
    def Renamed(x: int) -> Image:
        raise NotImplementedError

    @node(output=True)
    def Nothing(x: int) -> None:
        """Nothing comes out."""

    outputs = [[output.name for output in f.spec.outputs] for f in (One, Three, Named, Renamed, Nothing)]
    assert outputs == [["LATENT"], ["MODEL", "IMAGE", "MASK"], ["picture", "masks"], ["images"], []]
    assert [output.is_list for output in Three.spec.outputs] == [False, False, True]
    assert Named.spec.outputs[1].is_list
    assert Nothing.spec.is_output


def test_the_docstring_gives_description_and_tooltips() -> None:
    @node()
    def Told(steps: int, cfg: float = 1.0) -> Parts:
        """Make a picture.

        More about it: not a tooltip.

        steps: more is
            finer.
        picture: what came out.
        """
        raise NotImplementedError

    assert Told.spec.description == "Make a picture."
    assert {name: socket.tooltip for name, socket in inputs_of(Told).items()} == {"steps": "more is finer.", "cfg": ""}
    assert [output.tooltip for output in Told.spec.outputs] == ["what came out.", ""]


def test_what_the_decorator_says_is_kept() -> None:
    def look(name: str) -> str:
        return name

    @node(
        category="a/b",
        name="Other",
        display_name="My node",
        aliases=("Old",),
        pure=False,
        fingerprint=look,
        deprecated=True,
        experimental=True,
    )
    def Name(x: int) -> int:
        return x

    spec = Name.spec
    assert (spec.name, spec.display_name, spec.category, spec.aliases) == ("Other", "My node", "a/b", ("Old",))
    assert (spec.is_pure, spec.fingerprint, spec.is_deprecated, spec.is_experimental) == (False, look, True, True)
    assert spec.module == __name__
    assert spec.function is Name


def no_annotation(steps) -> int:  # type: ignore[no-untyped-def]
    raise NotImplementedError


def unannotated_run(x: int, run) -> int:  # type: ignore[no-untyped-def]
    raise NotImplementedError


def renamed_run(x: int, engine: Run) -> int:
    raise NotImplementedError


def no_return(x: int):  # type: ignore[no-untyped-def]
    raise NotImplementedError


def strange_class(x: Parts) -> int:
    raise NotImplementedError


def strange_output(x: int) -> Callable[[], int]:
    raise NotImplementedError


def none_without_annotation(image: Image = None) -> int:
    raise NotImplementedError


def optional_without_default(image: Image | None) -> int:
    raise NotImplementedError


def default_out_of_range(steps: Annotated[int, Range(1, 10)] = 0) -> int:
    raise NotImplementedError


def default_of_other_type(steps: int = "many") -> int:  # type: ignore[assignment]
    raise NotImplementedError


def socket_with_default(image: Image = 3) -> int:
    raise NotImplementedError


def lazy_but_not_async(image: Lazy[Image]) -> int:
    raise NotImplementedError


def widget_class(steps: Annotated[int, Seed]) -> int:
    raise NotImplementedError


def range_of_text(text: Annotated[str, Range(0, 1)]) -> int:
    raise NotImplementedError


def lonely_variable(value: T) -> int:
    raise NotImplementedError


def no_output(x: int) -> None:
    raise NotImplementedError


def endless_tuple(x: int) -> tuple[Image, ...]:
    raise NotImplementedError


def positional_only(x: int, /) -> int:
    raise NotImplementedError


def unknown_name(x: Unheard) -> int:  # type: ignore[name-defined]  # noqa: F821
    raise NotImplementedError


WRONG = {
    no_annotation: ("steps", "write its type"),
    unannotated_run: ("run", "write run: Run"),
    renamed_run: ("engine", "rename the parameter"),
    no_return: ("return", "add ->"),
    strange_class: ("x", 'SocketType("PARTS")'),
    strange_output: ("return", "declare a socket type"),
    none_without_annotation: ("image", "add | None"),
    optional_without_default: ("image", "add = None"),
    default_out_of_range: ("steps", "0 is not in 1..10"),
    default_of_other_type: ("steps", '"many" is not a whole number'),
    socket_with_default: ("image", "can have no default"),
    lazy_but_not_async: ("image", "write async def"),
    widget_class: ("steps", "write Seed()"),
    range_of_text: ("text", "Range is for int and float"),
    lonely_variable: ("value", "write Any"),
    no_output: ("return", "output=True"),
    endless_tuple: ("return", "write list[X]"),
    positional_only: ("x", "remove the /"),
    unknown_name: ("annotations", "Unheard is not known here"),
}


@pytest.mark.parametrize("function", WRONG, ids=lambda function: function.__name__)
def test_wrong_use_is_refused_with_place_and_remedy(function: Callable[..., Any]) -> None:
    place, remedy = WRONG[function]
    with pytest.raises(SpecError) as caught:
        node()(function)
    message = str(caught.value)
    assert message.startswith(f"{__name__}.{function.__name__}, {place}: ")
    assert remedy in message
    assert message.endswith(".")


def test_output_names_must_be_as_many_as_outputs() -> None:
    with pytest.raises(SpecError, match="gives 2 names for 1 outputs"):

        @node(output_names=("a", "b"))
        def Wrong(x: int) -> int:
            raise NotImplementedError


CODE = """
def f(x):
    '''{doc}'''
    return x in {{"a", "b", "c", "d"}} and (lambda y: y + {constant})(x)
"""


def compiled(constant: int, doc: str = "", blank_lines: int = 0) -> Callable[..., Any]:
    namespace: dict[str, Any] = {}
    exec("\n" * blank_lines + CODE.format(constant=constant, doc=doc), namespace)
    function: Callable[..., Any] = namespace["f"]
    return function


def test_the_code_version_follows_the_code_and_nothing_else() -> None:
    assert code_version(compiled(1)) == code_version(compiled(1, doc="Other words.", blank_lines=7))
    assert code_version(compiled(1)) != code_version(compiled(2))


def test_the_code_version_is_the_same_in_every_process() -> None:
    script = f"from graph.code_version import code_version\n{CODE.format(constant=1, doc='')}\nprint(code_version(f))"
    versions = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert versions == {code_version(compiled(1)) + "\n"}
