"""A class with INPUT_TYPES, RETURN_TYPES and FUNCTION as a NodeSpec.

spec = spec_of_class("Blur", Blur, Origin("custom_nodes.blur", "blur"))
spec.inputs[0].name  # "image"

Whatever is wrong with a class is a BadClass with a sentence; what its functions do wrong later, is told when they run.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from types import CodeType
from typing import Any, NamedTuple

import psutil

from compat.legacy_call import ClassAdapter
from compat.legacy_checks import TYPES, VALIDATE
from compat.legacy_document import CATEGORY, Description, is_set
from compat.legacy_inputs import Declared, Rules, read_inputs
from compat.legacy_types import plain, socket_type
from compat.outside import may_change
from graph.code_version import code_version
from graph.spec import NodeSpec, Output
from graph.types import ANY

MORE_OUTPUTS = 50  # as many has a class whose RETURN_TYPES answer any number
EXPANDS = frozenset({"expand", "finalize", "GraphBuilder"})  # words in the code of functions that return graphs


class BadClass(Exception):
    """A class that cannot be a node; the sentence says why."""


class Place(NamedTuple):
    """Where a class comes from: the module's name in this process, and the pack's folder."""

    module: str
    pack: str


def spec_of_class(name: str, cls: Any, place: Place, display_name: str | None = None) -> NodeSpec:
    """Return the node type of a class; BadClass if it cannot be one."""
    function = _function(cls)
    description = Description(name, cls, display_name or name, f"custom_nodes.{place.pack}")
    changes = may_change(cls, "INPUT_TYPES")
    declared = _declared(cls, function, description, changes)
    outputs = _outputs(cls)
    document = _asked(lambda: description.told_with(description.last), "its description")
    adapter = ClassAdapter(name, cls, declared, outputs)
    return NodeSpec(
        name=name,
        function=adapter,
        adapter=adapter,
        inputs=declared.sockets,
        outputs=outputs,
        category=str(getattr(cls, "CATEGORY", CATEGORY)),
        display_name=str(document["display_name"]),
        description=str(document["description"] or ""),
        is_output=document["output_node"],
        is_async=adapter.is_async,
        takes_run=True,
        may_expand=_may_expand(cls),
        describer=description if changes else lambda: document,
        is_described_anew=changes,
        counts_id="UNIQUE_ID" in declared.hidden.values() or is_set(cls, "NOT_IDEMPOTENT"),
        is_durable=False,
        code_version=f"{_version(function)} {_this_process()}",
        module=place.module,
        is_deprecated=bool(getattr(cls, "DEPRECATED", False)),
        is_experimental=bool(getattr(cls, "EXPERIMENTAL", False)),
    )


def _function(cls: Any) -> Any:
    if not isinstance(cls, type):
        raise BadClass(f"it is {type(cls).__name__}, not a class")
    return _method(cls)


def _method(cls: Any) -> Any:
    for wanted in ("INPUT_TYPES", "RETURN_TYPES", "FUNCTION"):
        if not hasattr(cls, wanted):
            raise BadClass(f"the class {cls.__name__} has no {wanted}")
    function = getattr(cls, str(cls.FUNCTION), None)
    if not callable(function):
        raise BadClass(f'the class {cls.__name__} has no method "{cls.FUNCTION}", which its FUNCTION names')
    return function


def _declared(cls: Any, function: Any, description: Description, changes: bool) -> Declared:
    inputs = _asked(description.inputs, "INPUT_TYPES")
    if not isinstance(inputs, Mapping) or not all(isinstance(group or {}, Mapping) for group in inputs.values()):
        raise BadClass("INPUT_TYPES gives no dictionary of dictionaries")
    validator = getattr(cls, VALIDATE, None)
    asked = inspect.getfullargspec(validator) if callable(validator) else None
    rules = Rules(
        is_list=bool(getattr(cls, "INPUT_IS_LIST", False)),
        takes_more=_takes_any_name(function),
        checked_names=frozenset(asked.args) if asked is not None else frozenset(),
        checks_all=asked is not None and asked.varkw is not None,
        checks_types=asked is not None and TYPES in asked.args,
        listing=description.choices if changes else None,
    )
    found: Declared = _asked(lambda: read_inputs(inputs, rules), "INPUT_TYPES")
    return found


def _takes_any_name(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType) and not hasattr(function, "__wrapped__"):
        return bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return any(each.kind is each.VAR_KEYWORD for each in inspect.signature(function).parameters.values())


def _outputs(cls: Any) -> tuple[Output, ...]:
    types = cls.RETURN_TYPES
    count = _asked(lambda: len(types), "RETURN_TYPES")
    names, are_lists = getattr(cls, "RETURN_NAMES", None) or (), getattr(cls, "OUTPUT_IS_LIST", None) or ()
    if _answers_any_number(types, count):
        count = max(count, MORE_OUTPUTS)
    return tuple(
        [
            Output(
                name=_text(names[place]) if place < len(names) else socket_type(types[place]).name,
                type=socket_type(types[place]),
                is_list=place < len(are_lists) and bool(are_lists[place]),
            )
            for place in range(count)
        ]
    )


def _answers_any_number(types: Any, count: int) -> bool:
    """Return whether RETURN_TYPES have something to say of outputs that they do not list."""
    try:
        return socket_type(types[count + MORE_OUTPUTS]) == ANY
    except (LookupError, TypeError):
        return False


def _text(name: Any) -> str:
    return plain(name) if isinstance(name, str) else str(name)


def _asked(question: Any, what: str) -> Any:
    try:
        return question()
    except Exception as error:  # the pack's code
        raise BadClass(f"{what} cannot be read: {type(error).__name__}: {error}") from error


def _may_expand(cls: Any) -> bool:
    """Return whether a function of the class speaks of graphs; what it links to must then be held."""
    functions = (getattr(getattr(value, "__func__", value), "__code__", None) for value in _attributes(cls))
    return any(EXPANDS.intersection(_words(code)) for code in functions if isinstance(code, CodeType))


def _attributes(cls: Any) -> Iterator[Any]:
    return (value for base in cls.__mro__ if base is not object for value in vars(base).values())


def _words(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from (item for item in constant if isinstance(item, str))
        elif isinstance(constant, CodeType):
            yield from _words(constant)


def _version(function: Any) -> str:
    inner = inspect.unwrap(getattr(function, "__func__", function))
    return code_version(inner) if hasattr(inner, "__code__") else ""


@cache
def _this_process() -> str:
    """Return what tells this process from others: results of classes are as good as long as it lives.

    A class says by IS_CHANGED, at most, that it read another file. In ComfyUI results end with the process.
    """
    process = psutil.Process()
    return f"{process.pid} {process.create_time()}"
