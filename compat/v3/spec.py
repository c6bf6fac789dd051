"""A V3 class as a NodeSpec.

spec = spec_of_v3(Blur, "blur")
spec.inputs[0].name  # "image"

Whatever is wrong with a class is a BadClass with a sentence; what its methods do wrong later, is told when they run.
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import psutil

from compat.legacy_class import BadClass
from compat.legacy_inputs import Rules
from compat.v3.calls import TYPES, VALIDATE, V3Adapter
from compat.v3.changes import schema_may_change
from compat.v3.hidden import Hidden
from compat.v3.matching import MatchType
from compat.v3.node import ComfyNode, own_method
from compat.v3.schema import Schema, shown_name
from compat.v3.sockets import Sockets
from graph.code_version import code_version
from graph.spec import NodeSpec, Output
from graph.types import ANY, SocketType

logger = logging.getLogger(__name__)


def is_v3(cls: Any) -> bool:
    """Return whether a class is a V3 node."""
    return inspect.isclass(cls) and issubclass(cls, ComfyNode)


@dataclass
class Description:
    """What editors are told of a class. It is asked anew at each call; while it fails, the last answer holds."""

    cls: Any
    last: dict[str, Any]

    def __call__(self) -> dict[str, Any]:
        """Return the description as of now."""
        try:
            self.last = self.cls.GET_NODE_INFO_V1()
        except Exception as error:  # the pack's code, which worked when it was loaded
            logger.warning("%s: its schema cannot be read, so its last one holds: %s", self.cls.__name__, error)
        return self.last


def spec_of_v3(cls: Any, pack_name: str, name: str | None = None) -> NodeSpec:
    """Return the node type of a class of a pack, perhaps under another name; BadClass if it cannot be one."""
    if not is_v3(cls):
        raise BadClass(f"{getattr(cls, '__name__', cls)!s} is no class that derives from io.ComfyNode")
    cls.RELATIVE_PYTHON_MODULE = f"custom_nodes.{pack_name}"
    try:
        return _spec(cls, name)
    except Exception as error:  # the pack's code
        raise BadClass(f"the schema of {cls.__name__} cannot be read: {type(error).__name__}: {error}") from error


def _spec(cls: Any, name: str | None) -> NodeSpec:
    schema: Schema = cls.GET_SCHEMA()
    document = dict(vars(schema.get_v1_info(cls)))
    changes = schema_may_change(cls)
    makes = Sockets(cls, _rules(cls, schema), may_change=changes)
    sockets = (*makes.of(schema.inputs), *((makes.of_any_name(),) if schema.accept_all_inputs else ()))
    outputs = tuple([Output(shown_name(each), _type(each), bool(each.is_output_list)) for each in schema.outputs])
    adapter = V3Adapter(cls, schema, sockets, outputs)
    return NodeSpec(
        name=name or schema.node_id,
        function=adapter,
        adapter=adapter,
        inputs=sockets,
        outputs=outputs,
        category=schema.category,
        display_name=schema.display_name or schema.node_id,
        description=schema.description or "",
        is_output=bool(schema.is_output_node),
        is_async=adapter.is_async,
        takes_run=True,
        may_expand=bool(schema.enable_expand),
        describer=Description(cls, document) if changes else _constant(document),
        is_described_anew=changes,
        counts_id=bool(schema.not_idempotent) or Hidden.unique_id in schema.hidden,
        is_durable=False,
        code_version=f"{_version(cls)} {_this_process(os.getpid())}",
        module=cls.__module__,
        is_deprecated=bool(schema.is_deprecated),
        is_experimental=bool(schema.is_experimental),
    )


def _constant(document: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    return lambda: document


def _rules(cls: Any, schema: Schema) -> Rules:
    validator = own_method(cls, VALIDATE)
    asked = None if validator is None else inspect.getfullargspec(validator)
    return Rules(
        is_list=bool(schema.is_input_list),
        checked_names=frozenset(asked.args) if asked is not None else frozenset(),
        checks_all=asked is not None and asked.varkw is not None,
        checks_types=asked is not None and TYPES in asked.args,
    )


def _type(output: Any) -> SocketType:
    return ANY if isinstance(output, MatchType.Output) else SocketType(output.io_type)


def _version(cls: Any) -> str:
    function = inspect.unwrap(getattr(cls.execute, "__func__", cls.execute))
    return code_version(function) if hasattr(function, "__code__") else ""


@cache
def _this_process(pid: int) -> str:
    """Return what tells this process from others: results of V3 nodes are as good as long as it lives.

    A class says by fingerprint_inputs, at most, that it read another file. In ComfyUI results end with the process.
    """
    return f"{pid} {psutil.Process(pid).create_time()}"
