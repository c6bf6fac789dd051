"""Adapter: what runs and checks node types that are no annotated functions, but classes of a node pack with other rules.

NodeSpec("Blur", function=adapter, adapter=adapter, inputs=…, outputs=…)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from graph.workflow import Node


class Adapter(Protocol):
    """What runs and checks a type whose rules are not those of annotated functions: inputs come as one mapping."""

    @property
    def has_checks(self) -> bool:
        """Whether `faults` has something to say."""
        ...

    def __call__(self, values: Mapping[str, Any], run: Any) -> Any:
        """Do the node's work, for one row of inputs; of an async type, return what is to be awaited."""
        ...

    def fingerprint(self, node: Node, inputs: Mapping[str, Any]) -> Any:
        """Return a JSON value that joins the key; ValueError if the result may not be reused. Links stand as Links."""
        ...

    def faults(self, node: Node, types: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is wrong with a node, by input ("" for the whole). `types`: what arrives over its links."""
        ...
