"""The features of ComfyUI that packs may use, and how it is seen that a pack does: a table, to which one adds a row.

features_of(Seen(specs, names))  # [Feature("V1", "lists, as inputs (INPUT_IS_LIST)", ("Average",)), …]
"""

from __future__ import annotations

import dis
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any, NamedTuple

import nodes
from compat.legacy_call import CHECK_LAZY, ClassAdapter
from compat.legacy_checks import VALIDATE
from compat.legacy_class import MORE_OUTPUTS
from compat.v3.calls import V3Adapter
from compat.v3.node import own_method
from graph.spec import NodeSpec
from runtime.pack_check.report import BOTH, V1, V3, Feature

HANDLERS = ("add_on_prompt_handler", "on_prompt_handlers")
INTERRUPTION = ("throw_exception_if_processing_interrupted", "processing_interrupted", "InterruptProcessingException")
MESSAGES = ("send_sync", "send", "send_json", "send_bytes", "send_progress_text")

OWN_MODULES = [[module.name] for module in pkgutil.iter_modules(nodes.__path__)]


class Seen(NamedTuple):
    """What is known of a pack. names: the dotted names of ComfyUI that its files use; has_scripts: for ComfyUI's editor."""

    specs: tuple[NodeSpec, ...]
    names: frozenset[str]
    has_scripts: bool = False


class Row(NamedTuple):
    """A feature, and the names of nodes that use it; [""] if it belongs to none."""

    api: str
    name: str
    find: Callable[[Seen], Iterable[str]]


def features_of(seen: Seen) -> tuple[Feature, ...]:
    """Return what a pack uses."""
    found = ((row, sorted(set(row.find(seen)))) for row in ROWS)
    return tuple(Feature(row.api, row.name, tuple(name for name in nodes if name)) for row, nodes in found if nodes)


def _classes(test: Callable[[Any, NodeSpec], object]) -> Callable[[Seen], Iterable[str]]:
    """Return what finds nodes by their V1 class."""
    return lambda seen: [
        spec.name for spec in seen.specs if isinstance(spec.adapter, ClassAdapter) and test(spec.adapter.cls, spec)
    ]


def _schemas(test: Callable[[Any, NodeSpec], object]) -> Callable[[Seen], Iterable[str]]:
    """Return what finds nodes by their V3 class."""
    return lambda seen: [
        spec.name for spec in seen.specs if isinstance(spec.adapter, V3Adapter) and test(spec.adapter.cls, spec)
    ]


def _names(top: str, *words: str) -> Callable[[Seen], Iterable[str]]:
    """Return what looks for a word in the dotted names that begin with `top`."""
    return lambda seen: [
        ""
        for name in seen.names
        if f"{name}.".startswith(f"{top}.") and (not words or not set(words).isdisjoint(name.split(".")))
    ]


def _operators(seen: Seen) -> Iterable[str]:
    """Return what takes nodes from ComfyUI's module; packs for Weft take its own modules from the package of that name."""
    return ["" for name in seen.names if name.split(".")[0] == "nodes" and name.split(".")[1:2] not in OWN_MODULES]


def _has(attribute: str) -> Callable[[Seen], Iterable[str]]:
    return _classes(lambda cls, spec: getattr(cls, attribute, None))


def _declared(test: Callable[[Any], object]) -> Callable[[Seen], Iterable[str]]:
    return _classes(lambda cls, spec: isinstance(spec.adapter, ClassAdapter) and test(spec.adapter.declared))


def _flag(attribute: str) -> Callable[[Seen], Iterable[str]]:
    return _schemas(lambda cls, spec: getattr(cls.known_schema(), attribute, None))


def _own(method: str) -> Callable[[Seen], Iterable[str]]:
    return _schemas(lambda cls, spec: own_method(cls, method) is not None)


def _option(*words: str) -> Callable[[Seen], Iterable[str]]:
    return _classes(lambda cls, spec: any(socket.options.get(word) for socket in spec.inputs for word in words))


def _function(cls: Any) -> Any:
    return inspect.unwrap(getattr(cls, cls.FUNCTION))


def _says(cls: Any, word: str) -> bool:
    """Whether a class's function has a word among its constants and names."""
    code = getattr(_function(cls), "__code__", None)
    return isinstance(code, CodeType) and word in set(_words(code))


def _words(code: CodeType) -> Iterator[Any]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _words(constant)
        elif isinstance(constant, tuple):
            yield from constant
        else:
            yield constant


def _takes_any(cls: Any) -> bool:
    """Whether a class uses a text whose `!=` says no, or "*", as a type."""
    entries = [entry for group in cls.INPUT_TYPES().values() for entry in dict(group or {}).values()]
    firsts = [entry if isinstance(entry, str) else entry[0] for entry in entries if entry]
    types = [kind for kind in (*firsts, *_outputs(cls)) if isinstance(kind, str)]
    return any(type(kind).__ne__ is not str.__ne__ or str.__str__(kind) == "*" for kind in types)


def _outputs(cls: Any) -> list[Any]:
    return [cls.RETURN_TYPES[place] for place in range(len(cls.RETURN_TYPES))]


def _keeps_state(cls: Any) -> bool:
    code = getattr(_function(cls), "__code__", None)
    first = code.co_varnames[0] if isinstance(code, CodeType) and code.co_argcount else ""
    return "__init__" in vars(cls) or (first == "self" and _stores(_function(cls)))


def _stores(function: Any) -> bool:
    return any(step.opname == "STORE_ATTR" for step in dis.get_instructions(function))


ROWS = (
    Row(V1, "classes with INPUT_TYPES, their widgets and outputs", _classes(lambda cls, spec: True)),
    Row(V1, "optional inputs", _classes(lambda cls, spec: any(each.is_optional for each in spec.inputs))),
    Row(V1, "forceInput", _option("forceInput")),
    Row(
        V1,
        "widgets for uploads",
        _option("image_upload", "video_upload", "audio_upload", "file_upload", "image_folder"),
    ),
    Row(V1, "hidden inputs", _declared(lambda declared: declared.hidden)),
    Row(
        V1,
        "lazy inputs (lazy, check_lazy_status)",
        _classes(lambda cls, spec: spec.has_lazy or hasattr(cls, CHECK_LAZY)),
    ),
    Row(V1, "links as values (rawLink)", _classes(lambda cls, spec: spec.has_references)),
    Row(V1, "inputs as whole lists (INPUT_IS_LIST)", _has("INPUT_IS_LIST")),
    Row(
        V1,
        "outputs that are lists (OUTPUT_IS_LIST)",
        _classes(lambda cls, spec: any(each.is_list for each in spec.outputs)),
    ),
    Row(V1, "IS_CHANGED", _has("IS_CHANGED")),
    Row(V1, "VALIDATE_INPUTS", _has(VALIDATE)),
    Row(V1, "graphs in place of results (expand)", _classes(lambda cls, spec: spec.may_expand)),
    Row(V1, "dictionaries of inputs that answer any name", _declared(lambda declared: declared.is_dynamic)),
    Row(
        V1,
        "functions that take any name (`**kwargs`)",
        _classes(lambda cls, spec: any(each.takes_any_name for each in spec.inputs)),
    ),
    Row(V1, "any number of outputs", _classes(lambda cls, spec: len(spec.outputs) >= MORE_OUTPUTS)),
    Row(V1, 'any type ("*", texts with an odd `!=`)', _classes(lambda cls, spec: _takes_any(cls))),
    Row(V1, "output nodes (OUTPUT_NODE)", _has("OUTPUT_NODE")),
    Row(V1, "values to show (ui)", _classes(lambda cls, spec: _says(cls, "ui"))),
    Row(V1, "async functions", _classes(lambda cls, spec: inspect.iscoroutinefunction(_function(cls)))),
    Row(V1, "objects that keep something from run to run", _classes(lambda cls, spec: _keeps_state(cls))),
    Row(V1, "NOT_IDEMPOTENT", _has("NOT_IDEMPOTENT")),
    Row(
        V1,
        "DESCRIPTION, DEPRECATED, EXPERIMENTAL, SEARCH_ALIASES",
        _classes(
            lambda cls, spec: any(
                hasattr(cls, word) for word in ("DESCRIPTION", "DEPRECATED", "EXPERIMENTAL", "SEARCH_ALIASES")
            )
        ),
    ),
    Row(V3, "schemas (io.Schema, io.ComfyNode)", _schemas(lambda cls, spec: True)),
    Row(V3, "inputs that grow (Autogrow)", _names("comfy_api", "Autogrow")),
    Row(V3, "choices that open inputs (DynamicCombo)", _names("comfy_api", "DynamicCombo")),
    Row(V3, "one type at several ends (MatchType)", _names("comfy_api", "MatchType")),
    Row(V3, "inputs of several types (MultiType)", _names("comfy_api", "MultiType")),
    Row(V3, "several of a list (MultiCombo)", _names("comfy_api", "MultiCombo")),
    Row(V3, "types of a pack's own (Custom, comfytype)", _names("comfy_api", "Custom", "comfytype")),
    Row(V3, "hidden inputs", _flag("hidden")),
    Row(V3, "lazy inputs", _schemas(lambda cls, spec: own_method(cls, CHECK_LAZY) or spec.has_lazy)),
    Row(V3, "validate_inputs", _own("validate_inputs")),
    Row(V3, "fingerprint_inputs", _own("fingerprint_inputs")),
    Row(V3, "inputs as whole lists (is_input_list)", _flag("is_input_list")),
    Row(
        V3,
        "outputs that are lists (is_output_list)",
        _schemas(lambda cls, spec: any(each.is_list for each in spec.outputs)),
    ),
    Row(V3, "graphs in place of results (enable_expand)", _flag("enable_expand")),
    Row(V3, "inputs of any name (accept_all_inputs)", _flag("accept_all_inputs")),
    Row(V3, "output nodes (is_output_node)", _flag("is_output_node")),
    Row(V3, "async functions", _schemas(lambda cls, spec: inspect.iscoroutinefunction(cls.execute))),
    Row(V3, "not_idempotent", _flag("not_idempotent")),
    Row(
        V3,
        "deprecated, experimental",
        _schemas(lambda cls, spec: cls.known_schema().is_deprecated or cls.known_schema().is_experimental),
    ),
    Row(V3, "values to show (ui.Preview…, ui.Save…)", _names("comfy_api", "ui", "UI")),
    Row(
        V3,
        "videos (InputImpl, Types)",
        _names("comfy_api", "InputImpl", "VideoInput", "VideoFromFile", "VideoComponents"),
    ),
    Row(V3, "the API of one version (comfy_api.v0_0_2)", _names("comfy_api.v0_0_2")),
    Row(
        BOTH,
        "ExecutionBlocker",
        lambda seen: [
            *_names("comfy_execution", "ExecutionBlocker")(seen),
            *_names("comfy_api", "ExecutionBlocker")(seen),
        ],
    ),
    Row(BOTH, "GraphBuilder", _names("comfy_execution", "GraphBuilder")),
    Row(BOTH, "ProgressBar", _names("comfy.utils", "ProgressBar")),
    Row(BOTH, "interruption", _names("comfy.model_management", *INTERRUPTION)),
    Row(BOTH, "folders and files (folder_paths)", _names("folder_paths")),
    Row(BOTH, "built-in nodes, called or subclassed (nodes)", _operators),
    Row(BOTH, "routes of their own (PromptServer)", _names("server", "routes", "app")),
    Row(BOTH, "messages to browsers (send_sync)", _names("server", *MESSAGES)),
    Row(BOTH, "prompts, seen before they are checked", _names("server", *HANDLERS)),
    Row(BOTH, "the queue", _names("server", "prompt_queue")),
    Row(BOTH, "scripts for ComfyUI's editor (WEB_DIRECTORY)", lambda seen: [""] if seen.has_scripts else []),
)
