"""What a class says of a node before it runs: whether something changed outside, and what is wrong with its inputs.

fingerprint_of(LoadFrame, declared, node, inputs)  # what LoadFrame.IS_CHANGED returned
faults_of(LoadFrame, declared, node, {})           # {"path": "there is no such file"}

In both, inputs that are linked are None: nothing has run yet.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any

from compat.coroutines import result_of
from compat.legacy_hidden import hidden_before_run
from compat.legacy_inputs import Declared
from compat.outcome import is_blocker
from graph.normalise import converted
from graph.workflow import Link, Node

logger = logging.getLogger(__name__)

IS_CHANGED, VALIDATE, TYPES = "IS_CHANGED", "VALIDATE_INPUTS", "input_types"


def fingerprint_of(cls: type[Any], declared: Declared, node: Node, inputs: Mapping[str, Any]) -> Any:
    """Return what IS_CHANGED says, None if the class has none; ValueError if it is not equal to itself, or fails."""
    method = getattr(cls, IS_CHANGED, None)
    if method is None:
        return None
    try:
        seen = result_of(method(**_in_lists(cls, _known(declared, node, inputs))))
    except Exception as error:  # the pack's code
        logger.warning("%s: %s failed, so the node runs: %s: %s", node.label, IS_CHANGED, type(error).__name__, error)
        raise ValueError("what changed cannot be told") from error
    if not _is_equal_to_itself(seen):
        raise ValueError("the node is to run every time")
    return None if is_blocker(seen) else seen


def faults_of(cls: type[Any], declared: Declared, node: Node, types: Mapping[str, str]) -> Mapping[str, str]:
    """Return what VALIDATE_INPUTS says, for each input that it was given, as ComfyUI does."""
    method = getattr(cls, VALIDATE)
    asked = inspect.getfullargspec(method)
    known = _known(declared, node, _converted(declared, node))
    given = {name: value for name, value in known.items() if asked.varkw is not None or name in asked.args}
    if TYPES in asked.args:
        given[TYPES] = {name: word for name, word in types.items() if name in declared.names}
    if not given:
        return {}
    try:
        said = result_of(method(**_in_lists(cls, given)))
    except Exception as error:  # the pack's code
        return {"": f"its own validation failed: {type(error).__name__}: {error}"}
    if said is True or is_blocker(said):
        return {}
    return dict.fromkeys(given, "the node does not accept it" if said is False else str(said))


def _known(declared: Declared, node: Node, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known before a run: literals of inputs that the class has, None for links, hidden inputs."""
    names, known = declared.names, dict[str, Any]()
    references = {socket.name for socket in declared.sockets if socket.is_reference}
    for name, value in inputs.items():
        if isinstance(value, Link):
            known[name] = [*value] if name in references else None
        elif name in names or declared.is_dynamic:
            known[name] = value
    return known | hidden_before_run(declared.hidden, node.id)


def _converted(declared: Declared, node: Node) -> Mapping[str, Any]:
    sockets = {socket.name: socket for socket in declared.sockets}
    return {name: converted(sockets[name], value) if name in sockets else value for name, value in node.inputs.items()}


def _in_lists(cls: type[Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: [value] for name, value in given.items()} if getattr(cls, "INPUT_IS_LIST", False) else given


def _is_equal_to_itself(value: Any) -> bool:
    if isinstance(value, float):
        return value == value
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_equal_to_itself, value))
    return all(map(_is_equal_to_itself, value.values())) if isinstance(value, dict) else True
