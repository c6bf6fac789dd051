"""What the engine knows of a node type: NodeSpec, read once from an annotated function by `@node`.

    @node(category="image")
    def ImageInvert(image: Image) -> Image: ...
    ImageInvert.spec.inputs[0].name  # "image"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.types import SocketType
from graph.widgets import Widget

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING", "__bool__": lambda self: False})()


@dataclass(frozen=True)
class Socket:
    """One input of a node type."""

    name: str
    type: SocketType
    widget: Widget | None = None
    default: Any = MISSING
    is_optional: bool = False
    is_list: bool = False  # wants the whole list; otherwise the node is mapped over a list
    is_lazy: bool = False  # receives a promise
    is_growing: bool = False  # *images / **values: any number of inputs `name0`, `name1` … / any name
    tooltip: str = ""

    @property
    def is_required(self) -> bool:
        """A value or a link must be given."""
        return self.default is MISSING and not self.is_optional and not self.is_growing


@dataclass(frozen=True)
class Output:
    """One output of a node type."""

    name: str
    type: SocketType
    is_list: bool = False
    tooltip: str = ""


@dataclass(frozen=True)
class NodeSpec:
    """A node type: its sockets, its function and how the engine must treat it."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[Socket, ...]
    outputs: tuple[Output, ...]
    category: str = ""
    display_name: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    is_output: bool = False
    is_pure: bool = True
    is_async: bool = False
    takes_run: bool = False
    fingerprint: Callable[..., Any] | None = None  # (inputs by name) -> JSON value that joins the key
    code_version: str = ""
    module: str = ""
    is_deprecated: bool = False
    is_experimental: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def input(self, name: str) -> Socket | None:
        """Return the input of that name; None if the node has no such input."""
        return next((socket for socket in self.inputs if socket.name == name), None)
